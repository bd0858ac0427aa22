#include <algorithm>
#include <array>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "reconcile/fields.h"
#include "reconcile/reconcile.h"
#include "trust/openssl_crypto.h"

/// Random sites, random wishes: whatever is found, reconcile brings it to what is desired in a
/// bounded number of deeds, and touches nothing that it need not.
namespace skerry::reconcile {
namespace {

using Verb = Action::Verb;

const Instant test_now = Instant{} + std::chrono::hours{1};
constexpr std::size_t deeds_max = 200;

int number(int from, int to) {
  return *rc::gen::inRange(from, to + 1);
}

bool coin() {
  return *rc::gen::arbitrary<bool>();
}

const Crypto& crypto() {
  static const trust::OpenSslCrypto the_crypto;
  return the_crypto;
}

document::Service random_service(int index) {
  using Service = document::Service;
  Service service{.name = "s" + std::to_string(index), .image = "i" + std::to_string(number(0, 2))};
  service.restart = static_cast<Service::Restart>(number(0, 4));
  service.environment = {{"V", {.literal = std::to_string(number(0, 1))}}};
  service.networks = {{.network = "n" + std::to_string(number(0, 1))}};
  if (index > 0 && coin()) {
    service.depends_on = {{.service = "s" + std::to_string(number(0, index - 1)),
                           .condition = static_cast<document::Dependency::Condition>(number(1, 2)),
                           .restart = coin(),
                           .required = coin()}};
  }
  return service;
}

DesiredStack random_stack(const std::string& name) {
  DesiredStack stack{.name = name, .settled = coin(), .project = name};
  for (int i = 0; i < 2; ++i) {
    const std::string key = "n" + std::to_string(i);
    stack.networks.push_back(
        {.key = key, .name = name + "_" + key, .external = i == 1 && coin(), .internal = coin()});
  }
  if (coin()) {
    stack.volumes.push_back({.key = "v", .name = name + "_v"});
  }
  const int count = number(0, 4);
  for (int i = 0; i < count; ++i) {
    stack.services.push_back({.spec = random_service(i)});
  }
  for (auto& service : stack.services) {
    service.fields = desired_fields(crypto(), stack, service.spec);
    service.config_hash = config_hash(crypto(), service.fields);
  }
  return stack;
}

const DesiredStack* find_stack(const Desired& desired, const std::string& name) {
  const auto found = std::find_if(desired.stacks.begin(),
                                  desired.stacks.end(),
                                  [&](const auto& stack) { return stack.name == name; });
  return found == desired.stacks.end() ? nullptr : &*found;
}

const DesiredService* find_service(const DesiredStack& stack, const std::string& name) {
  const auto found = std::find_if(stack.services.begin(),
                                  stack.services.end(),
                                  [&](const auto& service) { return service.spec.name == name; });
  return found == stack.services.end() ? nullptr : &*found;
}

/// An engine in the fewest words: what each deed does to what is observed.
class Model {
 public:
  Observed observed{.complete = true};
  Memories memories;

  /// Something is there already, right or wrong.
  void disturb(const DesiredStack& stack) {
    for (const auto& service : stack.services) {
      for (int copies = number(0, 2); copies > 0; --copies) {
        make(stack, service);
        spoil(observed.containers.back());
      }
    }
    if (coin()) {
      observed.containers.push_back(
          {.id = "left-" + stack.name, .stack = stack.name, .service = "gone"});
    }
    for (const auto& network : stack.networks) {
      if (coin()) {
        add_network(stack.name, network);
        observed.networks.back().fields.insert_or_assign("internal", "true");
      }
    }
    for (int i = 0; i < 3; ++i) {
      if (coin()) {
        add_image("i" + std::to_string(i));
      }
    }
  }

  void apply(const Desired& desired, const Action& action) {
    const auto* stack = find_stack(desired, action.stack);
    const auto is_it = [&](const auto& item) { return item.id == action.id; };
    switch (action.verb) {
      case Verb::pull_image:
        return add_image(action.key);
      case Verb::create_network:
        return create_network(*stack, action.key);
      case Verb::create_volume:
        observed.volumes.push_back({action.stack + "_" + action.key, action.stack, action.key});
        return;
      case Verb::create_container:
        return make(*stack, *find_service(*stack, action.key));
      case Verb::remove_container:
        RC_ASSERT(std::erase_if(observed.containers, is_it) == 1U);
        return;
      case Verb::remove_network:
        RC_ASSERT(std::erase_if(observed.networks, is_it) == 1U);
        return;
      default:
        for (auto& container : observed.containers) {
          if (container.id == action.id) {
            change(container, stack, action);
          }
        }
    }
  }

 private:
  void make(const DesiredStack& stack, const DesiredService& service) {
    ObservedContainer container{.id = "c" + std::to_string(++last_id_),
                                .stack = stack.name,
                                .service = service.spec.name,
                                .config_hash = service.config_hash,
                                .state = ContainerState::created,
                                .image_id = "id-" + service.spec.image,
                                .fields = service.fields};
    std::erase_if(container.fields, [](const auto& field) {
      return field_rule(field.first)->remedy == Remedy::none;
    });
    observed.containers.push_back(std::move(container));
  }

  static void change(ObservedContainer& container,
                     const DesiredStack* stack,
                     const Action& action) {
    if (action.verb == Verb::start_container || action.verb == Verb::unpause_container) {
      container.state = ContainerState::running;
    } else if (action.verb == Verb::stop_container) {
      container.state = ContainerState::exited;
      container.stopped_by_hand = true;
    } else if (stack != nullptr) {
      mend(container, *find_service(*stack, action.key));
    }
  }

  static void mend(ObservedContainer& container, const DesiredService& service) {
    std::erase_if(container.fields,
                  [](const auto& field) { return field.first.starts_with("networks."); });
    for (const auto& [name, value] : service.fields) {
      const auto remedy = field_rule(name)->remedy;
      if (remedy == Remedy::update || remedy == Remedy::network) {
        container.fields.insert_or_assign(name, value);
      }
    }
  }

  static void spoil(ObservedContainer& container) {
    // `restarting` is left out: for how long is the engine's business.
    constexpr std::array states = {ContainerState::created,
                                   ContainerState::running,
                                   ContainerState::paused,
                                   ContainerState::exited,
                                   ContainerState::dead};
    container.state = states[static_cast<std::size_t>(number(0, 4))];
    container.stopped_by_hand = true;  // Else its policy may say to leave it.
    const std::array<std::pair<const char*, const char*>, 3> edits = {
        {{"environment.V", "9"}, {"networks.other", "connected"}, {"restart", "sometimes"}}};
    const auto edit = static_cast<std::size_t>(number(0, 4));
    if (edit < edits.size()) {
      container.fields.insert_or_assign(edits[edit].first, edits[edit].second);
    } else if (edit == edits.size()) {
      container.config_hash = "old";
    }
  }

  void add_image(const std::string& reference) {
    observed.images.push_back({reference, "id-" + reference, ""});
  }

  void create_network(const DesiredStack& stack, const std::string& key) {
    for (const auto& network : stack.networks) {
      if (network.key == key) {
        add_network(stack.name, network);
      }
    }
  }

  void add_network(const std::string& stack, const document::Network& network) {
    observed.networks.push_back({"n" + std::to_string(++last_id_),
                                 network.name,
                                 network.external ? "" : stack,
                                 network.key,
                                 desired_fields(network)});
  }

  int last_id_ = 0;
};

/// Does the first action of each plan until there is none.
std::size_t converge(const Desired& desired, Model& model) {
  for (std::size_t deeds = 0; deeds < deeds_max; ++deeds) {
    const Plan plan = reconcile(desired, model.observed, model.memories, test_now);
    if (plan.actions.empty()) {
      return deeds;
    }
    model.apply(desired, plan.actions.front());
  }
  return deeds_max;
}

bool is_as_wanted(const DesiredStack& stack, const DesiredService& service, const Model& model) {
  const auto& all = model.observed.containers;
  const auto count = std::count_if(all.begin(), all.end(), [&](const auto& item) {
    return item.stack == stack.name && item.service == service.spec.name;
  });
  const auto right = std::count_if(all.begin(), all.end(), [&](const auto& item) {
    return item.stack == stack.name && item.service == service.spec.name &&
           item.config_hash == service.config_hash && diff(service, item).empty() &&
           item.state == ContainerState::running;
  });
  return count == 1 && right == 1;
}

Model disturbed(const Desired& desired) {
  Model model;
  for (const auto& stack : desired.stacks) {
    model.disturb(stack);
  }
  return model;
}

void expect_holds(const std::function<void()>& property) {
  EXPECT_TRUE(rc::check(property));
}

TEST(ReconcileProperty, BringsAnySiteToWhatIsDesiredInBoundedSteps) {
  expect_holds([] {
    const Desired desired{.stacks = {random_stack("shop"), random_stack("bar")}};
    Model model = disturbed(desired);
    RC_ASSERT(converge(desired, model) < deeds_max);
    std::size_t services = 0;
    for (const auto& stack : desired.stacks) {
      services += stack.services.size();
      for (const auto& service : stack.services) {
        RC_ASSERT(is_as_wanted(stack, service, model));
      }
    }
    RC_ASSERT(model.observed.containers.size() == services);
    RC_ASSERT(reconcile(desired, model.observed, model.memories, test_now).drift.empty());
  });
}

TEST(ReconcileProperty, LeavesHealthyUnchangedContainersAlone) {
  expect_holds([] {
    const Desired desired{.stacks = {random_stack("shop"), random_stack("bar")}};
    Model model = disturbed(desired);
    converge(desired, model);
    std::set<std::string> of_shop;
    for (const auto& container : model.observed.containers) {
      if (container.stack == "shop") {
        of_shop.insert(container.id);
      }
    }
    Desired next = desired;
    next.stacks[1] = random_stack("bar");
    converge(next, model);
    for (const auto& container : model.observed.containers) {
      of_shop.erase(container.id);
    }
    RC_ASSERT(of_shop.empty());
  });
}

TEST(ReconcileProperty, RemovesOnlyWhatIsDesiredOtherwiseOrWasCommitted) {
  expect_holds([] {
    const Desired desired{.stacks = {random_stack("shop")}, .removals = {"old", ""}};
    Model model = disturbed(desired);
    for (const std::string stack : {"old", "other", ""}) {
      model.observed.containers.push_back(
          {.id = "of-" + stack, .stack = stack, .service = "s0", .state = ContainerState::running});
      model.observed.networks.push_back({.id = "net-" + stack, .stack = stack});
    }
    RC_ASSERT(converge(desired, model) < deeds_max);
    std::set<std::string> left;
    for (const auto& container : model.observed.containers) {
      left.insert(container.id);
    }
    RC_ASSERT(left.contains("of-other"));
    RC_ASSERT(left.contains("of-"));
    RC_ASSERT(!left.contains("of-old"));
  });
}

TEST(ReconcileProperty, DoesNothingOnAnIncompleteObservation) {
  expect_holds([] {
    const Desired desired{.stacks = {random_stack("shop")}, .removals = {"old"}};
    Model model = disturbed(desired);
    model.observed.complete = false;
    const auto plan = reconcile(desired, model.observed, model.memories, test_now);
    RC_ASSERT(plan.actions.empty());
    RC_ASSERT(plan.drift.empty());
  });
}

}  // namespace
}  // namespace skerry::reconcile
