#include "os/directory_lock.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>

#include "base/disk.h"
#include "os/codes.h"

namespace skerry::os {

Result<DirectoryLock> DirectoryLock::acquire(const std::string& path) {
  const std::string name = path + "/lock";
  Descriptor file(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) {
    return fail(system_error(errno, disk_failed, "open " + name));
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
    return DirectoryLock(std::move(file));
  }
  if (errno != EWOULDBLOCK) {
    return fail(system_error(errno, disk_failed, "lock " + name));
  }
  return fail({.kind = ErrorKind::conflict,
               .code = state_locked,
               .message = "another process uses this directory",
               .field_path = path,
               .hint = "stop it first; one directory has one process"});
}

}  // namespace skerry::os
