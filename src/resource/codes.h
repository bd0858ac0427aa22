#pragma once

#include "base/error.h"

namespace skerry::resource {

/// Every reason for which something a user wrote is refused. Each has a bad-input file in
/// tests/data/resource.

// Of the text itself.
inline constexpr ErrorCode too_large{"too_large"};            // More bytes than a body may have.
inline constexpr ErrorCode bad_encoding{"bad_encoding"};      // Not UTF-8, or a NUL in a string.
inline constexpr ErrorCode bad_syntax{"bad_syntax"};          // Not YAML, or not JSON.
inline constexpr ErrorCode too_deep{"too_deep"};              // Nested further than the cap.
inline constexpr ErrorCode too_many_nodes{"too_many_nodes"};  // Counting what aliases repeat.
inline constexpr ErrorCode too_many_aliases{"too_many_aliases"};
inline constexpr ErrorCode bad_alias{"bad_alias"};  // To an anchor unknown or not yet closed.
inline constexpr ErrorCode bad_tag{"bad_tag"};
inline constexpr ErrorCode bad_key{"bad_key"};  // A key that is empty or not a scalar.
inline constexpr ErrorCode duplicate_key{"duplicate_key"};
inline constexpr ErrorCode number_out_of_range{
    "number_out_of_range"};                         // Above 2^53-1, or no number.
inline constexpr ErrorCode bad_merge{"bad_merge"};  // `<<` of something that is not a mapping.

// Of a resource.
inline constexpr ErrorCode bad_api_version{"bad_api_version"};
inline constexpr ErrorCode unknown_kind{"unknown_kind"};
inline constexpr ErrorCode read_only_kind{"read_only_kind"};  // Only the server makes one.
inline constexpr ErrorCode not_available{"not_available"};    // Planned; this version lacks it.
inline constexpr ErrorCode unknown_field{"unknown_field"};
inline constexpr ErrorCode missing_field{"missing_field"};

// Of one value.
inline constexpr ErrorCode wrong_type{"wrong_type"};
inline constexpr ErrorCode bad_word{"bad_word"};  // Not one of an enum's words.
inline constexpr ErrorCode out_of_range{"out_of_range"};
inline constexpr ErrorCode too_long{"too_long"};
inline constexpr ErrorCode too_many_items{"too_many_items"};
inline constexpr ErrorCode bad_duration{"bad_duration"};
inline constexpr ErrorCode bad_size{"bad_size"};
inline constexpr ErrorCode bad_time{"bad_time"};
inline constexpr ErrorCode bad_name{"bad_name"};
inline constexpr ErrorCode bad_label{"bad_label"};
inline constexpr ErrorCode reserved_prefix{"reserved_prefix"};  // "skerry/" is the server's.
inline constexpr ErrorCode bad_variable{"bad_variable"};

// Of values together.
inline constexpr ErrorCode bad_selector{"bad_selector"};
inline constexpr ErrorCode no_targets{"no_targets"};
inline constexpr ErrorCode duplicate_item{"duplicate_item"};

}  // namespace skerry::resource
