#pragma once

#include <string_view>

namespace skerry::resource {

/// Labels under it are facts: the server's alone.
inline constexpr std::string_view fact_prefix = "skerry/";

// Each says what is wrong with a text as one clause ("is empty"), or nothing: "".

/// An object's name: a DNS name of RFC 1123 in lower case, at most 253 characters, 63 a part.
std::string_view name_problem(std::string_view text);

/// A label's or annotation's key as in Kubernetes: an optional DNS name and "/", then at most 63
/// letters, digits, "-", "_" and ".", with a letter or digit at both ends.
std::string_view label_key_problem(std::string_view text);

/// A label's value: as the second part of a key, or empty.
std::string_view label_value_problem(std::string_view text);

/// A variable's name: letters, digits and "_", no digit first; not SKERRY_, which is the server's.
std::string_view variable_problem(std::string_view text);

}  // namespace skerry::resource
