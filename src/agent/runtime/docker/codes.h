#pragma once

#include "base/error.h"

namespace skerry::agent::docker {

/// The stable codes of what the Docker Engine said, or should not have said.
inline constexpr ErrorCode runtime_down{"runtime_down"};        // It does not answer.
inline constexpr ErrorCode runtime_too_old{"runtime_too_old"};  // No API version both sides know.
inline constexpr ErrorCode runtime_refused{"runtime_refused"};  // It answered an action with no.
inline constexpr ErrorCode runtime_reply_invalid{"runtime_reply_invalid"};  // Not what it promised.
/// More than an agent that must stay small will hold of one object, or of one list.
inline constexpr ErrorCode runtime_reply_too_large{"runtime_reply_too_large"};
inline constexpr ErrorCode object_missing{"object_missing"};  // It has no such object.
inline constexpr ErrorCode image_missing{"image_missing"};    // Not at hand; a pull comes first.
inline constexpr ErrorCode image_pull_failed{"image_pull_failed"};
inline constexpr ErrorCode label_reserved{"label_reserved"};  // The file sets a label of ours.
inline constexpr ErrorCode name_taken{"name_taken"};  // By a container of this same installation.
inline constexpr ErrorCode spec_not_supported{"spec_not_supported"};  // The engine cannot say it.
inline constexpr ErrorCode config_not_written{"config_not_written"};

}  // namespace skerry::agent::docker
