#include "os/directory_disk.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/codes.h"

namespace skerry::os {

namespace {

constexpr mode_t file_mode = 0600;
constexpr mode_t directory_mode = 0700;
constexpr mode_t parent_mode = 0755;

Error disk_error(int error_number, std::string_view operation, std::string_view name) {
  ErrorCode code = disk_failed;
  if (error_number == ENOSPC || error_number == EDQUOT) {
    code = disk_full;
  } else if (error_number == ENOENT) {
    code = file_not_found;
  }
  return system_error(error_number, code, std::string(operation) + " " + std::string(name));
}

/// A name is one path component, so that no caller can reach outside its directory.
Status check_name(std::string_view name) {
  const bool plain = !name.empty() && name != "." && name != ".." &&
                     name.find('/') == std::string_view::npos &&
                     name.find('\0') == std::string_view::npos;
  if (plain) {
    return {};
  }
  return fail({.kind = ErrorKind::invalid,
               .code = disk_failed,
               .message = "a file name is one path component",
               .field_path = std::string(name)});
}

class DirectoryFile final : public File {
 public:
  DirectoryFile(Descriptor file, std::string name)
      : file_(std::move(file)), name_(std::move(name)) {}

  [[nodiscard]] Result<std::uint64_t> size() const override;
  [[nodiscard]] Result<std::string> read(std::uint64_t offset, std::size_t length) const override;
  Status write(std::uint64_t offset, std::string_view bytes) override;
  Status truncate(std::uint64_t size) override;
  Status sync() override;

 private:
  Descriptor file_;
  std::string name_;
};

Result<std::uint64_t> DirectoryFile::size() const {
  struct stat status {};

  if (::fstat(file_.get(), &status) != 0) {
    return fail(disk_error(errno, "stat", name_));
  }
  return static_cast<std::uint64_t>(status.st_size);
}

Result<std::string> DirectoryFile::read(std::uint64_t offset, std::size_t length) const {
  SKERRY_TRY(const std::uint64_t end, size());
  const std::uint64_t left = end > offset ? end - offset : 0;
  std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(length, left)), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::pread(
        file_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno != EINTR) {
      return fail(disk_error(errno, "read", name_));
    }
    if (count == 0) {
      break;  // Somebody cut the file meanwhile.
    }
    done += count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  bytes.resize(done);
  return bytes;
}

Status DirectoryFile::write(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno != EINTR) {
      return fail(disk_error(errno, "write", name_));
    }
    const std::size_t written = count > 0 ? static_cast<std::size_t>(count) : 0;
    bytes.remove_prefix(written);
    offset += written;
  }
  return {};
}

Status DirectoryFile::truncate(std::uint64_t size) {
  if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) {
    return fail(disk_error(errno, "truncate", name_));
  }
  return {};
}

Status DirectoryFile::sync() {
  // Data and length; the times of the file tell nobody anything.
  if (::fdatasync(file_.get()) != 0) {
    return fail(disk_error(errno, "sync", name_));
  }
  return {};
}

bool is_regular(int directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) {
    return entry.d_type == DT_REG;
  }

  struct stat status {};

  return ::fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISREG(status.st_mode);
}

}  // namespace

Status make_directories(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    const mode_t mode = end == std::string::npos ? directory_mode : parent_mode;
    if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) {
      return fail(disk_error(errno, "mkdir", part));
    }
    if (end == std::string::npos) {
      return {};
    }
  }
}

Result<std::unique_ptr<DirectoryDisk>> DirectoryDisk::open_directory(const std::string& path) {
  SKERRY_CHECK(make_directories(path));
  Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) {
    return fail(disk_error(errno, "open", path));
  }
  return std::unique_ptr<DirectoryDisk>(new DirectoryDisk(std::move(directory)));
}

Result<std::unique_ptr<File>> DirectoryDisk::open(std::string_view name, Create create) {
  SKERRY_CHECK(check_name(name));
  std::string owned(name);
  const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create == Create::if_missing ? O_CREAT : 0);
  Descriptor file(::openat(directory_.get(), owned.c_str(), flags, file_mode));
  if (!file.valid()) {
    return fail(disk_error(errno, "open", name));
  }
  return std::make_unique<DirectoryFile>(std::move(file), std::move(owned));
}

Status DirectoryDisk::rename(std::string_view from, std::string_view to) {
  SKERRY_CHECK(check_name(from));
  SKERRY_CHECK(check_name(to));
  const int directory = directory_.get();
  if (::renameat(directory, std::string(from).c_str(), directory, std::string(to).c_str()) != 0) {
    return fail(disk_error(errno, "rename", from));
  }
  return {};
}

Status DirectoryDisk::give(std::string_view name, const Owner& owner) {
  SKERRY_CHECK(check_name(name));
  const std::string owned(name);
  const Descriptor file(
      ::openat(directory_.get(), owned.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  // The owner first: changing it clears bits of the mode.
  if (!file.valid() || ::fchown(file.get(), owner.uid, owner.gid) != 0 ||
      ::fchmod(file.get(), owner.mode) != 0) {
    return fail(disk_error(errno, "give", name));
  }
  return {};
}

Status DirectoryDisk::remove(std::string_view name) {
  SKERRY_CHECK(check_name(name));
  if (::unlinkat(directory_.get(), std::string(name).c_str(), 0) != 0) {
    return fail(disk_error(errno, "remove", name));
  }
  return {};
}

Status DirectoryDisk::sync_directory() {
  if (::fsync(directory_.get()) != 0) {
    return fail(disk_error(errno, "sync", "directory"));
  }
  return {};
}

Result<std::vector<std::string>> DirectoryDisk::list() const {
  // A fresh description: a shared one would share its reading position.
  Descriptor directory(::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  DIR* stream = directory.valid() ? ::fdopendir(directory.get()) : nullptr;
  if (stream == nullptr) {
    return fail(disk_error(errno, "list", "directory"));
  }
  const int number = directory.release();  // The stream owns it now.
  std::vector<std::string> names;
  errno = 0;
  // Safe on a stream that no other thread has. NOLINTNEXTLINE(concurrency-mt-unsafe)
  while (const dirent* entry = ::readdir(stream)) {
    if (is_regular(number, *entry)) {
      names.emplace_back(entry->d_name);
    }
    errno = 0;
  }
  const int error_number = errno;
  ::closedir(stream);
  if (error_number != 0) {
    return fail(disk_error(error_number, "list", "directory"));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace skerry::os
