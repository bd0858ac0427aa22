#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace skerry::os {

/// An IPv4 or IPv6 address and a TCP port.
struct SocketAddress {
  enum class Family : std::uint8_t { ipv4, ipv6 };

  Family family = Family::ipv4;
  std::array<std::uint8_t, 16> ip{};  // IPv4 uses the first four bytes.
  std::uint16_t port = 0;
  std::uint32_t scope = 0;  // The interface of a link-local IPv6 address.

  friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;
};

/// "192.0.2.1:443" or "[2001:db8::1]:443".
std::string to_string(const SocketAddress& address);

/// An address written in digits; nothing for a name.
std::optional<SocketAddress> parse_ip(std::string_view host, std::uint16_t port);

/// Where to connect to, before any name is looked up.
struct Endpoint {
  std::string host = {};  // A name or an address, IPv6 without brackets.
  std::uint16_t port = 0;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// "host", "host:port", "192.0.2.1:443", "[::1]:443" or "::1".
Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port);

}  // namespace skerry::os
