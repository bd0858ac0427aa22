#include "agent/reconciler/reconciler.h"

#include <algorithm>

#include "reconcile/fields.h"
#include "reconcile/restart.h"

namespace skerry::agent {

using document::Event;
using reconcile::Action;
using reconcile::Memory;
using reconcile::RuntimeEvent;
using Verb = Action::Verb;

namespace {

const reconcile::ObservedContainer* find_container(const reconcile::Observed& observed,
                                                   std::string_view id) {
  const auto& all = observed.containers;
  const auto found = std::find_if(
      all.begin(), all.end(), [&](const auto& container) { return container.id == id; });
  return found == all.end() ? nullptr : &*found;
}

bool is_stack_observed(const reconcile::Observed& observed, std::string_view stack) {
  const auto is_of_stack = [&](const auto& object) { return object.stack == stack; };
  return std::any_of(observed.containers.begin(), observed.containers.end(), is_of_stack) ||
         std::any_of(observed.networks.begin(), observed.networks.end(), is_of_stack);
}

std::string service_key(const reconcile::ObservedContainer& container) {
  return container.stack + "/" + container.service;
}

}  // namespace

Reconciler::Reconciler(const Outside& outside, ReconcilerOptions options)
    : runtime_(outside.runtime),
      journal_(outside.journal),
      crypto_(outside.crypto),
      options_(options) {
  load();
}

void Reconciler::load() {
  site_ = journal_.site();
  for (auto& record : journal_.stacks()) {
    for (const auto& done : record.completed) {
      memories_[record.stack + "/" + done.service].completed_hash = done.config_hash;
    }
    if (record.applying) {
      ++record.attempts;  // Found at a start: the attempt before this one ended in a crash.
      is_on_trial_ = true;
      journal_.put(record);
    }
    others_.insert_or_assign(record.stack, std::move(record));
  }
}

void Reconciler::set_desired(std::vector<document::StackAssignment> assignments) {
  std::map<std::string, Stack, std::less<>> next;
  for (auto& assignment : assignments) {
    const std::string name = assignment.name;
    Stack stack;
    if (const auto known = stacks_.find(name); known != stacks_.end()) {
      stack = std::move(known->second);
      stacks_.erase(known);
    } else if (const auto record = others_.find(name); record != others_.end()) {
      stack.record = std::move(record->second);
      others_.erase(record);
    }
    stack.record.stack = name;
    stack.assignment = std::move(assignment);
    stack.wanted.reset();
    stack.current.reset();  // Filled again: the drift mode may have changed.
    next.insert_or_assign(name, std::move(stack));
  }
  for (auto& [name, stack] : stacks_) {
    others_.insert_or_assign(name, std::move(stack.record));
  }
  stacks_ = std::move(next);
  has_manifest_ = true;
}

void Reconciler::set_paused(bool paused) {
  if (site_.paused == paused) {
    return;
  }
  site_.paused = paused;
  journal_.put(site_);
  emit(Event::Class::security,
       {.code = paused ? "paused" : "resumed", .message = "by local hands"});
}

/// Power cuts that are far apart are not the fault of a revision that waits paused, or for its
/// engine.
void Reconciler::forgive_crashes(Instant now) {
  if (!is_on_trial_) {
    return;
  }
  trial_ends_ = trial_ends_.value_or(now + options_.healthy_deadline);
  if (now < *trial_ends_) {
    wake_by(trial_ends_);
    return;
  }
  is_on_trial_ = false;
  for (auto& [name, stack] : stacks_) {
    if (stack.record.applying && stack.record.attempts > 1) {
      stack.record.attempts = 1;
      journal_.put(stack.record);
    }
  }
}

void Reconciler::stop() {
  for (auto& [name, stack] : stacks_) {
    if (stack.record.applying && stack.record.attempts > 0) {
      --stack.record.attempts;
      journal_.put(stack.record);
    }
  }
}

void Reconciler::emit(Event::Class event_class, Event event) {
  event.event_class = event_class;
  journal_.event(std::move(event));
}

void Reconciler::wake_by(std::optional<Instant> when) {
  if (when) {
    wake_at_ = wake_at_ ? std::min(*wake_at_, *when) : *when;
  }
}

std::optional<Instant> Reconciler::step(Instant now) {
  wake_at_.reset();
  take_events(now);
  if (!has_manifest_) {
    tell({}, now);
    return wake_at_;
  }
  if (runtime_.observed().complete) {
    note_good_runs(now);
    note_completed();
    commit_removals();
    finish_removals();
  }
  forgive_crashes(now);
  for (auto& [name, stack] : stacks_) {
    refresh(stack);
    if (is_up_ && !site_.paused && runtime_.observed().complete) {
      advance(stack, now);
    }
  }
  watch_images();
  const auto wanted = desired();
  if (is_up_) {
    const auto plan = reconcile::reconcile(wanted, runtime_.observed(), memories_, now);
    if (runtime_.observed().complete) {
      note_drift(plan.drift);
      state_.drift = plan.drift;
      std::erase_if(state_.drift,
                    [&](const document::Drift& drift) { return is_own_doing(drift); });
    }
    if (!site_.paused) {
      perform(plan.actions, now);
      wake_by(plan.wake_at);
    }
  }
  tell(wanted, now);
  return wake_at_;
}

bool Reconciler::take_events(Instant now) {
  bool has_changed = false;
  for (const auto& event : runtime_.take_events()) {
    has_changed = true;
    if (event.kind == RuntimeEvent::Kind::finished) {
      finish(event, now);
    } else if (event.kind != RuntimeEvent::Kind::progress) {
      const bool is_up = event.kind != RuntimeEvent::Kind::down;
      are_images_known_ = is_up;
      if (is_up != is_up_) {
        is_up_ = is_up;
        up_since_ = now;
        emit(Event::Class::notice,
             {.code = is_up ? "runtime_up" : "runtime_down", .message = event.text});
      }
    }
  }
  for (const auto& container : runtime_.observed().containers) {
    if (container.state == reconcile::ContainerState::running) {
      taken_.erase(service_key(container));
    }
  }
  return has_changed;
}

void Reconciler::finish(const RuntimeEvent& event, Instant now) {
  const auto found = deeds_.find(event.action);
  if (found == deeds_.end()) {
    return;
  }
  const Deed deed = std::move(found->second);
  deeds_.erase(found);
  if (event.error) {
    note_success(deed, memories_[reconcile::memory_key(deed.action)]);
  } else {
    note_failure(deed, event.error.error(), now);
  }
}

void Reconciler::note_success(const Deed& deed, Memory& memory) {
  const auto& action = deed.action;
  if (!memory.last_error.empty() && memory.failed_verb == action.verb) {
    memory.last_error.clear();
    memory.not_before.reset();
    // A start that works at last may still be a crash loop: only a good run clears that count.
    memory.failures = action.verb == Verb::start_container ? memory.failures : 0;
  }
  if (action.verb == Verb::create_container && !action.is_repair) {
    memory.failures = 0;  // Another configuration: what the last one did says nothing about it.
  }
  if (deed.is_restart) {
    ++memory.restarts;
    emit(Event::Class::change,
         {.code = "container_restarted",
          .stack = action.stack,
          .object = "service " + action.key,
          .message = action.reason});
  }
}

void Reconciler::note_failure(const Deed& deed, const Error& error, Instant now) {
  const auto& action = deed.action;
  auto& memory = memories_[reconcile::memory_key(action)];
  const bool is_news = memory.last_error != error.message;
  memory.failures += deed.is_restart ? 0 : 1;  // A restart was counted when it began.
  memory.not_before = now + reconcile::backoff(memory.failures);
  memory.last_error = error.message.empty() ? "it failed without a word" : error.message;
  memory.failed_verb = action.verb;
  const bool is_pull = action.verb == Verb::pull_image;
  if (is_news) {
    emit(Event::Class::notice,
         {.code = is_pull ? "image_pull_failed" : "action_failed",
          .stack = action.stack,
          .object = (is_pull ? "image " : "") + action.key,
          .message = to_string(action.verb) + ": " + error.message});
  }
  const auto stack = stacks_.find(action.stack);
  const bool is_runtimes_fault = error.kind == ErrorKind::unavailable;
  if (stack != stacks_.end() && !is_pull && !is_runtimes_fault) {
    count_attempt(stack->second, to_string(action.verb) + " " + action.key + ": " + error.message);
  }
}

void Reconciler::note_good_runs(Instant now) {
  for (const auto& container : runtime_.observed().containers) {
    const auto memory = memories_.find(service_key(container));
    const bool is_good = container.state == reconcile::ContainerState::running &&
                         container.health != reconcile::Health::unhealthy && container.started_at &&
                         now - *container.started_at >= reconcile::good_run;
    if (is_good && memory != memories_.end() && memory->second.last_error.empty()) {
      memory->second.failures = 0;
    }
  }
}

/// Writes down one-shots that ran to their end, so that they stay done when the container is gone.
void Reconciler::note_completed() {
  for (auto& [name, stack] : stacks_) {
    if (!stack.current) {
      continue;
    }
    for (const auto& service : stack.current->services) {
      auto& memory = memories_[name + "/" + service.spec.name];
      const auto& all = runtime_.observed().containers;
      const bool is_done =
          service.spec.one_shot && memory.completed_hash != service.config_hash &&
          std::any_of(all.begin(), all.end(), [&](const reconcile::ObservedContainer& container) {
            return container.stack == name && container.service == service.spec.name &&
                   container.config_hash == service.config_hash &&
                   container.state == reconcile::ContainerState::exited &&
                   reconcile::ending(container) == reconcile::Ending::success;
          });
      if (!is_done) {
        continue;
      }
      memory.completed_hash = service.config_hash;
      auto& completed = stack.record.completed;
      std::erase_if(completed,
                    [&](const auto& entry) { return entry.service == service.spec.name; });
      completed.push_back({service.spec.name, service.config_hash});
      journal_.put(stack.record);
    }
  }
}

/// D6, the first step: what the manifest leaves out is written down before any of it is touched.
void Reconciler::commit_removals() {
  std::set<std::string> removals;
  for (const auto& [name, record] : others_) {
    removals.insert(name);
  }
  const auto add = [&](const std::string& stack) {
    if (!stack.empty() && !stacks_.contains(stack)) {
      removals.insert(stack);
    }
  };
  for (const auto& container : runtime_.observed().containers) {
    add(container.stack);
  }
  for (const auto& network : runtime_.observed().networks) {
    add(network.stack);
  }
  std::vector<std::string> list(removals.begin(), removals.end());
  if (list != site_.removals) {
    site_.removals = std::move(list);
    journal_.put(site_);
  }
}

/// D6, the last step: what is wholly gone is forgotten.
void Reconciler::finish_removals() {
  const std::vector<std::string> removals = site_.removals;
  for (const auto& name : removals) {
    const bool is_busy = std::any_of(deeds_.begin(), deeds_.end(), [&](const auto& deed) {
      return deed.second.action.stack == name;
    });
    if (is_busy || is_stack_observed(runtime_.observed(), name)) {
      continue;
    }
    others_.erase(name);
    std::erase_if(memories_,
                  [&](const auto& memory) { return memory.first.starts_with(name + "/"); });
    journal_.forget(name);
    std::erase(site_.removals, name);
    journal_.put(site_);
    emit(Event::Class::change, {.code = "stack_removed", .stack = name});
  }
}

reconcile::Desired Reconciler::desired() const {
  reconcile::Desired desired{.removals = site_.removals};
  for (const auto& [name, stack] : stacks_) {
    if (stack.current) {
      desired.stacks.push_back(*stack.current);
    }
    if (stack.is_staging && stack.wanted) {
      desired.staging.push_back(*stack.wanted);
    }
  }
  return desired;
}

/// Begins the first action of each stack that is idle; pulls run beside the others.
void Reconciler::perform(const std::vector<Action>& actions, Instant now) {
  std::set<std::string> busy;
  std::size_t deeds = 0;
  std::size_t pulls = 0;
  const auto lane = [](const Action& action) {
    return (action.verb == Verb::pull_image ? "pull " + action.key : action.stack);
  };
  for (const auto& [number, deed] : deeds_) {
    busy.insert(lane(deed.action));
    ++(deed.action.verb == Verb::pull_image ? pulls : deeds);
  }
  for (const auto& action : actions) {
    const bool is_pull = action.verb == Verb::pull_image;
    if (is_pull && !are_images_known_) {
      continue;  // It may well be at hand; the runtime says so with its next `changed`.
    }
    std::size_t& count = is_pull ? pulls : deeds;
    const std::size_t count_max = is_pull ? options_.pulls_max : options_.deeds_max;
    if (!busy.insert(lane(action)).second || count >= count_max) {
      continue;
    }
    ++count;
    begin(action, now);
  }
}

/// A repair that does not last is repeated ever more slowly.
void Reconciler::count_repair(const Action& action, Instant now) {
  const bool counts =
      action.is_repair &&
      (action.verb == Verb::remove_container || action.verb == Verb::update_container ||
       action.verb == Verb::connect_network || action.verb == Verb::disconnect_network);
  if (!counts) {
    return;
  }
  auto& memory = memories_[reconcile::memory_key(action)];
  if (memory.repair_not_before && now - *memory.repair_not_before >= reconcile::good_run) {
    memory.repairs = 0;
  }
  ++memory.repairs;
  memory.repair_not_before = now + reconcile::repair_delay(memory.repairs);
}

void Reconciler::begin(const Action& action, Instant now) {
  count_repair(action, now);
  Deed deed{.action = action};
  const auto* container = find_container(runtime_.observed(), action.id);
  if (action.verb == Verb::start_container && !action.is_repair && container != nullptr &&
      container->state == reconcile::ContainerState::exited) {
    auto& memory = memories_[reconcile::memory_key(action)];
    const bool was_good = container->started_at && container->stopped_at &&
                          *container->stopped_at - *container->started_at >= reconcile::good_run;
    const bool ended_with_runtime =
        up_since_ && container->stopped_at && *container->stopped_at <= *up_since_;
    if (!ended_with_runtime) {
      memory.failures = was_good ? 1 : memory.failures + 1;
    }
    deed.is_restart = true;
  }
  // One that is dead or going already was somebody else's to take.
  if (action.verb == Verb::remove_container && container != nullptr &&
      container->state != reconcile::ContainerState::dead) {
    taken_.insert(action.stack + "/" + action.key);
  }
  if (const auto stack = stacks_.find(action.stack); stack != stacks_.end()) {
    ++stack->second.steps;
  }
  const std::uint64_t number = runtime_.begin(action, context(action));
  deeds_.insert_or_assign(number, std::move(deed));
}

reconcile::Runtime::Context Reconciler::context(const Action& action) const {
  const auto stack = stacks_.find(action.stack);
  if (stack == stacks_.end()) {
    return {};
  }
  const auto& current = stack->second.current;
  const auto& wanted = stack->second.wanted;
  const bool is_for_wanted = !current || (action.verb == Verb::pull_image && wanted);
  const auto& chosen = is_for_wanted ? wanted : current;
  if (!chosen) {
    return {};
  }
  reconcile::Runtime::Context context{.stack = &*chosen};
  for (const auto& service : chosen->services) {
    if (service.spec.name == action.key) {
      context.service = &service;
    }
  }
  return context;
}

void Reconciler::watch_images() {
  std::set<std::string> references;
  const auto add = [&](const std::optional<reconcile::DesiredStack>& stack) {
    if (!stack) {
      return;
    }
    for (const auto& service : stack->services) {
      references.insert(service.spec.image);
      if (!service.image_id.empty()) {
        references.insert(service.image_id);
      }
    }
  };
  for (const auto& [name, stack] : stacks_) {
    add(stack.current);
    add(stack.wanted);
  }
  std::vector<std::string> list(references.begin(), references.end());
  if (list != watched_) {
    watched_ = list;
    are_images_known_ = false;
    std::erase_if(memories_, [&](const auto& memory) {
      constexpr std::string_view pull_prefix = "pull ";
      return memory.first.starts_with(pull_prefix) &&
             !references.contains(memory.first.substr(pull_prefix.size()));
    });
    runtime_.watch_images(std::move(list));
  }
}

}  // namespace skerry::agent
