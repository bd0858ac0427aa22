#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/ledger/floor_file.h"
#include "agent/ledger/log_store.h"
#include "agent/ledger/records.h"
#include "base/disk.h"
#include "document/codec.h"

namespace skerry::agent {

/// Names of what the ledger holds. Signed documents are `Held`.
namespace key {
inline constexpr std::string_view trust = "trust";
inline constexpr std::string_view charter = "charter";
inline constexpr std::string_view candidate = "candidate";
inline constexpr std::string_view manifest = "manifest";
inline constexpr std::string_view start = "start";
inline constexpr std::string_view back_off = "back-off";
/// The term in force when the floor was lost; there only in adopt mode.
inline constexpr std::string_view adopt_above = "adopt-above";
/// What the reconciler remembers of the site as a whole.
inline constexpr std::string_view site = "site";
/// There has been a floor: without one now, both records are lost.
inline constexpr std::string_view floor_kept = "floor-kept";
/// This ledger replaced a damaged one, and that is told; without it, it is still to be told.
inline constexpr std::string_view damage_told = "damage-told";
inline constexpr std::string_view install_id = "install-id";
inline constexpr std::string_view releases = "release/";
inline constexpr std::string_view stacks = "stack/";
inline constexpr std::string_view events = "event/";

std::string release(const Digest& digest);
std::string stack(std::string_view name);
/// Sorts by number.
std::string event(document::ReportNumber number);
}  // namespace key

/// A site's durable store: the log with its typed records, and the floor apart from it.
class Ledger {
 public:
  /// Several changes that become durable together.
  class Change {
   public:
    template <document::Message T>
    Change& put(std::string_view name, const T& record) {
      batch_.put(name, document::encode(record));
      return *this;
    }

    Change& erase(std::string_view name) {
      batch_.erase(name);
      return *this;
    }

    [[nodiscard]] std::size_t size_bytes() const { return batch_.size_bytes(); }

   private:
    friend class Ledger;
    LogStore::Batch batch_;
  };

  /// Opens or makes a site's store and raises its start counter, synced, so that everything this
  /// run says sorts after everything earlier runs said. A damaged log is kept aside and a new one
  /// made: the floor, which is apart, stays.
  static Result<Ledger> open(Disk& disk);

  using Room = LogStore::Room;

  Status commit(const Change& change, Room room = Room::common);

  /// `ledger_damaged` where the stored bytes are not such a record.
  template <document::Message T>
  [[nodiscard]] Result<std::optional<T>> get(std::string_view name) const {
    SKERRY_TRY(const std::optional<std::string> bytes, log_.get(name));
    if (!bytes) {
      return std::optional<T>();
    }
    Result<T> record = document::decode<T>(*bytes);
    if (!record) {
      return fail(unreadable(name, record.error()));
    }
    return std::optional<T>(*std::move(record));
  }

  [[nodiscard]] bool contains(std::string_view name) const { return log_.contains(name); }

  [[nodiscard]] std::vector<std::string> keys(std::string_view prefix) const {
    return log_.keys(prefix);
  }

  /// Zero numbers where nothing was accepted yet.
  [[nodiscard]] FloorRecord floor() const { return floor_.value().value_or(FloorRecord{}); }

  /// The floor was there once and both of its records are lost.
  [[nodiscard]] bool floor_lost() const { return floor_lost_; }

  /// A damaged log was kept aside and nobody told yet; outlives a crash before it is told.
  [[nodiscard]] bool damage_untold() const { return damage_untold_; }

  Status note_damage_told();

  /// Only ever raises. Durable when it returns; after an error the process must exit.
  Status raise_floor(const FloorRecord& record);

  [[nodiscard]] std::uint64_t start_counter() const { return start_; }

  /// A server has stored numbers of a start that this ledger does not remember: goes on above it.
  /// `with` becomes durable together with it; nothing is changed where it is above already.
  Status raise_start_above(std::uint64_t start, Change with = {});

  [[nodiscard]] std::uint64_t file_bytes() const { return log_.file_bytes(); }

 private:
  Ledger(LogStore log, FloorFile floor) : log_(std::move(log)), floor_(std::move(floor)) {}

  static Error unreadable(std::string_view name, const Error& cause);

  LogStore log_;
  FloorFile floor_;
  std::uint64_t start_ = 0;
  bool floor_lost_ = false;
  bool damage_untold_ = false;
};

}  // namespace skerry::agent
