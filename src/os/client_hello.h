#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace skerry::os {

/// What a TLS client says first, as far as a door-keeper needs it (RFC 8446 §4.1.2).
struct ClientHello {
  std::vector<std::string> protocols = {};  // ALPN (RFC 7301), in the client's order.
  std::string server_name = {};             // SNI (RFC 6066); empty where there is none.

  [[nodiscard]] bool offers(std::string_view protocol) const;
};

/// More bytes than this before the hello is complete are refused. Real ones have 200 to 2,000.
inline constexpr std::size_t client_hello_size_max = std::size_t{16} * 1024;

/// Reads the hello at the start of a connection's bytes. Pure; made for bytes of strangers.
///
/// @param bytes  all that has come so far; what follows the hello is not looked at
/// @return       nothing while it is incomplete; `protocol_violation` as soon as it cannot become a
///               hello any more, `too_large` beyond `client_hello_size_max`
Result<std::optional<ClientHello>> parse_client_hello(std::string_view bytes);

}  // namespace skerry::os
