#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/disk.h"
#include "os/descriptor.h"

namespace skerry::os {

/// Makes the directory and its missing parents; what is made is for its owner alone, but others may
/// pass through the parents.
Status make_directories(const std::string& path);

/// A real directory. Files are 0600 and never followed through a symbolic link; names are resolved
/// against the open directory, so renaming it underneath does not redirect a write.
///
/// Errors carry `disk_full` (no space, or over quota), `file_not_found` or `disk_failed`.
class DirectoryDisk final : public Disk {
 public:
  /// Opens `path`; where it is missing, as `make_directories` does.
  static Result<std::unique_ptr<DirectoryDisk>> open_directory(const std::string& path);

  Result<std::unique_ptr<File>> open(std::string_view name, Create create) override;
  Status rename(std::string_view from, std::string_view to) override;
  Status remove(std::string_view name) override;
  Status sync_directory() override;

  /// Gives a file to another user and group, with these permission bits.
  struct Owner {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t mode = 0600;
  };

  Status give(std::string_view name, const Owner& owner);
  /// The regular files, sorted by name.
  [[nodiscard]] Result<std::vector<std::string>> list() const override;

 private:
  explicit DirectoryDisk(Descriptor directory) : directory_(std::move(directory)) {}

  Descriptor directory_;
};

}  // namespace skerry::os
