#pragma once

#include <string_view>

namespace skerry::store {

/// The kind of the row beside each Stack, under the same name, that names its release: its body is
/// the digest as text, and the release's envelope is the blob of that digest.
inline constexpr std::string_view release_kind = "Release";

}  // namespace skerry::store
