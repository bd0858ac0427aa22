#include <algorithm>

#include "agent/reconciler/reconciler.h"

/// What the reconciler says: drift events and the state of every stack.
namespace skerry::agent {

using document::Drift;
using document::Event;
using document::Reason;
using document::StackStatus;
using document::WorkloadState;

namespace {

std::string drift_key(const Drift& drift) {
  return drift.stack + "/" + drift.object;
}

bool is_same_field(const Drift& a, const Drift& b) {
  return a.field == b.field && a.wanted == b.wanted && a.found == b.found;
}

Event drift_event(const Drift& drift, const char* code) {
  return {.code = code,
          .stack = drift.stack,
          .object = drift.object,
          .message = drift.field + " was " + drift.found,
          .field = drift.field,
          .wanted = drift.wanted,
          .found = drift.found};
}

/// The image of a revision in waiting that keeps it waiting.
const document::ServiceStatus* waiting_for_image(const StackStatus& status) {
  const auto& services = status.services;
  const auto found = std::find_if(services.begin(), services.end(), [](const auto& service) {
    return !service.reasons.empty() && (service.reasons.front().code == "ImageMissing" ||
                                        service.reasons.front().code == "ImagePullFailed");
  });
  return found == services.end() ? nullptr : &*found;
}

}  // namespace

bool Reconciler::only_reports(const std::string& name) const {
  const auto stack = stacks_.find(name);
  return stack != stacks_.end() && stack->second.current && stack->second.current->settled &&
         stack->second.current->drift == document::DriftMode::report;
}

/// This agent took the container away and has not made the next one yet.
bool Reconciler::is_own_doing(const Drift& drift) const {
  const bool is_absence = drift.field == "container" || drift.field == "state";
  return is_absence &&
         taken_.contains(drift.stack + "/" + drift.object.substr(drift.object.find(' ') + 1));
}

/// Remembers each new difference; tells it at once in report mode, and as reverted once the object
/// has none left.
void Reconciler::note_drift(const std::vector<Drift>& found) {
  std::set<std::string, std::less<>> drifted;
  for (const auto& drift : found) {
    const std::string key = drift_key(drift);
    drifted.insert(key);
    auto& open = open_drift_[key];
    const bool is_known = std::any_of(
        open.begin(), open.end(), [&](const Drift& other) { return is_same_field(other, drift); });
    if (is_known || is_own_doing(drift)) {
      continue;
    }
    open.push_back(drift);
    if (only_reports(drift.stack) || site_.paused) {
      emit(Event::Class::notice, drift_event(drift, "drift_found"));
    }
  }
  for (auto open = open_drift_.begin(); open != open_drift_.end();) {
    if (drifted.contains(open->first)) {
      ++open;
      continue;
    }
    for (const auto& drift : open->second) {
      emit(Event::Class::change,
           drift_event(drift, only_reports(drift.stack) ? "drift_ended" : "drift_reverted"));
    }
    open = open_drift_.erase(open);
  }
}

StackStatus Reconciler::stack_status(const Stack& stack,
                                     const reconcile::Desired& desired,
                                     Instant now) const {
  StackStatus status{.name = stack.assignment.name, .state = WorkloadState::pending};
  if (stack.current) {
    const auto all = reconcile::status({.stacks = {*stack.current}, .removals = desired.removals},
                                       runtime_.observed(),
                                       memories_,
                                       now);
    status = all.front();
  } else if (stack.wanted) {
    status =
        reconcile::status({.stacks = {*stack.wanted}}, runtime_.observed(), memories_, now).front();
    status.release = {};
  }
  status.wanted = stack.assignment.release;
  const bool is_well = status.state == WorkloadState::healthy;
  const std::string subject = "stack " + stack.assignment.name;
  const Revision wanted = wanted_revision(stack);
  const bool is_given_up = stack.record.quarantined == wanted && !stack.record.applying;
  if (is_given_up && !(stack.record.good && stack.record.good->revision == wanted)) {
    status.state = !stack.current ? WorkloadState::failed
                   : is_well      ? WorkloadState::rolled_back
                                  : status.state;
    status.reasons.insert(status.reasons.begin(),
                          {{"RolledBack", subject, "the wanted release was given up"},
                           {"ReleaseGivenUp",
                            "release " + short_name(status.wanted),
                            stack.record.quarantine_reason}});
  } else if (stack.obstacle) {
    const bool is_refused = stack.obstacle->code == "ReleaseRefused";
    const auto state = is_refused ? WorkloadState::failed : WorkloadState::pending;
    status.state = is_well || !stack.current ? state : status.state;
    status.reasons.push_back(*stack.obstacle);
  } else if (stack.is_staging && stack.current && stack.wanted) {
    const auto waiting =
        reconcile::status({.stacks = {*stack.wanted}}, runtime_.observed(), memories_, now).front();
    const auto* service = waiting_for_image(waiting);
    status.state = is_well ? WorkloadState::pulling : status.state;
    status.reasons.push_back(
        {"Staging", subject, "release " + short_name(status.wanted) + " waits for its images"});
    if (service != nullptr) {
      status.reasons.insert(status.reasons.end(), service->reasons.begin(), service->reasons.end());
    }
  }
  return status;
}

void Reconciler::tell(const reconcile::Desired& desired, Instant now) {
  state_.conditions.clear();
  if (!is_up_) {
    state_.conditions.push_back(
        {"RuntimeDown", "runtime", "the container runtime does not answer"});
  }
  if (site_.paused) {
    state_.conditions.push_back({"Paused", "site", "paused by local hands; nothing is touched"});
  }
  if (!has_manifest_) {
    state_.conditions.push_back({"NoManifest", "site", "no manifest yet; nothing is touched"});
  }
  if (!runtime_.observed().complete && !state_.stacks.empty()) {
    return;  // What was known last is better than "missing".
  }
  state_.stacks.clear();
  for (const auto& [name, stack] : stacks_) {
    state_.stacks.push_back(stack_status(stack, desired, now));
  }
}

}  // namespace skerry::agent
