#pragma once

#include "base/error.h"

namespace skerry::store {

// Preconditions of a change that did not hold; nothing of it was done.
inline constexpr ErrorCode stale_revision{"stale_revision"};  // If-Match names another revision.
inline constexpr ErrorCode already_exists{"already_exists"};
inline constexpr ErrorCode object_not_found{"object_not_found"};
inline constexpr ErrorCode site_not_found{"site_not_found"};
inline constexpr ErrorCode user_not_found{"user_not_found"};
inline constexpr ErrorCode token_refused{"token_refused"};  // Unknown, spent, revoked or expired.
inline constexpr ErrorCode name_taken{"name_taken"};        // Of a token that may still be used.
inline constexpr ErrorCode fenced{"fenced"};  // A number of the past: term, seq, version, hash.
inline constexpr ErrorCode planner_behind{"planner_behind"};  // A site holds a later seq of ours.
inline constexpr ErrorCode key_reused{"key_reused"};  // An idempotency key with another request.

// The store itself.
inline constexpr ErrorCode queue_full{"queue_full"};
inline constexpr ErrorCode store_busy{"store_busy"};
inline constexpr ErrorCode store_failed{"store_failed"};    // I/O failed; the process must end.
inline constexpr ErrorCode store_corrupt{"store_corrupt"};  // Never repaired by guessing.
inline constexpr ErrorCode store_locked{"store_locked"};    // Another process has this file.
inline constexpr ErrorCode store_shared{"store_shared"};    // On a network file system, or linked.
inline constexpr ErrorCode store_unknown{"store_unknown"};  // Not a database of ours.
inline constexpr ErrorCode store_lost{"store_lost"};        // Absent or empty, and must not be.
inline constexpr ErrorCode schema_too_new{"schema_too_new"};
inline constexpr ErrorCode audit_broken{"audit_broken"};
inline constexpr ErrorCode audit_head_invalid{"audit_head_invalid"};

}  // namespace skerry::store
