#pragma once

#include <string>

#include "base/result.h"
#include "os/descriptor.h"

namespace skerry::os {

/// Holds a state directory for this process alone. The kernel lets go when the process ends,
/// however it ends, so there is no stale lock to clean up.
class DirectoryLock {
 public:
  /// `conflict` with `state_locked` while another process (or another lock of this one) holds it.
  ///
  /// @param path  an existing directory; the lock is its file "lock"
  static Result<DirectoryLock> acquire(const std::string& path);

 private:
  explicit DirectoryLock(Descriptor file) : file_(std::move(file)) {}

  Descriptor file_;
};

}  // namespace skerry::os
