#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace skerry {

inline constexpr ErrorCode disk_failed{"disk_failed"};
inline constexpr ErrorCode disk_full{"disk_full"};
inline constexpr ErrorCode file_not_found{"file_not_found"};

/// One open file. What is written is durable only after `sync` has returned without an error.
/// After a failed `sync` the file must not be trusted again: the process exits and recovers (G12).
class File {
 public:
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  virtual ~File() = default;

  [[nodiscard]] virtual Result<std::uint64_t> size() const = 0;
  /// Up to `length` bytes from `offset`; fewer only at the end of the file.
  [[nodiscard]] virtual Result<std::string> read(std::uint64_t offset,
                                                 std::size_t length) const = 0;
  /// Writes all of `bytes` at `offset` or fails; a failed write may have written a part.
  virtual Status write(std::uint64_t offset, std::string_view bytes) = 0;
  virtual Status truncate(std::uint64_t size) = 0;
  virtual Status sync() = 0;
};

/// One directory of files, with the failure modes of a real one. Names have no slash and never
/// come from remote input.
class Disk {
 public:
  Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  virtual ~Disk() = default;

  /// `not_found` where there is none and `create` is `no`.
  enum class Create : std::uint8_t { no, if_missing };
  virtual Result<std::unique_ptr<File>> open(std::string_view name, Create create) = 0;
  /// Replaces `to` in one step; durable after `sync_directory`.
  virtual Status rename(std::string_view from, std::string_view to) = 0;
  virtual Status remove(std::string_view name) = 0;
  virtual Status sync_directory() = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> list() const = 0;
};

/// Replaces a file whole: temporary file, sync, rename, sync of the directory (D4).
Status write_atomically(Disk& disk, std::string_view name, std::string_view bytes);

/// Removes a file that may not be there.
Status remove_if_there(Disk& disk, std::string_view name);

/// The whole of a small file; `too_large` beyond `size_max`.
Result<std::string> read_whole(Disk& disk, std::string_view name, std::size_t size_max);

}  // namespace skerry
