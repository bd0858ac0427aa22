#pragma once

#include "base/error.h"

namespace skerry::net {

// A request that is refused before anybody looks at what it asks for. The connection is closed.
inline constexpr ErrorCode bad_request{"bad_request"};  // Not exactly RFC 9112, or ambiguous.
inline constexpr ErrorCode head_too_large{"head_too_large"};
inline constexpr ErrorCode body_too_large{"body_too_large"};
inline constexpr ErrorCode request_timeout{"request_timeout"};
inline constexpr ErrorCode expectation_failed{"expectation_failed"};
inline constexpr ErrorCode not_implemented{"not_implemented"};
inline constexpr ErrorCode version_unsupported{"version_unsupported"};
inline constexpr ErrorCode overloaded{"overloaded"};  // No answer in time, or too many connections.

// Of the client.
inline constexpr ErrorCode server_key_differs{"server_key_differs"};
inline constexpr ErrorCode unreachable{"unreachable"};

}  // namespace skerry::net
