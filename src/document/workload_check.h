#pragma once

#include "base/result.h"
#include "document/workload.h"

namespace skerry::document {

/// Of one workload; a site has a processor to answer for each.
inline constexpr std::size_t services_max = 1'000;
inline constexpr std::size_t slots_max = 4'096;

/// Whether a workload holds its invariants: names and keys are proper and unique, every reference
/// names something in it, dependencies form no cycle, holes stand in order inside their text and
/// name a slot.
///
/// Whoever compiles one promises them; whoever receives one asks here. Pure.
///
/// @return `malformed` with the first place that breaks one, `too_large` beyond the limits above
Status check(const Workload& workload);

}  // namespace skerry::document
