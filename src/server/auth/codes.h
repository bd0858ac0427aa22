#pragma once

#include "base/error.h"

namespace skerry::auth {

inline constexpr ErrorCode unauthenticated{"unauthenticated"};  // No token, or none that is good.
inline constexpr ErrorCode token_in_url{"token_in_url"};
inline constexpr ErrorCode forbidden{"forbidden"};  // Known, and may not do this.
inline constexpr ErrorCode throttled{"throttled"};  // Too many guesses; try later.
inline constexpr ErrorCode bad_credentials{"bad_credentials"};
inline constexpr ErrorCode bad_setup_code{"bad_setup_code"};
inline constexpr ErrorCode already_set_up{"already_set_up"};
inline constexpr ErrorCode route_unknown{"route_unknown"};
inline constexpr ErrorCode method_not_allowed{"method_not_allowed"};
inline constexpr ErrorCode hashing_failed{"hashing_failed"};

}  // namespace skerry::auth
