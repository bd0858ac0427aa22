// A disk that fails once, for a dynamic program under LD_PRELOAD: the n-th of the calls that change
// a file fails.
//
//   BAD_DISK_AT=n       which one, counted from 1; 0 counts and fails none
//   BAD_DISK_ERROR=28   with this errno: 5 is EIO, 28 ENOSPC
//   BAD_DISK_BELOW=DIR  only files below this directory count
//   BAD_DISK_COUNT=FILE where the number of calls is written when the program ends in order
//
// A failing write has written nothing. A failing sync may have synced or not; here it has not.
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

namespace {

std::atomic<long> calls{0};

const char* setting(const char* name) {
  const char* found = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes it
  return found == nullptr ? "" : found;
}

struct Settings {
  long at = std::atol(setting("BAD_DISK_AT"));
  int error = std::atoi(setting("BAD_DISK_ERROR"));
  const char* below = setting("BAD_DISK_BELOW");

  ~Settings() {
    if (std::FILE* file = std::fopen(setting("BAD_DISK_COUNT"), "we"); file != nullptr) {
      std::fprintf(file, "%ld\n", calls.load());
      std::fclose(file);
    }
  }
};

const Settings& settings() {
  static const Settings kept;
  return kept;
}

bool is_below(const char* path) {
  const char* below = settings().below;
  return *below != '\0' && std::strncmp(path, below, std::strlen(below)) == 0;
}

/// Whether this is the call that fails; sets errno.
bool fails_now(const char* path) {
  if (!is_below(path) || ++calls != settings().at) {
    return false;
  }
  errno = settings().error;
  return true;
}

bool fails_now(int fd) {
  const int kept = errno;
  char link[64];
  char path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  errno = kept;
  if (size <= 0) {
    return false;
  }
  path[size] = '\0';
  return fails_now(path);
}

/// The function behind ours.
template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  static auto* const next = real<ssize_t(int, const void*, size_t)>("write");
  return fails_now(fd) ? -1 : next(fd, bytes, size);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  static auto* const next = real<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  return fails_now(fd) ? -1 : next(fd, bytes, size, at);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  return pwrite64(fd, bytes, size, at);
}

int fsync(int fd) {
  static auto* const next = real<int(int)>("fsync");
  return fails_now(fd) ? -1 : next(fd);
}

int fdatasync(int fd) {
  static auto* const next = real<int(int)>("fdatasync");
  return fails_now(fd) ? -1 : next(fd);
}

int ftruncate64(int fd, off64_t size) {
  static auto* const next = real<int(int, off64_t)>("ftruncate64");
  return fails_now(fd) ? -1 : next(fd, size);
}

int ftruncate(int fd, off_t size) {
  return ftruncate64(fd, size);
}

int rename(const char* from, const char* to) {
  static auto* const next = real<int(const char*, const char*)>("rename");
  return fails_now(to) ? -1 : next(from, to);
}

int unlink(const char* path) {
  static auto* const next = real<int(const char*)>("unlink");
  return fails_now(path) ? -1 : next(path);
}

}  // extern "C"
