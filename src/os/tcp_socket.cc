#include "os/tcp_socket.h"

#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "os/codes.h"

namespace skerry::os {

Result<Descriptor> new_tcp_socket(SocketAddress::Family family) {
  const int domain = family == SocketAddress::Family::ipv4 ? AF_INET : AF_INET6;
  Descriptor socket(::socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  const int on = 1;
  const auto timeout_ms = static_cast<unsigned int>(tcp_user_timeout.count());
  if (!socket.valid() ||
      ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
      ::setsockopt(socket.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms) !=
          0) {
    return fail(system_error(errno, connect_failed, "make a TCP socket"));
  }
  return socket;
}

}  // namespace skerry::os
