#include <algorithm>
#include <array>
#include <utility>

#include "document/codec.h"
#include "server/store/kinds.h"
#include "sim/simulation.h"
#include "skerry/api/v1/stack.pb.h"
#include "trust/sign.h"

/// What goes wrong, and what people do.
namespace skerry::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const store::Actor ana{.name = "user/ana", .method = "password"};

}  // namespace

void Simulation::schedule_fault() {
  if (is_healed_) {
    return;
  }
  inject();
  timeline_.in(milliseconds(static_cast<std::int64_t>(1000 + random_.below(60'000))),
               [this] { schedule_fault(); });
}

void Simulation::inject() {
  std::uint64_t sum = 0;
  for (const auto& [name, weight] : weights_) {
    sum += weight;
  }
  if (sum == 0) {
    return;
  }
  std::uint64_t pick = random_.below(sum);
  std::string chosen;
  for (const auto& [name, weight] : weights_) {
    if (pick < weight) {
      chosen = name;
      break;
    }
    pick -= weight;
  }
  ++counts_["fault." + chosen];
  timeline_.trace(chosen);
  AgentNode& node = *agents_[random_.below(agents_.size())];
  if (chosen == "cut" || chosen == "partition" || chosen == "slow") {
    network_fault(chosen);
  } else if (chosen.starts_with("agent_")) {
    agent_fault(chosen, node);
  } else if (chosen.starts_with("server_")) {
    server_fault(chosen);
  } else if (chosen.starts_with("runtime_")) {
    runtime_fault(chosen, node);
  } else if (chosen == "hands") {
    by_hand(node);
  } else {
    operator_deed(chosen, node);
  }
}

void Simulation::network_fault(const std::string& name) {
  const std::size_t agent = random_.below(agents_.size());
  Road& road = network_->road(agent);
  if (name == "cut") {
    if (const auto stream = network_->stream(agent)) {
      network_->break_stream(*stream);
    }
    return;
  }
  if (name == "partition") {
    road.is_cut = true;
  } else {
    road.delay_max = seconds(1 + static_cast<std::int64_t>(random_.below(30)));
  }
  timeline_.in(seconds(static_cast<std::int64_t>(10 + random_.below(900))),
               [this, agent] { network_->road(agent) = {}; });
}

milliseconds Simulation::jump() {
  const std::int64_t years = static_cast<std::int64_t>(random_.below(101)) - 50;
  return hours(24 * 365 * years) + seconds(static_cast<std::int64_t>(random_.below(86'400)));
}

void Simulation::agent_fault(const std::string& name, AgentNode& node) {
  const auto away = seconds(static_cast<std::int64_t>(1 + random_.below(300)));
  if (name == "agent_kill" || name == "agent_power") {
    if (!node.is_running()) {
      return;
    }
    if (name == "agent_power" && random_.chance(500)) {
      node.cut_power_at(1 + random_.below(12), away);
    } else {
      node.end(name == "agent_kill" ? Death::kill : Death::power, away);
    }
  } else if (name == "agent_full") {
    node.disk().set_faults({.capacity_bytes = node.disk().used_bytes() + random_.below(600)});
    timeline_.in(away, [&node] { node.disk().set_faults({}); });
  } else if (name == "agent_io_error") {
    node.disk().set_faults({.fail_after = 1 + random_.below(20)});
  } else {
    node.clock().set_wall_jump(jump());
  }
}

void Simulation::server_fault(const std::string& name) {
  const auto away = seconds(static_cast<std::int64_t>(1 + random_.below(300)));
  if (name == "server_kill" || name == "server_power") {
    if (server_->is_running()) {
      server_->end(name == "server_kill" ? Death::kill : Death::power, away);
    }
  } else if (name == "server_full") {
    server_->disk().set_faults(
        {.capacity_bytes = server_->disk().used_bytes() + random_.below(50'000)});
    timeline_.in(away, [this] { server_->disk().set_faults({}); });
  } else if (name == "server_io_error") {
    server_->disk().set_faults({.fail_after = 1 + random_.below(40)});
  } else {
    server_->clock().set_wall_jump(jump());
  }
}

void Simulation::runtime_fault(const std::string& name, AgentNode& node) {
  const auto lasts = seconds(static_cast<std::int64_t>(1 + random_.below(300)));
  agent::FakeRuntime& runtime = node.runtime();
  node.disturb();
  if (name == "runtime_down") {
    static constexpr agent::FakeRuntime::Containers fates[] = {
        agent::FakeRuntime::Containers::keep_running,
        agent::FakeRuntime::Containers::stop,
        agent::FakeRuntime::Containers::lose};
    runtime.stop_engine(fates[random_.below(3)]);
    timeline_.in(lasts, [&node] { node.runtime().start_engine(); });
  } else if (name == "runtime_lists") {
    runtime.faults().lists_fail = random_.chance(500);
    runtime.faults().lists_are_empty = !runtime.faults().lists_fail;
    runtime.scan();
  } else if (name == "runtime_deeds") {
    runtime.faults().deeds_fail_percent = static_cast<std::uint32_t>(random_.below(60));
    runtime.faults().deed_takes_max = seconds(static_cast<std::int64_t>(1 + random_.below(20)));
  } else {
    runtime.add_ghost({.id = "ghost-" + std::to_string(timeline_.done()),
                       .name = "ghost",
                       .stack = "stack-0",
                       .service = "web",
                       .config_hash = "ghost",
                       .state = reconcile::ContainerState::exited});
  }
  if (node.is_running()) {
    node.pump();
  }
  timeline_.in(lasts, [&node] {
    node.disturb();
    node.runtime().faults() = {};
    node.runtime().scan();
    if (node.is_running()) {
      node.pump();
    }
  });
}

void Simulation::by_hand(AgentNode& node) {
  agent::FakeRuntime& runtime = node.runtime();
  const std::string stack = "stack-" + std::to_string(random_.below(5));
  const std::string service = random_.chance(600) ? "web" : "db";
  node.disturb();
  switch (random_.below(10)) {
    case 0:
      runtime.kill(stack, service);
      break;
    case 1:
      runtime.stop(stack, service);
      break;
    case 2:
      runtime.remove(stack, service);
      break;
    case 3:
      runtime.pause(stack, service);
      break;
    case 4:
      runtime.crash(stack, service, 1);
      break;
    case 5:
      runtime.edit(stack, service, "environment.MODE", "by-hand");
      break;
    case 6:
      runtime.relabel(stack, service, "by-hand");
      break;
    case 7:
      runtime.replace(stack, service, "environment.MODE", "replaced");
      break;
    case 8:
      runtime.duplicate(stack, service);
      break;
    default:
      runtime.remove_network(stack, "default");
      break;
  }
  if (node.is_running()) {
    node.pump();
  }
}

void Simulation::operator_deed(const std::string& name, AgentNode& node) {
  const std::string stack = "stack-" + std::to_string(random_.below(5));
  if (name == "stack_edit") {
    put_stack(stack);
  } else if (name == "stack_delete") {
    delete_stack(stack);
  } else if (name == "removal_cut") {
    node.cut_removal(random_.chance(500) ? Death::kill : Death::power);
    delete_stack(stack);
  } else if (name == "trust_change") {
    change_trust();
  } else if (name == "ceiling_change") {
    change_charter(node, false);
  } else if (name == "revoke") {
    const auto revoked =
        std::ranges::count_if(agents_, [](const auto& each) { return each->is_revoked; });
    if (revoked < 1) {
      change_charter(node, true);
    }
  } else if (name == "repeat") {
    node.repeat_events();
  } else if (name == "hostile_document") {
    hostile_document(node);
  } else if (name == "hostile_release") {
    spoiled_.insert(random_.below(agents_.size()));
    timeline_.in(minutes(5), [this] { spoiled_.clear(); });
    put_stack(stack);
  } else if (name == "poison") {
    node.poison(3);
    put_stack(stack);
  } else if (node.is_running() && node.was_enrolled && name == "floor_loss") {
    if (node.agent().intake().manifest()) {
      node.lose_floor();
    }
  } else if (name == "ledger_damage" && node.may_lose_ledger()) {
    node.damage_ledger();
  } else if (node.is_running() && node.was_enrolled && name == "rekey") {
    node.begin_rekey();
  }
}

document::Release Simulation::make_release(const std::string& stack) {
  document::Release release{.stack = stack, .workload = {.project = stack}};
  document::Workload& workload = release.workload;
  workload.slots = {{.expression = "${SKERRY_SITE_NAME}"}};
  workload.networks = {{.key = "default", .name = stack + "_default"}};
  static constexpr document::Service::Restart policies[] = {
      document::Service::Restart::unspecified,
      document::Service::Restart::on_failure,
      document::Service::Restart::always,
      document::Service::Restart::unless_stopped};
  const std::size_t services = 1 + random_.below(2);
  for (std::size_t i = 0; i < services; ++i) {
    document::Service service{.name = i == 0 ? "web" : "db",
                              .image = "shop/app:" + std::to_string(random_.below(6)),
                              .networks = {{.network = "default"}},
                              .restart = policies[random_.below(4)]};
    service.environment = {
        {.name = "MODE", .value = {.literal = "revision-" + std::to_string(++revisions_)}},
        {.name = "SITE", .value = {.literal = "", .holes = {{.offset = 0, .slot = 0}}}}};
    workload.services.push_back(std::move(service));
  }
  std::ranges::sort(workload.services, {}, &document::Service::name);
  return release;
}

/// As the API does: the object, its release row and the release's bytes in one change.
void Simulation::put_stack(const std::string& name) {
  document::Release release = make_release(name);
  bool is_good = true;
  if (!is_healed_ && random_.chance(100)) {
    is_good = false;
    if (random_.chance(500)) {
      release.workload.services[0].image = "shop/broken:1";
    } else {
      release.workload.services[0].privileged = true;
    }
  }
  api::v1::Stack stack;
  stack.mutable_metadata()->set_name(name);
  stack.mutable_spec()->set_compose("revision " + std::to_string(revisions_));
  if (random_.chance(500)) {
    auto& labels =
        *stack.mutable_spec()->mutable_targets()->mutable_selector()->mutable_match_labels();
    labels["zone"] = "north";
  } else {
    for (const auto& node : agents_) {
      stack.mutable_spec()->mutable_targets()->add_sites(node->name());
    }
  }
  const std::string payload = trust::release_payload(release);
  const Digest digest = crypto_->sha256(payload);
  is_good_release_[digest] = is_good;
  const KeyPair& author = server_->keys().get(trust::KeyRole::author);
  server_->submit(
      {.by = ana,
       .operations = {
           store::PutBlob{.digest = digest,
                          .bytes = trust::sign(payload, author, *crypto_).value()},
           store::PutObject{.kind = "Stack", .name = name, .body = stack.SerializeAsString()},
           store::PutObject{.kind = std::string(store::release_kind),
                            .name = name,
                            .body = to_string(digest)}}});
}

void Simulation::delete_stack(const std::string& name) {
  server_->submit({.by = ana,
                   .operations = {store::DeleteObject{.kind = "Stack", .name = name},
                                  store::DeleteObject{.kind = "Release", .name = name}}});
}

void Simulation::change_charter(AgentNode& node, bool ends) {
  if (!server_->is_running() || !node.was_enrolled) {
    return;
  }
  const auto row = server_->reader().site_by_id(node.site_id());
  if (!row || !*row || (*row)->charter.empty() || (*row)->ended) {
    return;
  }
  if (ends) {
    Result<store::SetCharter> ended = charters::ended(server_->signers(), **row);
    node.is_revoked = ended.has_value();
    server_->submit({.by = ana, .operations = {*std::move(ended)}});
    return;
  }
  document::Charter charter = charters::read(**row, *crypto_).value();
  charter.ceiling.forbid_privileged = !charter.ceiling.forbid_privileged;
  const document::PlanNumber number{.term = (*row)->term, .seq = (*row)->charter_seq + 1};
  const KeyPair& assign = server_->keys().get(trust::KeyRole::assign);
  server_->submit(
      {.by = ana,
       .operations = {store::SetCharter{
           .site = (*row)->id,
           .term = number.term,
           .seq = number.seq,
           .envelope =
               trust::sign(trust::charter_payload(charter, number), assign, *crypto_).value(),
           .key = (*row)->key,
           .planner = (*row)->planner,
           .adopting = (*row)->adopting}}});
}

void Simulation::change_trust() {
  if (!server_->is_running()) {
    return;
  }
  const auto chain = server_->reader().trusts_since(0);
  if (!chain) {
    return;
  }
  document::Trust trust = trust::first_trust(server_->keys());
  trust.version = chain->size() + 1;
  const KeyPair& root = server_->keys().get(trust::KeyRole::root);
  server_->submit(
      {.by = ana,
       .operations = {store::PutTrust{
           .version = trust.version,
           .envelope = trust::sign(trust::trust_payload(trust), root, *crypto_).value()}}});
}

}  // namespace skerry::sim
