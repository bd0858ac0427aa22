#include "reconcile/stack_view.h"

#include <algorithm>
#include <tuple>

namespace skerry::reconcile {

using document::Dependency;

namespace {

/// Visits dependencies first. A cycle, which `judge` refuses, is cut where it closes.
class Sorter {
 public:
  explicit Sorter(const DesiredStack& stack) {
    for (const auto& service : stack.services) {
      by_name_.emplace(service.spec.name, &service);
    }
  }

  void visit(const DesiredService& service) {
    if (!seen_.insert(service.spec.name).second) {
      return;
    }
    for (const auto& dependency : service.spec.depends_on) {
      if (const auto found = by_name_.find(dependency.service); found != by_name_.end()) {
        visit(*found->second);
      }
    }
    order_.push_back(&service);
  }

  std::vector<const DesiredService*> take() { return std::move(order_); }

 private:
  std::map<std::string, const DesiredService*> by_name_;
  std::set<std::string> seen_;
  std::vector<const DesiredService*> order_;
};

bool is_still(ContainerState state) {
  return state == ContainerState::created || state == ContainerState::exited ||
         state == ContainerState::dead;
}

std::string difference_text(const Difference& difference) {
  if (difference.found.empty()) {
    return difference.field + " is missing";
  }
  if (difference.wanted.empty()) {
    return difference.field + " should not be there";
  }
  return difference.field + " is " + difference.found + ", not " + difference.wanted;
}

/// Of a container that is left as it is.
Readiness readiness_as_is(const ObservedContainer& container,
                          Dependency::Condition condition,
                          Readiness not_yet) {
  const bool is_running = container.state == ContainerState::running;
  switch (condition) {
    case Dependency::Condition::completed_successfully:
      return is_running ? not_yet : Readiness::failing;
    case Dependency::Condition::healthy:
      if (!is_running || container.health == Health::unhealthy) {
        return Readiness::failing;
      }
      return container.health == Health::starting ? not_yet : Readiness::ready;
    case Dependency::Condition::started:
    case Dependency::Condition::unspecified:
      break;
  }
  return Readiness::ready;  // It was started, and where it has ended it was meant to.
}

std::string runtime_network_key(const DesiredStack& stack, const std::string& name) {
  for (const auto& network : stack.networks) {
    if (network.name == name) {
      return network.key;
    }
  }
  return name;
}

}  // namespace

document::Drift drift_of(std::string stack, std::string object, Difference difference) {
  const auto or_none = [](std::string& value) { return value.empty() ? "none" : std::move(value); };
  return {.stack = std::move(stack),
          .object = std::move(object),
          .field = std::move(difference.field),
          .wanted = or_none(difference.wanted),
          .found = or_none(difference.found)};
}

std::vector<const DesiredService*> dependency_order(const DesiredStack& stack) {
  Sorter sorter(stack);
  for (const auto& service : stack.services) {
    sorter.visit(service);
  }
  return sorter.take();
}

const Memory& memory_of(const Memories& memories, std::string_view key) {
  static const Memory nothing{};
  const auto found = memories.find(key);
  return found == memories.end() ? nothing : found->second;
}

StackView::StackView(const View& view, const DesiredStack& stack)
    : view_(view),
      stack_(&stack),
      enforces_(!stack.settled || stack.drift != document::DriftMode::report) {
  for (const auto* service : dependency_order(stack)) {
    findings_.push_back(assess(*service));
  }
}

const Finding* StackView::find(std::string_view service) const {
  const auto found = std::find_if(findings_.begin(), findings_.end(), [&](const Finding& finding) {
    return finding.service->spec.name == service;
  });
  return found == findings_.end() ? nullptr : &*found;
}

const Memory& StackView::memory(std::string_view service) const {
  return memory_of(view_.memories, stack_->name + "/" + std::string(service));
}

Action StackView::action(const Finding& finding, Action::Verb verb) const {
  return {.verb = verb,
          .stack = stack_->name,
          .key = finding.service->spec.name,
          .id = finding.container == nullptr ? std::string() : finding.container->id};
}

void StackView::add_drift(Finding& finding, Difference difference) const {
  finding.drift.push_back(
      drift_of(stack_->name, "service " + finding.service->spec.name, std::move(difference)));
}

Finding StackView::assess(const DesiredService& service) const {
  Finding finding{.service = &service};
  for (const auto& container : view_.observed.containers) {
    if (container.stack == stack_->name && container.service == service.spec.name) {
      finding.extras.push_back(&container);
    }
  }
  const auto rank = [&](const ObservedContainer* container) {
    return std::tuple(container->has_own_name,
                      container->config_hash == service.config_hash,
                      diff(service, *container).empty(),
                      container->state == ContainerState::running,
                      container->started_at.value_or(Instant::min()),
                      container->id);
  };
  const auto best = std::max_element(
      finding.extras.begin(), finding.extras.end(), [&](const auto* a, const auto* b) {
        return rank(a) < rank(b);
      });
  if (best != finding.extras.end()) {
    finding.container = *best;
    finding.extras.erase(best);
  }
  assess_container(finding);
  return finding;
}

void StackView::assess_container(Finding& finding) const {
  const auto& service = *finding.service;
  const auto& memory = this->memory(service.spec.name);
  const bool ran_to_end = service.spec.one_shot && memory.completed_hash == service.config_hash;
  finding.not_before = memory.not_before;
  if (!finding.extras.empty()) {
    add_drift(finding, {"containers", "1", std::to_string(finding.extras.size() + 1)});
  }
  if (finding.container == nullptr) {
    finding.is_completed = ran_to_end;
    if (!ran_to_end) {
      finding.need = enforces_ ? Need::create : Need::nothing;
      finding.is_repair = stack_->settled;
      finding.reason = "there is no container";
    }
    if (!ran_to_end && stack_->settled) {
      add_drift(finding, {"container", "running", "missing"});
    }
  } else if (finding.container->config_hash != service.config_hash) {
    finding.need = enforces_ ? Need::replace : Need::nothing;
    finding.is_repair = stack_->settled;
    finding.reason = stack_->settled ? "replaced by hand" : "the configuration changed";
    if (stack_->settled) {
      add_drift(finding, {"config_hash", service.config_hash, finding.container->config_hash});
    }
  } else if (service.spec.one_shot && is_still(finding.container->state) &&
             (ran_to_end || (finding.container->state == ContainerState::exited &&
                             ending(*finding.container) == Ending::success))) {
    finding.is_completed = true;
  } else {
    assess_fields(finding);
    assess_state(finding);
  }
  if (finding.is_repair && memory.repair_not_before && finding.need == Need::replace) {
    finding.not_before =
        std::max(finding.not_before.value_or(Instant::min()), *memory.repair_not_before);
  }
}

void StackView::add_network_repairs(Finding& finding, const Difference& difference) const {
  const std::string name = difference.field.substr(std::string_view("networks.").size());
  for (const auto verb : {Action::Verb::disconnect_network, Action::Verb::connect_network}) {
    const bool is_connect = verb == Action::Verb::connect_network;
    if ((is_connect ? difference.wanted : difference.found).empty()) {
      continue;
    }
    Action repair = action(finding, verb);
    repair.network = runtime_network_key(*stack_, name);
    repair.reason = difference_text(difference);
    repair.is_repair = true;
    finding.in_place.push_back(std::move(repair));
  }
}

void StackView::assess_fields(Finding& finding) const {
  if (!finding.container->unread.empty()) {
    return add_drift(finding, {"fields", "readable", finding.container->unread});
  }
  const auto differences = diff(*finding.service, *finding.container);
  const auto& memory = this->memory(finding.service->spec.name);
  const bool may_repair =
      enforces_ && (!memory.repair_not_before || *memory.repair_not_before <= view_.now);
  std::string update_reason;
  for (const auto& difference : differences) {
    add_drift(finding, difference);
    if (enforces_ && difference.remedy == Remedy::recreate && finding.need == Need::nothing) {
      finding.need = Need::replace;
      finding.is_repair = true;
      finding.reason = difference_text(difference);
    } else if (difference.remedy == Remedy::update && update_reason.empty()) {
      update_reason = difference_text(difference);
    } else if (may_repair && difference.remedy == Remedy::network) {
      add_network_repairs(finding, difference);
    }
  }
  if (may_repair && !update_reason.empty()) {
    Action update = action(finding, Action::Verb::update_container);
    update.reason = update_reason;
    update.is_repair = true;
    finding.in_place.insert(finding.in_place.begin(), std::move(update));
  }
  if (enforces_ && !may_repair && !differences.empty()) {
    finding.look_again = memory.repair_not_before;
  }
}

void StackView::add_start(Finding& finding, std::string reason, bool is_repair) const {
  Action start = action(finding, Action::Verb::start_container);
  start.reason = std::move(reason);
  start.is_repair = is_repair;
  finding.in_place.push_back(std::move(start));
}

void StackView::assess_state(Finding& finding) const {
  switch (finding.container->state) {
    case ContainerState::restarting:
      return;
    case ContainerState::running:
      if (finding.container->started_at && memory(finding.service->spec.name).failures > 0) {
        finding.look_again = *finding.container->started_at + proven_run;
      }
      return;
    case ContainerState::created:
      add_start(finding, "not started yet", false);
      return;
    case ContainerState::paused: {
      add_drift(finding, {"state", "running", "paused"});
      Action unpause = action(finding, Action::Verb::unpause_container);
      unpause.reason = "paused by hand";
      unpause.is_repair = true;
      if (enforces_) {
        finding.in_place.insert(finding.in_place.begin(), std::move(unpause));
      }
      return;
    }
    case ContainerState::dead:
      add_drift(finding, {"state", "running", "dead"});
      finding.need = Need::replace;
      finding.reason = "the runtime calls it dead";
      return;
    case ContainerState::exited:
      assess_standing(finding);
      return;
  }
}

void StackView::assess_standing(Finding& finding) const {
  const auto& container = *finding.container;
  switch (restarting(finding.service->spec, ending(container), container.restarts)) {
    case Restarting::leave:
    case Restarting::leave_failed:
      return;
    case Restarting::at_once:
      if (finding.need == Need::nothing) {
        add_drift(finding, {"state", "running", "exited"});
      }
      if (enforces_) {
        add_start(finding, "stopped by hand", true);
      }
      return;
    case Restarting::after_backoff:
      break;
  }
  const auto& memory = this->memory(finding.service->spec.name);
  const Instant due = restart_due(container, memory, view_.now);
  finding.not_before = std::max(finding.not_before.value_or(Instant::min()), due);
  add_start(finding, "exited with " + std::to_string(container.exit_code), false);
}

Readiness StackView::readiness(const Dependency& dependency,
                               const std::set<std::string>& started) const {
  const auto* finding = find(dependency.service);
  if (finding == nullptr) {
    return Readiness::failing;
  }
  if (finding->is_completed) {
    return Readiness::ready;
  }
  const Readiness not_yet =
      memory(dependency.service).failures > 0 ? Readiness::failing : Readiness::coming;
  if (started.contains(dependency.service)) {
    return dependency.condition == Dependency::Condition::healthy ||
                   dependency.condition == Dependency::Condition::completed_successfully
               ? not_yet
               : Readiness::ready;
  }
  if (finding->need != Need::nothing) {
    return not_yet;
  }
  const auto* container = finding->container;
  if (container == nullptr || container->config_hash != finding->service->config_hash) {
    return Readiness::failing;
  }
  if (container->state != ContainerState::running && !finding->in_place.empty()) {
    return not_yet;
  }
  return readiness_as_is(*container, dependency.condition, not_yet);
}

const Dependency* StackView::blocker(const Finding& finding,
                                     const std::set<std::string>& started) const {
  for (const auto& dependency : finding.service->spec.depends_on) {
    const Readiness state = readiness(dependency, started);
    const bool blocks =
        dependency.required ? state != Readiness::ready : state == Readiness::coming;
    if (blocks) {
      return &dependency;
    }
  }
  return nullptr;
}

bool StackView::has_image(const DesiredService& service) const {
  const auto& images = view_.observed.images;
  return std::any_of(images.begin(), images.end(), [&](const ObservedImage& image) {
    return service.image_id.empty() ? image.reference == service.spec.image
                                    : image.id == service.image_id;
  });
}

}  // namespace skerry::reconcile
