#pragma once

#include <chrono>
#include <optional>

#include <sys/socket.h>

#include "base/result.h"
#include "os/descriptor.h"
#include "os/socket_address.h"

namespace skerry::os {

/// What is sent must be acknowledged within this time, or the connection is given up.
inline constexpr std::chrono::milliseconds tcp_user_timeout{60'000};

/// A new non-blocking TCP socket for this family: no delay for small writes, the user timeout, and
/// no keep-alive, for the protocol's own beats tell more.
Result<Descriptor> new_tcp_socket(SocketAddress::Family family);

sockaddr_storage to_kernel(const SocketAddress& address, socklen_t& size);
/// Nothing for a family that is neither IPv4 nor IPv6.
std::optional<SocketAddress> from_kernel(const sockaddr* kernel);

}  // namespace skerry::os
