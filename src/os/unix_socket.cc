#include "os/unix_socket.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/codes.h"
#include "os/unix_address.h"

namespace skerry::os {

namespace {

constexpr unsigned owner_only = 0600;
constexpr int batch_max = 16;

Error lost_error(int error_number) {
  Error error = system_error(error_number, connection_lost, "");
  error.kind = ErrorKind::unavailable;
  return error;
}

bool read_credentials(int socket, PeerCredentials& out) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return false;
  }
  out = {.user = credentials.uid, .group = credentials.gid, .process = credentials.pid};
  return true;
}

}  // namespace

bool is_root_or_self(const PeerCredentials& peer) {
  return peer.user == 0 || peer.user == ::geteuid();
}

UnixListener::UnixListener(std::string path, Descriptor socket, Allowed allowed, Accepted accepted)
    : path_(std::move(path)),
      socket_(std::move(socket)),
      allowed_(std::move(allowed)),
      accepted_(std::move(accepted)) {}

UnixListener::~UnixListener() {
  ::unlink(path_.c_str());
}

Result<std::unique_ptr<UnixListener>> UnixListener::create(EventLoop& loop,
                                                           const std::string& path,
                                                           Accepted accepted) {
  return create(loop, path, is_root_or_self, std::move(accepted));
}

Result<std::unique_ptr<UnixListener>> UnixListener::create(EventLoop& loop,
                                                           const std::string& path,
                                                           Allowed allowed,
                                                           Accepted accepted) {
  SKERRY_TRY(Descriptor socket, listen_unix(path, owner_only));
  std::unique_ptr<UnixListener> made(
      new UnixListener(path, std::move(socket), std::move(allowed), std::move(accepted)));
  UnixListener* self = made.get();
  SKERRY_TRY(self->watch_, loop.watch(self->socket_.get(), {.readable = true}, [self](Readiness) {
    self->accept_some();
  }));
  return made;
}

void UnixListener::accept_some() {
  const Lifeline::Check check(lifeline_);
  for (int i = 0; i < batch_max && !check.gone(); ++i) {
    Descriptor socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.valid()) {
      return;
    }
    PeerCredentials peer;
    if (read_credentials(socket.get(), peer) && allowed_(peer)) {
      accepted_(std::move(socket), peer);
    } else {
      ++refused_;
    }
  }
}

Result<UnixClient> UnixClient::connect(const std::string& path,
                                       std::chrono::milliseconds patience) {
  SKERRY_TRY(Descriptor socket, connect_unix(path));
  return UnixClient(std::move(socket), patience);
}

Status UnixClient::wait(short events, std::chrono::steady_clock::time_point end) const {
  pollfd one{.fd = socket_.get(), .events = events, .revents = 0};
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    const int count = ::poll(&one, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (count > 0) {
      return {};
    }
    if (count < 0 && errno != EINTR) {
      return fail(lost_error(errno));
    }
    if (count == 0) {
      return fail({.kind = ErrorKind::unavailable,
                   .code = timed_out,
                   .message = "the other side did not answer in time"});
    }
  }
}

Status UnixClient::send(std::string_view bytes) {
  const auto end = std::chrono::steady_clock::now() + patience_;
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      SKERRY_CHECK(wait(POLLOUT, end));
    } else if (errno != EINTR) {
      return fail(lost_error(errno));
    }
  }
  return {};
}

Result<std::string> UnixClient::receive(std::size_t size_max) {
  SKERRY_CHECK(wait(POLLIN, std::chrono::steady_clock::now() + patience_));
  std::string bytes(size_max, '\0');
  const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
  if (count < 0) {
    return fail(lost_error(errno));
  }
  bytes.resize(static_cast<std::size_t>(count));
  return bytes;
}

}  // namespace skerry::os
