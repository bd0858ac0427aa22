#include "agent/runtime/fake/fake_runtime.h"

#include <algorithm>
#include <array>

#include "agent/runtime/fake/codes.h"
#include "base/text.h"
#include "reconcile/fields.h"

namespace skerry::agent {

using document::Service;
using reconcile::Action;
using reconcile::ContainerState;
using reconcile::Health;
using reconcile::RuntimeEvent;
using Verb = Action::Verb;

namespace {

/// As the engine's own back-off between restarts: 100 ms doubling to a minute.
std::chrono::milliseconds engine_backoff(std::uint64_t restarts) {
  constexpr std::uint64_t doublings_max = 9;
  return std::min(std::chrono::milliseconds{std::int64_t{100} << std::min(restarts, doublings_max)},
                  std::chrono::milliseconds{60'000});
}

Status refuse(std::string message, ErrorKind kind = ErrorKind::invalid) {
  return fail({.kind = kind, .code = codes::fake_refused, .message = std::move(message)});
}

bool is_running(const reconcile::ObservedContainer& container) {
  return container.state == ContainerState::running || container.state == ContainerState::paused ||
         container.state == ContainerState::restarting;
}

/// Only what an engine can tell.
reconcile::Fields found_fields(const reconcile::Fields& wanted, const reconcile::Fields& image) {
  reconcile::Fields found = reconcile::effective_fields(wanted, image);
  std::erase_if(found, [](const auto& field) {
    const auto* rule = reconcile::field_rule(field.first);
    return rule == nullptr || rule->remedy == reconcile::Remedy::none;
  });
  return found;
}

}  // namespace

std::string FakeRuntime::make_id() {
  std::array<std::uint8_t, 16> bytes{};
  random_.fill(bytes);
  return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::chrono::milliseconds FakeRuntime::deed_time() {
  const auto span = faults_.deed_takes_max - faults_.deed_takes_min;
  const auto extra = random_.below(static_cast<std::uint64_t>(span.count()) + 1);
  return faults_.deed_takes_min + std::chrono::milliseconds{extra};
}

std::uint64_t FakeRuntime::begin(const Action& action, const Context& context) {
  begun_blindly_ += observed_.complete ? 0 : 1;
  Pending pending{.number = next_number_++, .action = action};
  if (context.service != nullptr) {
    pending.service = *context.service;
  }
  if (context.stack != nullptr) {
    pending.networks = context.stack->networks;
    pending.volumes = context.stack->volumes;
  }
  const auto* wanted = image(action.key);
  const bool is_pull = action.verb == Verb::pull_image && wanted != nullptr;
  pending.ends_at = now_ + (is_pull ? wanted->pull_takes : deed_time());
  pending_.push_back(std::move(pending));
  return pending_.back().number;
}

void FakeRuntime::watch_images(std::vector<std::string> references) {
  watched_ = std::move(references);
  has_changed_ = true;
}

void FakeRuntime::scan() {
  has_changed_ = true;
}

std::vector<RuntimeEvent> FakeRuntime::take_events() {
  if (is_up_ && !has_greeted_) {
    has_greeted_ = true;
    has_changed_ = false;
    publish();
    events_.push_back({.kind = RuntimeEvent::Kind::up});
  } else if (is_up_ && has_changed_) {
    has_changed_ = false;
    publish();
    events_.push_back({.kind = RuntimeEvent::Kind::changed});
  }
  return std::exchange(events_, {});
}

/// Writes down what a list shows now.
void FakeRuntime::publish() {
  observed_ = {};
  observed_.complete = is_up_ && !faults_.lists_fail && !faults_.lists_are_empty;
  if (faults_.lists_are_empty || !is_up_) {
    return;
  }
  for (const auto& container : containers_) {
    observed_.containers.push_back(container.seen);
  }
  observed_.containers.insert(observed_.containers.end(), ghosts_.begin(), ghosts_.end());
  observed_.networks = networks_;
  observed_.volumes = volumes_;
  for (const auto& reference : watched_) {
    if (const auto* found = image(reference); found != nullptr && is_at_hand(reference)) {
      observed_.images.push_back({reference, found->id, found->repo_digest});
    }
  }
}

std::optional<Instant> FakeRuntime::step(Instant now) {
  now_ = now;
  for (auto& container : containers_) {
    has_changed_ = advance_container(container) || has_changed_;
  }
  for (std::size_t i = 0; i < pending_.size();) {
    if (pending_[i].ends_at > now && is_up_) {
      ++i;
      continue;
    }
    const Pending pending = std::move(pending_[i]);
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
    RuntimeEvent event{.kind = RuntimeEvent::Kind::finished, .action = pending.number};
    event.error = perform(pending);
    if (event.error) {
      history_.push_back(to_string(pending.action.verb) + " " +
                         (pending.action.verb == Verb::pull_image
                              ? pending.action.key
                              : pending.action.stack + "/" + pending.action.key));
    }
    events_.push_back(std::move(event));
    has_changed_ = true;
  }
  std::optional<Instant> next;
  const auto wake = [&](const std::optional<Instant>& at) {
    next = at && (!next || *at < *next) ? at : next;
  };
  for (const auto& pending : pending_) {
    wake(pending.ends_at);
  }
  for (const auto& container : containers_) {
    wake(container.exits_at);
    wake(container.health_at);
    wake(is_up_ ? container.restarts_at : std::nullopt);
  }
  const bool has_news = !events_.empty() || (is_up_ && (has_changed_ || !has_greeted_));
  return has_news ? now : next;
}

bool FakeRuntime::advance_container(Container& container) {
  bool has_changed = false;
  if (container.health_at && *container.health_at <= now_) {
    const auto* made_from = image(container.image);
    const bool is_bad = made_from != nullptr && made_from->is_unhealthy;
    container.seen.health = is_bad ? Health::unhealthy : Health::healthy;
    container.seen.message = is_bad ? "health check: exit 1" : "";
    container.health_at.reset();
    has_changed = true;
  }
  if (container.exits_at && *container.exits_at <= now_) {
    const auto* made_from = image(container.image);
    end_run(container, made_from == nullptr ? 1 : made_from->exit_code);
    has_changed = true;
  }
  if (is_up_ && container.restarts_at && *container.restarts_at <= now_) {
    ++container.seen.restarts;
    run(container);
    has_changed = true;
  }
  return has_changed;
}

void FakeRuntime::run(Container& container) {
  container.restarts_at.reset();
  container.seen.state = ContainerState::running;
  container.seen.stopped_by_hand = false;
  container.seen.exit_code = 0;
  container.seen.started_at = now_;
  container.seen.message.clear();
  const auto* made_from = image(container.image);
  if (made_from == nullptr) {
    return;
  }
  if (made_from->exits_after) {
    container.exits_at = now_ + *made_from->exits_after;
  }
  container.seen.health = made_from->has_health ? Health::starting : Health::none;
  if (made_from->has_health) {
    container.health_at = now_ + made_from->health_after;
  }
}

/// It ended by itself, so the engine applies the policy that it was given.
void FakeRuntime::end_run(Container& container, std::uint32_t exit_code) {
  stop_container(container, exit_code, false);
  const bool may_retry =
      container.restarts_max == 0 || container.seen.restarts < container.restarts_max;
  const bool restarts =
      container.restart == Service::Restart::always ||
      container.restart == Service::Restart::unless_stopped ||
      (container.restart == Service::Restart::on_failure && exit_code != 0 && may_retry);
  if (restarts) {
    container.seen.state = ContainerState::restarting;
    container.restarts_at = now_ + engine_backoff(container.seen.restarts);
  }
}

void FakeRuntime::stop_container(Container& container, std::uint32_t exit_code, bool by_hand) {
  container.exits_at.reset();
  container.health_at.reset();
  container.restarts_at.reset();
  container.seen.state = ContainerState::exited;
  container.seen.health = Health::none;
  container.seen.exit_code = exit_code;
  container.seen.stopped_by_hand = by_hand;
  container.seen.stopped_at = now_;
}

Status FakeRuntime::perform(const Pending& pending) {
  const auto& action = pending.action;
  if (!is_up_) {
    return refuse("the engine does not answer", ErrorKind::unavailable);
  }
  if (faults_.deeds_fail_percent > 0 && random_.below(100) < faults_.deeds_fail_percent) {
    return refuse("the engine had a bad moment", ErrorKind::unavailable);
  }
  std::erase_if(ghosts_, [&](const auto& ghost) { return ghost.id == action.id; });
  auto* container = by_id(action.id);
  switch (action.verb) {
    case Verb::pull_image:
      return pull(pending);
    case Verb::create_network:
      create_network(pending);
      return {};
    case Verb::create_volume:
      create_volume(pending);
      return {};
    case Verb::create_container:
      return create(pending);
    case Verb::start_container:
      return start(action);
    case Verb::stop_container:
      if (container != nullptr && is_running(container->seen)) {
        stop_container(*container, 143, true);
      }
      return {};
    case Verb::remove_container:
      std::erase_if(containers_, [&](const auto& item) { return item.seen.id == action.id; });
      return {};
    case Verb::connect_network:
    case Verb::disconnect_network:
      connect(pending, action.verb == Verb::connect_network);
      return {};
    case Verb::update_container:
      update(pending);
      return {};
    case Verb::unpause_container:
      return unpause(action);
    case Verb::remove_network:
      return remove_network(action);
  }
  return {};
}

Status FakeRuntime::pull(const Pending& pending) {
  const auto* found = image(pending.action.key);
  if (found == nullptr || found->id.empty()) {
    return refuse("no such image: " + pending.action.key, ErrorKind::not_found);
  }
  if (!found->pull_error.empty()) {
    return refuse(found->pull_error, ErrorKind::not_found);
  }
  if (!pending.action.id.empty() && pending.action.id != found->id) {
    return refuse("the registry has another image under this name", ErrorKind::conflict);
  }
  at_hand_.insert(pending.action.key);
  return {};
}

Status FakeRuntime::create(const Pending& pending) {
  const auto& service = pending.service;
  const std::string& from = service.image_id.empty() ? service.spec.image : service.image_id;
  const auto* found = image(from);
  if (found == nullptr || !is_at_hand(from)) {
    return refuse("no such image: " + from, ErrorKind::not_found);
  }
  if (!found->create_error.empty()) {
    return refuse(found->create_error);
  }
  const std::string name = pending.action.stack + "-" + service.spec.name;
  const bool is_taken = std::any_of(containers_.begin(), containers_.end(), [&](const auto& item) {
    return item.seen.name == name;
  });
  if (is_taken) {
    return refuse("the name " + name + " is in use", ErrorKind::conflict);
  }
  Container container{.image = service.spec.image,
                      .restart = service.spec.restart,
                      .restarts_max = service.spec.restart_retries_max};
  container.seen = {.id = make_id(),
                    .name = name,
                    .stack = pending.action.stack,
                    .service = service.spec.name,
                    .config_hash = service.config_hash,
                    .image_id = found->id,
                    .fields = found_fields(service.fields, found->fields),
                    .image_fields = found->fields};
  containers_.push_back(std::move(container));
  return {};
}

Status FakeRuntime::start(const Action& action) {
  auto* container = action.id.empty() ? by_service(action.stack, action.key) : by_id(action.id);
  if (container == nullptr) {
    return refuse("no such container", ErrorKind::not_found);
  }
  const auto* made_from = image(container->image);
  if (made_from != nullptr && !made_from->start_error.empty()) {
    return refuse(made_from->start_error);
  }
  if (!is_running(container->seen)) {
    run(*container);
  }
  return {};
}

Status FakeRuntime::unpause(const Action& action) {
  auto* container = by_id(action.id);
  if (container == nullptr) {
    return refuse("no such container", ErrorKind::not_found);
  }
  if (container->seen.state == ContainerState::paused) {
    container->seen.state = ContainerState::running;
  }
  return {};
}

void FakeRuntime::connect(const Pending& pending, bool connected) {
  auto* container = by_id(pending.action.id);
  if (container == nullptr) {
    return;
  }
  std::string name = pending.action.network;
  for (const auto& network : pending.networks) {
    name = network.key == pending.action.network ? network.name : name;
  }
  const std::string field = "networks." + name;
  container->seen.fields.erase(field);
  if (const auto wanted = pending.service.fields.find(field);
      connected && wanted != pending.service.fields.end()) {
    container->seen.fields.emplace(field, wanted->second);
  }
}

void FakeRuntime::update(const Pending& pending) {
  auto* container = by_id(pending.action.id);
  if (container == nullptr) {
    return;
  }
  for (const auto& [name, value] : pending.service.fields) {
    if (reconcile::field_rule(name)->remedy == reconcile::Remedy::update) {
      container->seen.fields.insert_or_assign(name, value);
    }
  }
  container->restart = pending.service.spec.restart;
}

void FakeRuntime::create_network(const Pending& pending) {
  for (const auto& network : pending.networks) {
    const bool exists = std::any_of(networks_.begin(), networks_.end(), [&](const auto& item) {
      return item.stack == pending.action.stack && item.key == network.key;
    });
    if (network.key == pending.action.key && !exists) {
      networks_.push_back({.id = make_id(),
                           .name = network.name,
                           .stack = pending.action.stack,
                           .key = network.key,
                           .fields = reconcile::desired_fields(network)});
    }
  }
}

void FakeRuntime::create_volume(const Pending& pending) {
  for (const auto& volume : pending.volumes) {
    const bool exists = std::any_of(volumes_.begin(), volumes_.end(), [&](const auto& item) {
      return item.name == volume.name;
    });
    if (volume.key == pending.action.key && !exists) {
      volumes_.push_back({.name = volume.name, .stack = pending.action.stack, .key = volume.key});
    }
  }
}

Status FakeRuntime::remove_network(const Action& action) {
  const auto found = std::find_if(networks_.begin(), networks_.end(), [&](const auto& network) {
    return network.id == action.id;
  });
  if (found == networks_.end()) {
    return {};
  }
  for (const auto& container : containers_) {
    if (is_running(container.seen) && container.seen.fields.contains("networks." + found->name)) {
      return refuse("network " + found->name + " has active endpoints", ErrorKind::conflict);
    }
  }
  networks_.erase(found);
  return {};
}

FakeRuntime::Container* FakeRuntime::by_id(std::string_view id) {
  const auto found = std::find_if(
      containers_.begin(), containers_.end(), [&](const auto& item) { return item.seen.id == id; });
  return found == containers_.end() ? nullptr : &*found;
}

FakeRuntime::Container* FakeRuntime::by_service(std::string_view stack, std::string_view service) {
  const auto found = std::find_if(containers_.begin(), containers_.end(), [&](const auto& item) {
    return item.seen.stack == stack && item.seen.service == service;
  });
  return found == containers_.end() ? nullptr : &*found;
}

const reconcile::ObservedContainer* FakeRuntime::find(std::string_view stack,
                                                      std::string_view service) const {
  for (const auto& container : containers_) {
    if (container.seen.stack == stack && container.seen.service == service) {
      return &container.seen;
    }
  }
  return nullptr;
}

const FakeImage* FakeRuntime::image(std::string_view reference_or_id) const {
  if (const auto found = images_.find(reference_or_id); found != images_.end()) {
    return &found->second;
  }
  for (const auto& [reference, candidate] : images_) {
    if (!candidate.id.empty() && candidate.id == reference_or_id) {
      return &candidate;
    }
  }
  return nullptr;
}

bool FakeRuntime::is_at_hand(std::string_view reference_or_id) const {
  const auto* wanted = image(reference_or_id);
  return std::any_of(at_hand_.begin(), at_hand_.end(), [&](const std::string& reference) {
    return reference == reference_or_id || (wanted != nullptr && image(reference) == wanted);
  });
}

}  // namespace skerry::agent
