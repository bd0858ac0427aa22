#pragma once

#include "base/result.h"
#include "place/place.h"

namespace skerry::api::v1 {
class Targets;
}  // namespace skerry::api::v1

namespace skerry::place {

/// @return  what `Selector::create` refuses
Result<Targets> targets_of(const api::v1::Targets& message);

}  // namespace skerry::place
