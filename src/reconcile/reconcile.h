#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "document/report.h"
#include "reconcile/runtime.h"
#include "reconcile/state.h"

namespace skerry::reconcile {

/// What the agent remembers of a service, network or pull between passes.
struct Memory {
  /// Unwanted endings and failed deeds in a row; the back-off grows with it.
  std::uint32_t failures = 0;
  /// How often this agent, as opposed to the runtime, has started it again.
  std::uint64_t restarts = 0;
  /// After a failed deed: not before this is it tried again.
  std::optional<Instant> not_before = {};
  /// The runtime's words on the last failed deed, empty once one succeeded.
  std::string last_error = {};
  /// The deed that failed, for the reason chain.
  Action::Verb failed_verb = Action::Verb::pull_image;
  /// Repairs of drift in a row, so that a difference no repair takes away is not repaired for ever
  /// without a pause.
  std::uint32_t repairs = 0;
  std::optional<Instant> repair_not_before = {};
  /// A one-shot's configuration that has completed with exit 0, so that it runs once a release.
  std::string completed_hash = {};
};

/// By `memory_key`.
using Memories = std::map<std::string, Memory, std::less<>>;

/// "stack/service", "stack/network front", or "pull reference" (shared by all stacks).
std::string memory_key(const Action& action);

struct Plan {
  /// In the order to run them; those of different stacks are independent of each other.
  std::vector<Action> actions = {};
  /// Differences found, whether or not an action above puts them right.
  std::vector<document::Drift> drift = {};
  /// When to ask again if nothing happens before: the nearest back-off or start period.
  std::optional<Instant> wake_at = {};
};

/// Decides what would move one site from `observed` to `desired`.
///
/// Pure: no I/O, no clock, no randomness, so a test or the simulator can replay any decision.
/// Calling it again after the actions succeeded gives no actions. Each stack is planned by itself:
/// one that is stuck holds nothing else back. With an incomplete observation the plan is empty.
///
/// Within a stack, in this order: images are pulled and nothing is made or replaced before all that
/// this needs are at hand; containers of services that left the stack go; networks and volumes are
/// made; services are made, replaced, repaired and started in dependency order, each only once
/// what it depends on is ready; networks that left go. A later action of the plan assumes that the
/// earlier ones of its stack succeeded, so whoever performs them does one a stack and asks again.
Plan reconcile(const Desired& desired,
               const Observed& observed,
               const Memories& memories,
               Instant now);

/// The state of every stack and service as people read it, each that is not Healthy with its
/// reason chain down to the runtime's own message.
std::vector<document::StackStatus> status(const Desired& desired,
                                          const Observed& observed,
                                          const Memories& memories,
                                          Instant now);

}  // namespace skerry::reconcile
