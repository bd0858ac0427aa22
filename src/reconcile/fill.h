#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "document/manifest.h"
#include "document/workload.h"
#include "reconcile/state.h"

namespace skerry::reconcile {

/// Image reference to the image id it is pinned to at this site.
using Pins = std::map<std::string, std::string, std::less<>>;

/// What a stack becomes at one site: the release with the values the site's manifest gives.
struct Filling {
  const document::Release& release;
  const document::StackAssignment& assignment;
  /// Ids of images that are at hand for this revision; may be empty.
  const Pins& pins;
};

/// Fills every hole and computes fields and configuration hashes.
///
/// @return  `invalid` where a hole names a slot that has no value or lies outside its text; `judge`
///          refuses such releases, so this is the second lock on that door
Result<DesiredStack> fill(const Crypto& crypto, const Filling& filling);

}  // namespace skerry::reconcile
