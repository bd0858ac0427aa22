#include "place/targets.h"

#include "skerry/api/v1/stack.pb.h"

namespace skerry::place {

Result<Targets> targets_of(const api::v1::Targets& message) {
  Targets targets{.sites = {message.sites().begin(), message.sites().end()}};
  if (message.has_selector()) {
    SKERRY_TRY(targets.selector, resource::Selector::create(message.selector()));
  }
  return targets;
}

}  // namespace skerry::place
