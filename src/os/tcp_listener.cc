#include "os/tcp_listener.h"

#include <cerrno>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>

#include "os/codes.h"
#include "os/tcp_socket.h"

namespace skerry::os {

namespace {

/// Connections taken before other descriptors have their turn.
constexpr int batch_max = 64;

/// The kernel cuts this to net.core.somaxconn.
constexpr int backlog = 4096;

constexpr std::chrono::milliseconds pause_time{100};

}  // namespace

TcpListener::TcpListener(EventLoop& loop, Descriptor socket, Accepted accepted)
    : loop_(loop), socket_(std::move(socket)), accepted_(std::move(accepted)) {}

Result<std::unique_ptr<TcpListener>> TcpListener::create(EventLoop& loop,
                                                         const SocketAddress& address,
                                                         Accepted accepted) {
  // Accepted sockets inherit the options of this one.
  SKERRY_TRY(Descriptor socket, new_tcp_socket(address.family));
  const int on = 1;
  const int off = 0;
  socklen_t size = 0;
  const sockaddr_storage kernel = to_kernel(address, size);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.family == SocketAddress::Family::ipv6) {
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&kernel), size) != 0 ||
      ::listen(socket.get(), backlog) != 0) {
    return fail(system_error(errno, system_failed, "listen on " + to_string(address)));
  }
  std::unique_ptr<TcpListener> made(new TcpListener(loop, std::move(socket), std::move(accepted)));
  TcpListener* self = made.get();
  SKERRY_TRY(self->watch_, loop.watch(self->socket_.get(), {.readable = true}, [self](Readiness) {
    self->accept_some();
  }));
  return made;
}

SocketAddress TcpListener::address() const {
  sockaddr_storage kernel{};
  socklen_t size = sizeof kernel;
  auto* generic = reinterpret_cast<sockaddr*>(&kernel);
  if (::getsockname(socket_.get(), generic, &size) != 0) {
    return {};
  }
  return from_kernel(generic).value_or(SocketAddress{});
}

void TcpListener::accept_some() {
  const Lifeline::Check check(lifeline_);
  for (int i = 0; i < batch_max; ++i) {
    if (!accept_one() || check.gone()) {
      return;
    }
  }
}

bool TcpListener::accept_one() {
  sockaddr_storage kernel{};
  socklen_t size = sizeof kernel;
  auto* generic = reinterpret_cast<sockaddr*>(&kernel);
  Descriptor socket(::accept4(socket_.get(), generic, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket.valid()) {
    accepted_(std::move(socket), from_kernel(generic).value_or(SocketAddress{}));
    return true;
  }
  if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
    pause();
    return false;
  }
  // All other errors are of the one connection (accept(2)); the next may be well.
  return errno != EAGAIN;
}

void TcpListener::pause() {
  // Making interest empty cannot fail for a socket that is being watched.
  (void)watch_.set({});
  resume_ = loop_.after(pause_time, [this] {
    if (!watch_.set({.readable = true})) {
      pause();
    }
  });
}

}  // namespace skerry::os
