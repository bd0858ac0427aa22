#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "client/transport.h"

namespace skerry::client {

/// Requests over TLS 1.3 to the one server that holds the pinned key. Names and certificates'
/// dates mean nothing; the key alone does.
///
/// @param url     "https://host:port"; the port is 8443 where none is given
/// @param pinned  SHA-256 of the server's 65-byte public key
/// @return        `invalid` where the URL is none
Result<std::unique_ptr<Transport>> connect_https(std::string_view url, const Digest& pinned);

}  // namespace skerry::client
