#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"

namespace skerry::sim {

/// What a power cut may leave on a disk: file contents by name.
using DiskImage = std::map<std::string, std::string, std::less<>>;

/// How much of what was not synced a power cut keeps.
enum class PowerCut : std::uint8_t {
  drop_unsynced,  // Exactly what was synced.
  keep_all,       // Everything reached the disk in time.
  random_subset,  // Any write may be there or not, in any order.
  torn,           // As random_subset, and a write may be there up to a 512-byte sector only.
};

/// A disk in memory with a page cache that a power cut loses.
///
/// Pessimistic where POSIX allows it: a synced file whose directory was not synced may be gone, and
/// unsynced writes survive in any combination. Faults are injected per operation.
class SimDisk : public Disk {
 public:
  /// Counts every operation that changes the disk or makes it durable, before it is done; may
  /// throw, as the power goes.
  using Observer = std::function<void(std::uint64_t operation)>;

  /// Sees each write before it is done; may throw, as a process dies.
  using WriteWatcher = std::function<void(std::string_view bytes)>;

  struct Faults {
    /// The n-th changing operation from now fails with this code; 0 means none.
    std::uint64_t fail_after = 0;
    ErrorCode code = disk_failed;
    /// Bytes all files may have together; beyond it writes fail with disk_full.
    std::uint64_t capacity_bytes = ~std::uint64_t{0};
  };

  SimDisk() = default;
  explicit SimDisk(const DiskImage& image);

  Result<std::unique_ptr<File>> open(std::string_view name, Create create) override;
  Status rename(std::string_view from, std::string_view to) override;
  Status remove(std::string_view name) override;
  Status sync_directory() override;
  [[nodiscard]] Result<std::vector<std::string>> list() const override;

  /// What one possible power cut at this moment leaves. `choose(n)` picks from [0, n).
  [[nodiscard]] DiskImage after_power_cut(
      PowerCut cut, const std::function<std::uint64_t(std::uint64_t)>& choose) const;

  /// Whether every power cut at this moment would leave the file as it is now.
  [[nodiscard]] bool is_durable(std::string_view name) const;

  void set_faults(Faults faults) { faults_ = faults; }

  void set_observer(Observer observer) { observer_ = std::move(observer); }

  void set_write_watcher(WriteWatcher watcher) { watcher_ = std::move(watcher); }

  [[nodiscard]] const Faults& faults() const { return faults_; }

  [[nodiscard]] std::uint64_t used_bytes() const;

  [[nodiscard]] std::uint64_t operations() const { return operations_; }

 private:
  friend class SimFile;

  struct Write {
    std::uint64_t offset = 0;
    std::string bytes;
    bool truncates = false;
  };

  struct Inode {
    std::string now;
    std::string durable;
    std::vector<Write> pending;
  };

  using Directory = std::map<std::string, std::shared_ptr<Inode>, std::less<>>;

  Status before_operation();
  static void apply(std::string& content, const Write& write);

  // An inode is shared by the names and handles that hold it, as in a file system.
  Directory now_;
  Directory durable_;
  /// Directory states since the last sync, oldest first; a cut may leave any of them.
  std::vector<Directory> pending_;
  Faults faults_;
  Observer observer_;
  WriteWatcher watcher_;
  std::uint64_t operations_ = 0;
};

}  // namespace skerry::sim
