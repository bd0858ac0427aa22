#include <algorithm>

#include "agent/runtime/fake/fake_runtime.h"

/// What people and accidents do to an engine behind the agent's back.
namespace skerry::agent {

using reconcile::ContainerState;
using reconcile::RuntimeEvent;

/// Says that something changed; true, so that callers can return it.
bool FakeRuntime::touched() {
  has_changed_ = true;
  return true;
}

void FakeRuntime::put_image(const std::string& reference, FakeImage image) {
  at_hand_.erase(reference);
  if (image.is_local) {
    at_hand_.insert(reference);
  }
  images_.insert_or_assign(reference, std::move(image));
  has_changed_ = true;
}

bool FakeRuntime::kill(std::string_view stack, std::string_view service, std::uint32_t exit_code) {
  auto* container = by_service(stack, service);
  if (container == nullptr || container->seen.state != ContainerState::running) {
    return false;
  }
  stop_container(*container, exit_code, true);
  return touched();
}

bool FakeRuntime::stop(std::string_view stack, std::string_view service) {
  return kill(stack, service, 0);
}

bool FakeRuntime::crash(std::string_view stack, std::string_view service, std::uint32_t exit_code) {
  auto* container = by_service(stack, service);
  if (container == nullptr || container->seen.state != ContainerState::running) {
    return false;
  }
  end_run(*container, exit_code);
  return touched();
}

bool FakeRuntime::remove(std::string_view stack, std::string_view service) {
  const auto* container = by_service(stack, service);
  if (container == nullptr) {
    return false;
  }
  const std::string id = container->seen.id;
  std::erase_if(containers_, [&](const auto& item) { return item.seen.id == id; });
  return touched();
}

bool FakeRuntime::begin_removal(std::string_view stack, std::string_view service) {
  auto* container = by_service(stack, service);
  if (container == nullptr) {
    return false;
  }
  end_run(*container, 137);
  container->seen.state = ContainerState::dead;
  return touched();
}

bool FakeRuntime::pause(std::string_view stack, std::string_view service) {
  auto* container = by_service(stack, service);
  if (container == nullptr || container->seen.state != ContainerState::running) {
    return false;
  }
  container->seen.state = ContainerState::paused;
  return touched();
}

bool FakeRuntime::edit(std::string_view stack,
                       std::string_view service,
                       const std::string& field,
                       const std::string& value) {
  auto* container = by_service(stack, service);
  if (container == nullptr) {
    return false;
  }
  if (value.empty()) {
    container->seen.fields.erase(field);
  } else {
    container->seen.fields.insert_or_assign(field, value);
  }
  return touched();
}

bool FakeRuntime::relabel(std::string_view stack,
                          std::string_view service,
                          const std::string& config_hash) {
  auto* container = by_service(stack, service);
  if (container == nullptr) {
    return false;
  }
  container->seen.config_hash = config_hash;
  return touched();
}

bool FakeRuntime::replace(std::string_view stack,
                          std::string_view service,
                          const std::string& field,
                          const std::string& value) {
  auto* container = by_service(stack, service);
  if (container == nullptr) {
    return false;
  }
  container->seen.id = make_id();
  run(*container);
  return edit(stack, service, field, value);
}

bool FakeRuntime::duplicate(std::string_view stack, std::string_view service) {
  const auto* container = by_service(stack, service);
  if (container == nullptr) {
    return false;
  }
  Container copy = *container;
  copy.seen.id = make_id();
  copy.seen.name += "-copy";
  containers_.push_back(std::move(copy));
  return touched();
}

bool FakeRuntime::remove_network(std::string_view stack, std::string_view key) {
  const auto count = std::erase_if(
      networks_, [&](const auto& network) { return network.stack == stack && network.key == key; });
  return count > 0 && touched();
}

void FakeRuntime::add_ghost(reconcile::ObservedContainer container) {
  ghosts_.push_back(std::move(container));
  has_changed_ = true;
}

void FakeRuntime::stop_engine(Containers containers) {
  is_up_ = false;
  has_greeted_ = false;
  observed_ = {};
  events_.push_back({.kind = RuntimeEvent::Kind::down, .text = "the engine was stopped"});
  if (containers == Containers::lose) {
    containers_.clear();
    networks_.clear();
  }
  if (containers != Containers::stop) {
    return;
  }
  for (auto& container : containers_) {
    const bool runs = container.seen.state == ContainerState::running ||
                      container.seen.state == ContainerState::paused ||
                      container.seen.state == ContainerState::restarting;
    if (runs) {
      end_run(container, 255);
    }
  }
}

void FakeRuntime::greet_again() {
  has_greeted_ = false;
  pending_.clear();
  events_.clear();
  watched_.clear();
}

void FakeRuntime::start_engine() {
  is_up_ = true;
  has_changed_ = true;
}

}  // namespace skerry::agent
