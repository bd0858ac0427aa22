#pragma once

#include <optional>
#include <vector>

#include "document/manifest.h"
#include "place/place.h"

namespace skerry::planner {

/// Keeps a manifest within what a site reads: where it is too large, the stacks that grow it the
/// most go back to what the site was told, or are left out where it was told nothing of them.
///
/// @param refused  the stacks that were taken back are added
/// @return         whether it fits; not where even what was told would be too large
bool fit(document::Manifest& manifest,
         const std::optional<document::Manifest>& told,
         std::vector<place::Refused>& refused);

/// What a manifest takes, never less than it does once encoded.
std::size_t bytes_of(const document::Manifest& manifest);

}  // namespace skerry::planner
