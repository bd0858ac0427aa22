#include "os/socket_address.h"

#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/text.h"
#include "os/codes.h"
#include "os/tcp_socket.h"

namespace skerry::os {

namespace {

constexpr std::size_t host_size_max = 253;  // RFC 1035 §2.3.4, written out.

Error address_error(std::string_view text, std::string message) {
  return {.kind = ErrorKind::invalid,
          .code = address_invalid,
          .message = std::move(message),
          .field_path = std::string(text)};
}

Result<Endpoint> make_endpoint(std::string_view text, std::string_view host, std::uint16_t port) {
  const bool is_clean = host.find_first_of("[]/@ \t\r\n") == std::string_view::npos &&
                        host.find('\0') == std::string_view::npos;
  if (host.empty() || host.size() > host_size_max || !is_clean) {
    return fail(address_error(text, "not a host name or address"));
  }
  return Endpoint{.host = std::string(host), .port = port};
}

}  // namespace

std::string to_string(const SocketAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool is_ipv6 = address.family == SocketAddress::Family::ipv6;
  ::inet_ntop(is_ipv6 ? AF_INET6 : AF_INET, address.ip.data(), text.data(), text.size());
  const std::string ip = text.data();
  return (is_ipv6 ? "[" + ip + "]" : ip) + ":" + std::to_string(address.port);
}

std::optional<SocketAddress> parse_ip(std::string_view host, std::uint16_t port) {
  const std::string text(host);
  SocketAddress address{.port = port};
  if (::inet_pton(AF_INET, text.c_str(), address.ip.data()) == 1) {
    return address;
  }
  if (::inet_pton(AF_INET6, text.c_str(), address.ip.data()) == 1) {
    address.family = SocketAddress::Family::ipv6;
    return address;
  }
  return std::nullopt;
}

Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port) {
  std::string_view host = text;
  std::string_view port;
  const std::size_t colon = text.rfind(':');
  const bool is_bare_ipv6 = colon != std::string_view::npos && text.find(':') != colon;
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) {
      return fail(address_error(text, "a bracket is not closed"));
    }
    host = text.substr(1, bracket - 1);
    port = text.substr(bracket + 1);
    if (!parse_ip(host, 0) || (!port.empty() && !port.starts_with(':'))) {
      return fail(address_error(text, "not an address in brackets"));
    }
  } else if (colon != std::string_view::npos && !is_bare_ipv6) {
    host = text.substr(0, colon);
    port = text.substr(colon);
  } else if (is_bare_ipv6 && !parse_ip(host, 0)) {
    return fail(address_error(text, "an IPv6 address with a port stands in brackets"));
  }
  if (port.empty()) {
    return make_endpoint(text, host, default_port);
  }
  const auto number = parse_unsigned(port.substr(1));
  if (!number || *number == 0 || *number > UINT16_MAX) {
    return fail(address_error(text, "a port is a number from 1 to 65535"));
  }
  return make_endpoint(text, host, static_cast<std::uint16_t>(*number));
}

sockaddr_storage to_kernel(const SocketAddress& address, socklen_t& size) {
  sockaddr_storage storage{};
  if (address.family == SocketAddress::Family::ipv4) {
    auto* ipv4 = reinterpret_cast<sockaddr_in*>(&storage);
    ipv4->sin_family = AF_INET;
    ipv4->sin_port = htons(address.port);
    std::memcpy(&ipv4->sin_addr, address.ip.data(), sizeof ipv4->sin_addr);
    size = sizeof *ipv4;
  } else {
    auto* ipv6 = reinterpret_cast<sockaddr_in6*>(&storage);
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_port = htons(address.port);
    ipv6->sin6_scope_id = address.scope;
    std::memcpy(&ipv6->sin6_addr, address.ip.data(), sizeof ipv6->sin6_addr);
    size = sizeof *ipv6;
  }
  return storage;
}

std::optional<SocketAddress> from_kernel(const sockaddr* kernel) {
  SocketAddress address;
  if (kernel->sa_family == AF_INET) {
    const auto* ipv4 = reinterpret_cast<const sockaddr_in*>(kernel);
    std::memcpy(address.ip.data(), &ipv4->sin_addr, sizeof ipv4->sin_addr);
    address.port = ntohs(ipv4->sin_port);
    return address;
  }
  if (kernel->sa_family == AF_INET6) {
    const auto* ipv6 = reinterpret_cast<const sockaddr_in6*>(kernel);
    address.family = SocketAddress::Family::ipv6;
    std::memcpy(address.ip.data(), &ipv6->sin6_addr, sizeof ipv6->sin6_addr);
    address.port = ntohs(ipv6->sin6_port);
    address.scope = ipv6->sin6_scope_id;
    return address;
  }
  return std::nullopt;
}

}  // namespace skerry::os
