#pragma once

#include <string>

#include "base/result.h"

namespace skerry::store {

/// Keeps a store's file for this process alone. The kernel lets go when the process ends.
class FileLock {
 public:
  /// @return `store_locked` while another process holds it, `store_shared` where the file has a
  ///         second name or lies on a network file system, whose locks cannot be trusted
  static Result<FileLock> acquire(const std::string& path);

  FileLock() = default;

  FileLock(FileLock&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }

  FileLock& operator=(FileLock&& other) noexcept;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;
};

}  // namespace skerry::store
