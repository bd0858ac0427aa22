#include "os/unix_address.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/codes.h"

namespace skerry::os {

namespace {

/// Local commands are few; more waiting than this is a fault somewhere.
constexpr int backlog = 16;

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail({.kind = ErrorKind::invalid,
                 .code = address_invalid,
                 .message = "a socket path has 1 to 107 bytes",
                 .field_path = path});
  }
  std::memcpy(static_cast<char*>(address.sun_path), path.data(), path.size());
  return address;
}

Descriptor new_socket() {
  return Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

Error connect_error(int error_number, const std::string& path) {
  Error error = system_error(error_number, connect_failed, "connect " + path);
  if (error_number == EAGAIN) {
    error.kind = ErrorKind::exhausted;
    error.message = "the listener's backlog is full";
  } else if (error.kind != ErrorKind::denied) {
    error.kind = ErrorKind::unavailable;  // It may listen later, also where there is no file yet.
  }
  return error;
}

/// The socket of a process that is gone refuses; one that is full or only slow has an owner.
bool is_left_over(const sockaddr_un& address) {
  const Descriptor socket = new_socket();
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  return ::connect(socket.get(), generic, sizeof address) != 0 && errno == ECONNREFUSED;
}

Status remove_left_over(const std::string& path, const sockaddr_un& address) {
  struct stat status {};

  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode) || !is_left_over(address)) {
    return {};  // Whatever else is there, bind reports it.
  }
  if (::unlink(path.c_str()) != 0) {
    return fail(system_error(errno, system_failed, "remove " + path));
  }
  return {};
}

}  // namespace

Result<Descriptor> connect_unix(const std::string& path) {
  SKERRY_TRY(const sockaddr_un address, address_of(path));
  Descriptor socket = new_socket();
  if (!socket.valid()) {
    return fail(system_error(errno, system_failed, "connect " + path));
  }
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket.get(), generic, sizeof address) != 0) {
    return fail(connect_error(errno, path));
  }
  return socket;
}

Result<Descriptor> listen_unix(const std::string& path, unsigned mode) {
  SKERRY_TRY(const sockaddr_un address, address_of(path));
  SKERRY_CHECK(remove_left_over(path, address));
  Descriptor socket = new_socket();
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  // Nobody can connect before `listen`, so the mode is right by then.
  if (!socket.valid() || ::bind(socket.get(), generic, sizeof address) != 0 ||
      ::chmod(path.c_str(), mode) != 0 || ::listen(socket.get(), backlog) != 0) {
    return fail(system_error(errno, system_failed, "listen " + path));
  }
  return socket;
}

}  // namespace skerry::os
