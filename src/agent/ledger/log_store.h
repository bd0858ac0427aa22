#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/ledger/reserve.h"
#include "base/disk.h"
#include "base/result.h"

namespace skerry::agent {

/// The file is damaged before its tail. Whoever opens it decides; nothing is mended here.
inline constexpr ErrorCode ledger_damaged{"ledger_damaged"};
inline constexpr ErrorCode ledger_full{"ledger_full"};

/// Keys and values in one append-only file.
///
/// A batch is one checksummed record: after a crash it is there whole or not at all. Each record
/// says up to where the file was durable when it was written, which tells a torn tail (cut off at
/// opening) from damage to what was once durable (an error). Only keys and places are kept in
/// memory; values are read from the file. Compaction copies what is live to a new file.
class LogStore {
 public:
  /// What one commit changes, in order. Building it touches nothing.
  class Batch {
   public:
    void put(std::string_view key, std::string_view value);
    void erase(std::string_view key);

    [[nodiscard]] std::size_t size_bytes() const { return body_.size(); }

   private:
    friend class LogStore;
    void add(std::uint8_t kind, std::string_view key, std::string_view value);

    std::string body_;
    bool has_puts_ = false;
  };

  /// What a batch may take. The reserve, on the disk and above the file's limit, is for what must
  /// be written for the site to run on, and for batches that only erase, which need no word for it.
  enum class Room : std::uint8_t { common, reserve };

  struct Limits {
    std::uint64_t file_bytes_max = 48ULL * 1024 * 1024;
    std::uint64_t reserve_bytes = 1024ULL * 1024;
    std::uint32_t batch_bytes_max = 4U * 1024 * 1024;
    /// Compacts when more than this, and more than half of the file, is dead.
    std::uint64_t dead_bytes_max = 256ULL * 1024;
  };

  /// Opens or makes the file `name`. `ledger_damaged` where durable content is not readable.
  static Result<LogStore> open(Disk& disk, std::string name, Limits limits);

  static Result<LogStore> open(Disk& disk, std::string name) {
    return open(disk, std::move(name), Limits{});
  }

  /// Durable when it returns without an error. After an I/O error the store refuses everything: the
  /// process must exit and recover. `exhausted` (no space, file at its limit, even with all that is
  /// dead taken out) changes nothing and may be tried again.
  Status commit(const Batch& batch, Room room = Room::common);

  [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key) const;

  [[nodiscard]] bool contains(std::string_view key) const { return index_.contains(key); }

  /// Keys that start with `prefix`, in order.
  [[nodiscard]] std::vector<std::string> keys(std::string_view prefix) const;

  [[nodiscard]] std::uint64_t file_bytes() const { return end_; }

 private:
  /// Where a value stands in the file.
  struct Place {
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
  };

  using Index = std::map<std::string, Place, std::less<>>;

  LogStore(Disk& disk, std::string name, Limits limits)
      : disk_(&disk),
        name_(std::move(name)),
        limits_(limits),
        reserve_(disk, name_ + ".reserve", limits.reserve_bytes) {}

  Status load();
  Status start_file();
  Status append(std::string_view body);
  Status append_to_full_disk(std::string_view body, Room room);
  Status compact();
  Status copy_live(const std::string& temporary);
  Status switch_to(const std::string& compacted);
  [[nodiscard]] std::uint64_t compacted_bytes() const;
  Status cut_tail(std::uint64_t at, std::uint64_t size);
  [[nodiscard]] bool worth_compacting() const;
  bool replay(std::string_view body, std::uint64_t body_offset);

  Disk* disk_;
  std::string name_;
  Limits limits_;
  Reserve reserve_;
  std::unique_ptr<File> file_;
  Index index_;
  std::uint64_t end_ = 0;
  std::uint64_t live_ = 0;
  bool dead_ = false;
};

}  // namespace skerry::agent
