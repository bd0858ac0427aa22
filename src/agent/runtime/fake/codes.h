#pragma once

#include "base/error.h"

namespace skerry::agent::codes {

/// The fake engine said no, as it was told to.
inline constexpr ErrorCode fake_refused{"fake_refused"};

}  // namespace skerry::agent::codes
