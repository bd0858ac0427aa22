#pragma once

#include "base/error.h"

namespace skerry::api {

inline constexpr ErrorCode bad_parameter{"bad_parameter"};  // Of the query, or of a header.
inline constexpr ErrorCode bad_cursor{"bad_cursor"};
inline constexpr ErrorCode media_type_unsupported{"media_type_unsupported"};
inline constexpr ErrorCode one_resource{"one_resource"};    // A body holds exactly one.
inline constexpr ErrorCode kind_mismatch{"kind_mismatch"};  // The body's kind is not the path's.
inline constexpr ErrorCode name_mismatch{"name_mismatch"};  // The body's name is not the path's.
inline constexpr ErrorCode invalid_resource{"invalid_resource"};
inline constexpr ErrorCode not_found{"not_found"};
inline constexpr ErrorCode object_unreadable{"object_unreadable"};  // As it is stored.
inline constexpr ErrorCode site_not_waiting{"site_not_waiting"};    // Nothing to approve or reject.
inline constexpr ErrorCode site_in_use{"site_in_use"};              // Revoke it before deleting it.
inline constexpr ErrorCode last_user{"last_user"};
inline constexpr ErrorCode not_restoring{"not_restoring"};
inline constexpr ErrorCode stacks_undecided{"stacks_undecided"};  // A restore cannot be finished.
inline constexpr ErrorCode sites_away{"sites_away"};              // The same.
inline constexpr ErrorCode busy{"busy"};
inline constexpr ErrorCode secret_shown_once{"secret_shown_once"};  // The token was made before.

}  // namespace skerry::api
