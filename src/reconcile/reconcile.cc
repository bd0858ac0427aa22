#include "reconcile/reconcile.h"

#include <algorithm>

#include "reconcile/stack_view.h"

namespace skerry::reconcile {

namespace {

using Verb = Action::Verb;

bool runs(const ObservedContainer& container) {
  return container.state == ContainerState::running || container.state == ContainerState::paused ||
         container.state == ContainerState::restarting;
}

bool is_desired(const Desired& desired, std::string_view stack) {
  const auto has_name = [&](const DesiredStack& item) { return item.name == stack; };
  return std::any_of(desired.stacks.begin(), desired.stacks.end(), has_name) ||
         std::any_of(desired.staging.begin(), desired.staging.end(), has_name);
}

/// Collects the plan: leaves out what must wait, and remembers until when.
class Planner {
 public:
  explicit Planner(const View& view) : view_(view) {}

  void plan_stack(const DesiredStack& stack);
  void stage(const DesiredStack& stack);
  void remove_stack(std::string_view stack);

  Plan take() { return std::move(plan_); }

 private:
  bool may(const std::optional<Instant>& not_before);
  bool may_try(const Action& action);
  void pull(const DesiredStack& stack, const DesiredService& service);
  bool has_images(const StackView& stack);
  void tear_down(std::string_view stack, const ObservedContainer& container, const Action& why);
  void remove_strangers(const StackView& stack);
  void note_networks(StackView& stack);
  void note_volumes(const StackView& stack);
  void note_dependents(StackView& stack);
  void clear_networks(const StackView& stack);
  void plan_networks(const StackView& stack);
  void plan_volumes(const StackView& stack);
  void plan_service(const StackView& stack, const Finding& finding);
  void make(const StackView& stack, const Finding& finding);
  void mend(const StackView& stack, const Finding& finding);
  void remove_networks(const StackView& stack);
  bool waits_for_object(const StackView& stack, const Finding& finding) const;
  const ObservedNetwork* find_network(std::string_view stack, std::string_view key) const;
  bool has_volume(std::string_view stack, const document::Volume& volume) const;

  View view_;
  Plan plan_;
  std::set<std::string> pulled_;
  /// Of the stack being planned.
  std::set<std::string> started_;
  std::set<std::string> torn_;
  std::set<std::string> late_networks_;
  std::set<std::string> late_volumes_;
  std::map<std::string, std::string> changed_networks_;
};

bool Planner::may(const std::optional<Instant>& not_before) {
  if (!not_before || *not_before <= view_.now) {
    return true;
  }
  plan_.wake_at = plan_.wake_at ? std::min(*plan_.wake_at, *not_before) : *not_before;
  return false;
}

bool Planner::may_try(const Action& action) {
  return may(memory_of(view_.memories, memory_key(action)).not_before);
}

void Planner::pull(const DesiredStack& stack, const DesiredService& service) {
  Action action{.verb = Verb::pull_image,
                .stack = stack.name,
                .key = service.spec.image,
                .id = service.image_id,
                .reason = "the image is not at hand"};
  if (pulled_.insert(action.key).second && may_try(action)) {
    plan_.actions.push_back(std::move(action));
  }
}

void Planner::stage(const DesiredStack& stack) {
  const StackView staged(view_, stack);
  for (const auto& service : stack.services) {
    if (!staged.has_image(service)) {
      pull(stack, service);
    }
  }
}

/// Pulls what is missing for what has to be made. D7: until all of it is at hand, nothing of the
/// stack is made or replaced.
bool Planner::has_images(const StackView& stack) {
  bool has_all = true;
  for (const auto& finding : stack.findings()) {
    if (finding.need != Need::nothing && !stack.has_image(*finding.service)) {
      pull(stack.stack(), *finding.service);
      has_all = false;
    }
  }
  return has_all;
}

void Planner::tear_down(std::string_view stack,
                        const ObservedContainer& container,
                        const Action& why) {
  if (!torn_.insert(container.id).second) {
    return;
  }
  Action action{.verb = Verb::stop_container,
                .stack = std::string(stack),
                .key = container.service,
                .id = container.id,
                .reason = why.reason,
                .is_repair = why.is_repair};
  if (runs(container)) {
    plan_.actions.push_back(action);
  }
  action.verb = Verb::remove_container;
  plan_.actions.push_back(std::move(action));
}

/// Containers of services that left the stack, and second containers of one service.
void Planner::remove_strangers(const StackView& stack) {
  const auto& name = stack.stack().name;
  for (const auto& container : view_.observed.containers) {
    if (container.stack != name || stack.find(container.service) != nullptr) {
      continue;
    }
    if (stack.enforces()) {
      const Action why{.verb = Verb::remove_container,
                       .stack = name,
                       .key = container.service,
                       .reason = "it left the stack"};
      if (may_try(why)) {
        tear_down(name, container, why);
      }
    } else {
      plan_.drift.push_back(
          drift_of(name, "service " + container.service, {"container", "", container.id}));
    }
  }
  for (const auto& finding : stack.findings()) {
    const Action why{.reason = "a second container of one service", .is_repair = true};
    for (const auto* extra : finding.extras) {
      if (stack.enforces() && may(finding.not_before)) {
        tear_down(name, *extra, why);
      }
    }
  }
}

const ObservedNetwork* Planner::find_network(std::string_view stack, std::string_view key) const {
  const auto& networks = view_.observed.networks;
  const auto found =
      std::find_if(networks.begin(), networks.end(), [&](const ObservedNetwork& network) {
        return network.stack == stack && network.key == key;
      });
  return found == networks.end() ? nullptr : &*found;
}

/// A network that differs can only be made anew, and only once nothing is attached to it.
void Planner::note_networks(StackView& stack) {
  const auto& name = stack.stack().name;
  for (const auto& network : stack.stack().networks) {
    const auto* found = find_network(name, network.key);
    if (network.external) {
      continue;
    }
    if (found == nullptr) {
      if (stack.stack().settled) {
        plan_.drift.push_back(
            drift_of(name, "network " + network.key, {"network", network.name, ""}));
      }
      continue;
    }
    for (const auto& difference : diff(network, *found)) {
      plan_.drift.push_back(drift_of(name, "network " + network.key, difference));
      changed_networks_.emplace(network.key, difference.field + " changed");
    }
  }
  for (auto& finding : stack.findings()) {
    for (const auto& attachment : finding.service->spec.networks) {
      const bool is_there = finding.container != nullptr && !finding.is_completed;
      if (is_there && stack.enforces() && changed_networks_.contains(attachment.network) &&
          finding.need == Need::nothing) {
        finding.need = Need::replace;
        finding.reason = "network " + attachment.network + " changed";
        finding.is_repair = true;
      }
    }
  }
}

bool Planner::has_volume(std::string_view stack, const document::Volume& volume) const {
  const auto& volumes = view_.observed.volumes;
  return std::any_of(volumes.begin(), volumes.end(), [&](const ObservedVolume& found) {
    return found.stack == stack && found.key == volume.key;
  });
}

void Planner::note_volumes(const StackView& stack) {
  for (const auto& volume : stack.stack().volumes) {
    if (stack.stack().settled && !volume.external && !has_volume(stack.stack().name, volume)) {
      plan_.drift.push_back(
          drift_of(stack.stack().name, "volume " + volume.key, {"volume", volume.name, ""}));
    }
  }
}

/// `depends_on: {restart: true}`: such a dependent is made anew after what it depends on.
void Planner::note_dependents(StackView& stack) {
  for (auto& finding : stack.findings()) {
    for (const auto& dependency : finding.service->spec.depends_on) {
      const auto* other = stack.find(dependency.service);
      const bool follows = dependency.restart && other != nullptr && other->need == Need::replace;
      if (follows && finding.container != nullptr && !finding.is_completed &&
          finding.need == Need::nothing) {
        finding.need = Need::replace;
        finding.reason = dependency.service + " is replaced";
        finding.follows = dependency.service;
      }
    }
  }
}

/// Takes away what is attached to a network that has to be made anew.
void Planner::clear_networks(const StackView& stack) {
  for (const auto& finding : stack.findings()) {
    const auto& networks = finding.service->spec.networks;
    const bool is_attached = std::any_of(networks.begin(), networks.end(), [&](const auto& item) {
      return changed_networks_.contains(item.network);
    });
    if (is_attached && finding.container != nullptr && finding.need != Need::nothing) {
      tear_down(
          stack.stack().name, *finding.container, {.reason = finding.reason, .is_repair = true});
    }
  }
}

void Planner::plan_networks(const StackView& stack) {
  const auto& name = stack.stack().name;
  for (const auto& network : stack.stack().networks) {
    const auto* found = find_network(name, network.key);
    const auto changed = changed_networks_.find(network.key);
    if (network.external || (found != nullptr && changed == changed_networks_.end()) ||
        !stack.enforces()) {
      continue;
    }
    Action action{.verb = Verb::create_network,
                  .stack = name,
                  .key = network.key,
                  .reason = found == nullptr ? "there is no such network" : changed->second,
                  .is_repair = stack.stack().settled};
    if (!may_try(action)) {
      late_networks_.insert(network.key);
      continue;
    }
    if (found != nullptr) {
      Action removal = action;
      removal.verb = Verb::remove_network;
      removal.id = found->id;
      plan_.actions.push_back(std::move(removal));
    }
    plan_.actions.push_back(std::move(action));
  }
}

void Planner::plan_volumes(const StackView& stack) {
  for (const auto& volume : stack.stack().volumes) {
    Action action{.verb = Verb::create_volume,
                  .stack = stack.stack().name,
                  .key = volume.key,
                  .reason = "there is no such volume",
                  .is_repair = stack.stack().settled};
    if (volume.external || !stack.enforces() || has_volume(stack.stack().name, volume)) {
      continue;
    }
    if (!may_try(action)) {
      late_volumes_.insert(volume.key);
      continue;
    }
    plan_.actions.push_back(std::move(action));
  }
}

/// A network or volume of it cannot be had for now. The runtime would take a volume of that name
/// from whoever made it.
bool Planner::waits_for_object(const StackView& stack, const Finding& finding) const {
  const auto& networks = finding.service->spec.networks;
  const auto& mounts = finding.service->spec.mounts;
  return !stack.enforces() ||
         std::any_of(
             networks.begin(),
             networks.end(),
             [&](const auto& attachment) { return late_networks_.contains(attachment.network); }) ||
         std::any_of(mounts.begin(), mounts.end(), [&](const auto& mount) {
           return mount.type == document::Mount::Type::volume &&
                  late_volumes_.contains(mount.source);
         });
}

/// Makes the container anew, or for the first time.
void Planner::make(const StackView& stack, const Finding& finding) {
  const auto& name = stack.stack().name;
  const bool must_follow = !finding.follows.empty() && !started_.contains(finding.follows);
  if (must_follow || !may(finding.not_before) || waits_for_object(stack, finding) ||
      stack.blocker(finding, started_) != nullptr) {
    return;
  }
  Action action{.stack = name,
                .key = finding.service->spec.name,
                .reason = finding.reason,
                .is_repair = finding.is_repair};
  if (finding.container != nullptr) {
    for (const auto& other : stack.findings()) {
      const auto& needs = other.service->spec.depends_on;
      const bool follows = std::any_of(needs.begin(), needs.end(), [&](const auto& dependency) {
        return dependency.restart && dependency.service == action.key;
      });
      if (follows && other.container != nullptr && other.need == Need::replace) {
        tear_down(name, *other.container, {.reason = action.key + " is replaced"});
      }
    }
    tear_down(name, *finding.container, action);
  }
  action.verb = Verb::create_container;
  plan_.actions.push_back(action);
  action.verb = Verb::start_container;
  plan_.actions.push_back(std::move(action));
  started_.insert(finding.service->spec.name);
}

void Planner::mend(const StackView& stack, const Finding& finding) {
  if (finding.in_place.empty() || !may(finding.not_before)) {
    return;
  }
  for (const auto& action : finding.in_place) {
    const bool is_start = action.verb == Verb::start_container;
    if (is_start && stack.blocker(finding, started_) != nullptr) {
      continue;
    }
    plan_.actions.push_back(action);
    if (is_start) {
      started_.insert(action.key);
    }
  }
}

void Planner::plan_service(const StackView& stack, const Finding& finding) {
  if (finding.need == Need::nothing) {
    mend(stack, finding);
  } else {
    make(stack, finding);
  }
}

void Planner::remove_networks(const StackView& stack) {
  const auto& wanted = stack.stack().networks;
  for (const auto& network : view_.observed.networks) {
    const bool is_wanted = std::any_of(
        wanted.begin(), wanted.end(), [&](const auto& item) { return item.key == network.key; });
    Action action{.verb = Verb::remove_network,
                  .stack = network.stack,
                  .key = network.key,
                  .id = network.id,
                  .reason = "it left the stack"};
    if (network.stack == stack.stack().name && !is_wanted && stack.enforces() && may_try(action)) {
      plan_.actions.push_back(std::move(action));
    }
  }
}

void Planner::plan_stack(const DesiredStack& desired) {
  started_.clear();
  torn_.clear();
  late_networks_.clear();
  late_volumes_.clear();
  changed_networks_.clear();
  StackView stack(view_, desired);
  note_networks(stack);
  note_volumes(stack);
  note_dependents(stack);
  for (const auto& finding : stack.findings()) {
    plan_.drift.insert(plan_.drift.end(), finding.drift.begin(), finding.drift.end());
    (void)may(finding.look_again);  // Only for the wake-up.
  }
  const bool is_staged = has_images(stack);
  if (is_staged) {
    remove_strangers(stack);
    clear_networks(stack);
    plan_networks(stack);
    plan_volumes(stack);
  }
  for (const auto& finding : stack.findings()) {
    if (is_staged || finding.need == Need::nothing) {
      plan_service(stack, finding);
    }
  }
  if (is_staged) {
    remove_networks(stack);
  }
}

/// Only ever called for a committed removal. Volumes stay: they may hold data.
void Planner::remove_stack(std::string_view stack) {
  torn_.clear();
  for (const auto& container : view_.observed.containers) {
    const Action why{.verb = Verb::remove_container,
                     .stack = std::string(stack),
                     .key = container.service,
                     .reason = "the manifest leaves the stack out"};
    if (container.stack == stack && may_try(why)) {
      tear_down(stack, container, why);
    }
  }
  for (const auto& network : view_.observed.networks) {
    Action action{.verb = Verb::remove_network,
                  .stack = network.stack,
                  .key = network.key,
                  .id = network.id,
                  .reason = "the manifest leaves the stack out"};
    if (network.stack == stack && may_try(action)) {
      plan_.actions.push_back(std::move(action));
    }
  }
}

}  // namespace

std::string memory_key(const Action& action) {
  switch (action.verb) {
    case Verb::pull_image:
      return "pull " + action.key;
    case Verb::create_network:
    case Verb::remove_network:
      return action.stack + "/network " + action.key;
    case Verb::create_volume:
      return action.stack + "/volume " + action.key;
    default:
      return action.stack + "/" + action.key;
  }
}

Plan reconcile(const Desired& desired,
               const Observed& observed,
               const Memories& memories,
               Instant now) {
  if (!observed.complete) {
    return {};
  }
  Planner planner({desired, observed, memories, now});
  for (const auto& stack : desired.stacks) {
    planner.plan_stack(stack);
  }
  for (const auto& stack : desired.staging) {
    planner.stage(stack);
  }
  for (const auto& stack : desired.removals) {
    // A stack that came back is no longer to be removed, whatever an old list says.
    if (!stack.empty() && !is_desired(desired, stack)) {
      planner.remove_stack(stack);
    }
  }
  return planner.take();
}

}  // namespace skerry::reconcile
