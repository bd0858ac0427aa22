#include "server/gateway/site_state.h"

#include <algorithm>

namespace skerry::gateway {
namespace {

using api::v1::SiteState;
using document::WorkloadState;

SiteState::Word word_of(WorkloadState state) {
  switch (state) {
    case WorkloadState::healthy:
    case WorkloadState::stopped:
      return SiteState::HEALTHY;
    case WorkloadState::failed:
      return SiteState::FAILED;
    case WorkloadState::unhealthy:
    case WorkloadState::rolled_back:
      return SiteState::DEGRADED;
    case WorkloadState::unspecified:
    case WorkloadState::pending:
    case WorkloadState::pulling:
    case WorkloadState::starting:
      return SiteState::PENDING;
  }
  return SiteState::PENDING;
}

/// Rises with how much the word needs a person.
int urgency(SiteState::Word word) {
  switch (word) {
    case SiteState::FAILED:
      return 4;
    case SiteState::DEGRADED:
      return 3;
    case SiteState::DRIFTED:
      return 2;
    case SiteState::PENDING:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

SiteState::Word site_state(const document::Report& report) {
  SiteState::Word worst = SiteState::HEALTHY;
  const auto consider = [&](SiteState::Word word) {
    worst = urgency(word) > urgency(worst) ? word : worst;
  };
  for (const document::StackStatus& stack : report.stacks) {
    consider(word_of(stack.state));
  }
  if (!report.drift.empty()) {
    consider(SiteState::DRIFTED);
  }
  const bool runtime_down = std::ranges::any_of(
      report.conditions,
      [](const document::Reason& reason) { return reason.code == "RuntimeDown"; });
  if (runtime_down) {
    consider(SiteState::DEGRADED);
  }
  return worst;
}

}  // namespace skerry::gateway
