#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "server/store/change.h"
#include "server/store/rows.h"

namespace skerry::store {

class Connection;

/// Where a follower of states stands: one number for each writer it has seen. Opaque to clients.
struct StatusCursor {
  struct Part {
    Uuid writer = {};
    std::uint64_t version = 0;

    friend bool operator==(const Part&, const Part&) = default;
  };

  std::vector<Part> parts = {};

  /// What of `writer` has been seen; 0 for one not met yet.
  [[nodiscard]] std::uint64_t version_of(const Uuid& writer) const;
  void advance(const Uuid& writer, std::uint64_t version);

  friend bool operator==(const StatusCursor&, const StatusCursor&) = default;
};

struct StatePage {
  std::vector<StateRow> rows = {};
  StatusCursor next = {};
};

struct EventPage {
  std::vector<EventRow> rows = {};
  /// Events up to this id were dropped by retention; a cursor below it has missed some.
  std::uint64_t pruned_through = 0;
};

/// Reads a store on a connection of its own and never blocks the writer. One thread at a time.
///
/// Every call alone sees one committed state; between `snapshot()` and the end of what it returned
/// all calls see the same one.
class Reader {
 public:
  /// @param vfs  as in `Options`; the store must have been opened by a `Writer` before
  static Result<std::unique_ptr<Reader>> open(const std::string& path, const std::string& vfs = {});

  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader();

  class Snapshot {
   public:
    explicit Snapshot(Connection* connection) : connection_(connection) {}

    Snapshot(Snapshot&& other) noexcept : connection_(other.connection_) {
      other.connection_ = nullptr;
    }

    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;
    Snapshot& operator=(Snapshot&&) = delete;
    ~Snapshot();

   private:
    Connection* connection_;
  };

  /// Not while another one is alive.
  Result<Snapshot> snapshot();

  Result<Head> head();

  // Objects and the intent feed.
  Result<std::optional<ObjectRow>> object(std::string_view kind, std::string_view name);
  /// In the order of names, those after `after`; an empty `after` begins.
  Result<std::vector<ObjectRow>> objects(std::string_view kind,
                                         std::string_view after,
                                         std::size_t limit);
  Result<std::uint64_t> count_objects(std::string_view kind);
  /// Ordered and without gaps, those after `revision`.
  Result<Changes> changes_since(std::uint64_t revision, std::size_t limit);

  // Audit.
  Result<std::vector<AuditRow>> audit(std::uint64_t after, std::size_t limit);
  /// Walks the chain from row 1, or its last `rows_max` rows; `audit_broken` names the first row
  /// that does not hold.
  Status verify_audit(const Crypto& crypto,
                      std::uint64_t rows_max = std::numeric_limits<std::uint64_t>::max());

  // Sites.
  Result<std::optional<SiteRow>> site(SiteNumber number);
  Result<std::optional<SiteRow>> site_by_id(const Uuid& id);
  /// The site whose identity has this key id.
  Result<std::optional<SiteRow>> site_by_key(const Digest& key);
  /// In the order of numbers, those after `after`.
  Result<std::vector<SiteRow>> sites(SiteNumber after, std::size_t limit);
  /// In the order of change, those changed after `version`.
  Result<std::vector<SiteRow>> sites_since(std::uint64_t version, std::size_t limit);
  /// Every charter a site has had, oldest first.
  Result<std::vector<std::string>> charters(SiteNumber site);

  // What planners said.
  Result<std::optional<ToldRow>> told(SiteNumber site);
  /// The number alone, without reading the manifest.
  Result<std::optional<document::PlanNumber>> told_number(SiteNumber site);
  Result<std::vector<ToldRow>> told_since(std::uint64_t version, std::size_t limit);
  /// A key that has said nothing yet reads as seq 0.
  Result<PlannerRow> planner(const Digest& key);
  Result<std::optional<BatchRow>> batch(const Digest& planner, std::uint64_t seq);

  // What sites said.
  Result<std::optional<StateRow>> state(SiteNumber site);
  /// The newest report as it came; empty where there is none.
  Result<std::string> report(SiteNumber site);
  Result<StatePage> states_since(const StatusCursor& cursor, std::size_t limit);
  /// The highest number stored of a site's events; a hello returns it.
  Result<document::ReportNumber> events_position(SiteNumber site);
  Result<EventPage> events_since(std::uint64_t id, std::size_t limit);
  /// The newest `limit` of all sites below `before`, newest first; 0 begins.
  Result<std::vector<EventRow>> newest_events(std::uint64_t before, std::size_t limit);
  /// The newest `limit` of one site below `before`, newest first; 0 begins.
  Result<std::vector<EventRow>> events_of(SiteNumber site, std::uint64_t before, std::size_t limit);

  // Access.
  /// A token that may be used now; nothing for one spent, revoked or expired.
  Result<std::optional<TokenRow>> token(TokenRow::Kind kind, const Digest& hash, WallTime now);
  /// In the order of ids, those after `after`, spent and revoked ones too.
  Result<std::vector<TokenRow>> tokens(TokenRow::Kind kind, const Uuid& after, std::size_t limit);
  Result<std::optional<UserRow>> user(std::string_view name);
  Result<std::vector<UserRow>> users(std::string_view after, std::size_t limit);

  // Requests.
  /// What a change with this idempotency key was answered with; `key_reused` where its request was
  /// another one.
  Result<std::optional<Outcome>> earlier_outcome(const Change& change);

  // Documents.
  Result<std::optional<std::string>> blob(const Digest& digest);
  /// The envelopes above `version`, oldest first.
  Result<std::vector<std::string>> trusts_since(std::uint64_t version);

  enum class Depth : std::uint8_t {
    quick,
    whole,  // Every index against its table as well.
  };

  /// `store_corrupt` with what it found. Reads the whole file.
  Status check(Depth depth = Depth::quick);

  /// From any thread: what is being read, and all that is read from now on, fails soon.
  void break_off();

  /// Copies this state of the store to a new file by the online API, then opens and checks it.
  Status backup(const std::string& path);

 private:
  explicit Reader(std::unique_ptr<Connection> connection);

  std::unique_ptr<Connection> connection_;
};

}  // namespace skerry::store
