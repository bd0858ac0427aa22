#pragma once

#include "base/error.h"

namespace skerry::os {

/// The stable codes of what the system, a peer or a socket did to us.
inline constexpr ErrorCode system_failed{"system_failed"};  // A system call that should not fail.
inline constexpr ErrorCode state_locked{"state_locked"};    // Another process holds the directory.
inline constexpr ErrorCode address_invalid{"address_invalid"};
inline constexpr ErrorCode name_not_resolved{"name_not_resolved"};  // DNS said no, or nothing.
inline constexpr ErrorCode connect_failed{"connect_failed"};        // No address could be reached.
inline constexpr ErrorCode connection_closed{"connection_closed"};  // The peer ended it in order.
inline constexpr ErrorCode connection_lost{"connection_lost"};      // Reset, or cut in the middle.
inline constexpr ErrorCode timed_out{"timed_out"};    // A deadline of ours has passed.
inline constexpr ErrorCode queue_full{"queue_full"};  // A bound of ours was reached.
inline constexpr ErrorCode too_large{"too_large"};    // The peer sent more than the cap.
inline constexpr ErrorCode protocol_violation{"protocol_violation"};  // Not the protocol expected.
inline constexpr ErrorCode tls_failed{"tls_failed"};    // The handshake or a record failed.
inline constexpr ErrorCode tls_refused{"tls_refused"};  // The peer sent an alert: it refused us.
inline constexpr ErrorCode peer_key_refused{"peer_key_refused"};  // We refused the peer's key.
inline constexpr ErrorCode key_unusable{"key_unusable"};  // Our own key is not a P-256 PKCS#8 key.

}  // namespace skerry::os
