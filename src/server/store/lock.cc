#include "server/store/lock.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "server/store/codes.h"

namespace skerry::store {

namespace {

/// statfs(2)'s f_type of file systems that other machines can write: NFS, SMB, CIFS, SMB2, AFS,
/// CODA, 9P, Ceph, Lustre, GFS2, OCFS2, FUSE (sshfs, s3fs: not to be told apart).
constexpr std::array<std::uint32_t, 12> network_file_systems = {0x6969,
                                                                0x517b,
                                                                0xff534d42,
                                                                0xfe534d42,
                                                                0x5346414f,
                                                                0x73757245,
                                                                0x01021997,
                                                                0x00c36400,
                                                                0x0bd00bd0,
                                                                0x01161970,
                                                                0x7461636f,
                                                                0x65735546};

Error lock_error(ErrorKind kind, ErrorCode code, std::string message) {
  return {.kind = kind, .code = code, .message = std::move(message), .field_path = "store"};
}

Error system_error(const std::string& path) {
  return lock_error(
      ErrorKind::unavailable, store_failed, path + ": " + std::generic_category().message(errno));
}

Status check_file_system(int descriptor, const std::string& path) {
  struct statfs about = {};
  if (::fstatfs(descriptor, &about) != 0) {
    return fail(system_error(path));
  }
  const auto type = static_cast<std::uint32_t>(about.f_type);
  if (std::ranges::find(network_file_systems, type) != network_file_systems.end()) {
    return fail(
        lock_error(ErrorKind::invalid, store_shared, path + " lies on a network file system"));
  }
  return {};
}

/// A second hard link would have a lock file and a log of its own.
Status check_names(const std::string& path) {
  struct stat about = {};
  if (::stat(path.c_str(), &about) == 0 && about.st_nlink > 1) {
    return fail(lock_error(ErrorKind::invalid, store_shared, path + " has a second name"));
  }
  return {};
}

}  // namespace

Result<FileLock> FileLock::acquire(const std::string& path) {
  const std::string name = path + "-lock";
  FileLock lock(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.descriptor_ < 0) {
    return fail(system_error(name));
  }
  SKERRY_CHECK(check_file_system(lock.descriptor_, path));
  SKERRY_CHECK(check_names(path));
  if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    return fail(
        lock_error(ErrorKind::conflict, store_locked, path + " is in use by another process"));
  }
  return lock;
}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

}  // namespace skerry::store
