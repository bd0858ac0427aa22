#pragma once

#include "base/error.h"

namespace skerry::reconcile::codes {

/// A release whose holes do not fit the slot values it was given.
inline constexpr ErrorCode slot_mismatch{"slot_mismatch"};

}  // namespace skerry::reconcile::codes
