#pragma once

#include "base/error.h"

namespace skerry::compose {

// Why a Compose file is refused. What the YAML reader and interpolation refuse has its code in
// resource/codes.h and resource/interpolate.h.
inline constexpr ErrorCode not_available{"not_available"};    // Known, but not available yet.
inline constexpr ErrorCode unknown_field{"unknown_field"};    // Not a name of the specification.
inline constexpr ErrorCode wrong_type{"wrong_type"};          // A list where a mapping belongs, …
inline constexpr ErrorCode invalid_value{"invalid_value"};    // The right type, a wrong value.
inline constexpr ErrorCode missing_field{"missing_field"};    // Required, and not there.
inline constexpr ErrorCode undefined_name{"undefined_name"};  // Refers to what the file lacks.
inline constexpr ErrorCode dependency_cycle{"dependency_cycle"};
inline constexpr ErrorCode conflicting_fields{"conflicting_fields"};
inline constexpr ErrorCode duplicate_value{"duplicate_value"};  // Two for one place.
inline constexpr ErrorCode site_scoped{"site_scoped"};  // Differs by site where that is impossible.
inline constexpr ErrorCode too_many{"too_many"};        // More than a cap of this room.

// What a file is accepted with, but its author should know.
inline constexpr ErrorCode unset_variable{"unset_variable"};
inline constexpr ErrorCode obsolete{"obsolete"};      // A form that the specification gave up.
inline constexpr ErrorCode no_effect{"no_effect"};    // Understood, and means nothing at a site.
inline constexpr ErrorCode unused{"unused"};          // Declared, and no service uses it.
inline constexpr ErrorCode overridden{"overridden"};  // A later one of the same name wins.
inline constexpr ErrorCode suspicious{"suspicious"};  // Allowed, and hardly what was meant.

}  // namespace skerry::compose
