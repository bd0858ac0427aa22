#include "sim/simulation.h"

#include <algorithm>
#include <array>
#include <utility>

#include "document/codec.h"
#include "sim/fast_crypto.h"
#include "trust/opened.h"
#include "trust/openssl_crypto.h"

namespace skerry::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Two beats of 5 minutes, the longest back-off, and what applying takes with all its patience.
constexpr minutes converge_within{25};

std::vector<std::pair<std::string, std::uint32_t>> weights_of(const Faults& faults) {
  return {{"cut", faults.cut},
          {"partition", faults.partition},
          {"slow", faults.slow},
          {"agent_kill", faults.agent_kill},
          {"agent_power", faults.agent_power},
          {"agent_full", faults.agent_full},
          {"agent_io_error", faults.agent_io_error},
          {"agent_clock", faults.agent_clock},
          {"server_kill", faults.server_kill},
          {"server_power", faults.server_power},
          {"server_full", faults.server_full},
          {"server_io_error", faults.server_io_error},
          {"server_clock", faults.server_clock},
          {"runtime_down", faults.runtime_down},
          {"runtime_lists", faults.runtime_lists},
          {"runtime_deeds", faults.runtime_deeds},
          {"runtime_ghost", faults.runtime_ghost},
          {"hands", faults.hands},
          {"stack_edit", faults.stack_edit},
          {"stack_delete", faults.stack_delete},
          {"trust_change", faults.trust_change},
          {"ceiling_change", faults.ceiling_change},
          {"revoke", faults.revoke},
          {"rekey", faults.rekey},
          {"repeat", faults.repeat},
          {"floor_loss", faults.floor_loss},
          {"hostile_document", faults.hostile_document},
          {"hostile_release", faults.hostile_release},
          {"poison", faults.poison},
          {"ledger_damage", faults.ledger_damage},
          {"removal_cut", faults.removal_cut}};
}

}  // namespace

std::vector<std::string> fault_names() {
  std::vector<std::string> names;
  for (const auto& [name, weight] : weights_of(Faults{})) {
    names.push_back(name);
  }
  return names;
}

Simulation::Simulation(const Options& options)
    : options_(options), random_(SimRandom::seed_of(options.seed, 7)) {
  draw_faults();
  if (options.is_loud) {
    timeline_.be_loud();
  }
  if (options.has_real_crypto) {
    crypto_ = std::make_unique<trust::OpenSslCrypto>();
  } else {
    crypto_ = std::make_unique<FastCrypto>(options.seed);
  }
  const std::size_t agents = options.agents != 0 ? options.agents : 5 + random_.below(3);
  network_ =
      std::make_unique<Network>(timeline_, SimRandom::seed_of(options.seed, 2), agents, ends());
  const Site shared{timeline_, *network_, *crypto_, counts_};
  server_ = std::make_unique<ServerNode>(shared, options.seed);
  server_->on_told = [this](const store::ToldRow& row) {
    const auto site = server_->reader().site(row.site).value();
    for (std::size_t i = 0; i < agents_.size(); ++i) {
      if (key_id(*crypto_, agents_[i]->known_key()) == site->key) {
        node_of_[site->id] = i;
      }
    }
    const auto node = node_of_.find(site->id);
    const trust::Opened opened = trust::open_envelope(row.envelope, *crypto_).value();
    const auto manifest = document::decode<document::Manifest>(opened.payload.body).value();
    for (std::size_t i = 0; i < agents_.size(); ++i) {
      if (node == node_of_.end() || node->second == i) {
        agents_[i]->issued[row.digest] = manifest;
      }
    }
    if (node != node_of_.end()) {
      told_[node->second].push_back(row.envelope);
    }
  };
  const Digest root = key_id(*crypto_, server_->keys().get(trust::KeyRole::root).public_key);
  for (std::size_t i = 0; i < agents; ++i) {
    agents_.push_back(std::make_unique<AgentNode>(shared, i, options.seed, root));
    put_images(agents_.back()->runtime());
  }
}

/// Half of the seeds leave out a third of the faults, so that rare ones meet in the others.
void Simulation::draw_faults() {
  weights_ = weights_of(Faults{});
  const bool is_mixed = random_.chance(500);
  for (auto& [name, weight] : weights_) {
    if (options_.is_calm) {
      weight = 0;
    } else if (is_mixed) {
      weight = random_.chance(330) ? 0 : weight * static_cast<std::uint32_t>(1 + random_.below(4));
    }
  }
}

std::string Simulation::describe() const {
  std::string text;
  for (const auto& [name, weight] : weights_) {
    text += name + "=" + std::to_string(weight) + " ";
  }
  return text;
}

void Simulation::put_images(agent::FakeRuntime& runtime) {
  for (int i = 0; i < 6; ++i) {
    const std::string number = std::to_string(i);
    runtime.put_image("shop/app:" + number,
                      {.id = "image-" + number,
                       .is_local = i % 2 == 0,
                       .pull_takes = milliseconds(100 * (i + 1)),
                       .has_health = i % 3 == 0});
  }
  runtime.put_image("shop/broken:1", {.id = "image-broken", .start_error = "exec format error"});
}

NetworkEnds Simulation::ends() {
  return {.on_accept = [this](std::shared_ptr<Stream> stream) { server_->on_accept(stream); },
          .on_open =
              [this](std::size_t agent, Stream& stream) {
                agents_[agent]->on_open(stream,
                                        server_->keys().get(trust::KeyRole::server).public_key);
              },
          .on_bytes =
              [this](Stream& stream, End to, std::string bytes) {
                timeline_.trace(to == End::agent ? "down" : "up", stream.agent());
                if (to == End::agent) {
                  agents_[stream.agent()]->on_bytes(stream, bytes);
                } else {
                  server_->on_bytes(stream, bytes);
                }
              },
          .on_closed =
              [this](Stream& stream, End to) {
                if (to == End::agent) {
                  agents_[stream.agent()]->on_closed(stream);
                } else {
                  server_->on_closed(stream);
                }
              },
          .is_server_up = [this] { return server_->is_running(); },
          .tamper = [this](std::size_t agent,
                           std::string bytes) { return tamper(agent, std::move(bytes)); }};
}

Outcome Simulation::run() {
  const Instant begin = timeline_.now();
  server_->initialise();
  for (auto& node : agents_) {
    AgentNode* started = node.get();
    timeline_.in(seconds(static_cast<std::int64_t>(random_.below(60))),
                 [started] { started->start(); });
  }
  for (int i = 0; i < 3; ++i) {
    put_stack("stack-" + std::to_string(i));
  }
  const Instant faults_end = begin + options_.faults_for;
  timeline_.in(minutes(3), [this] { schedule_fault(); });
  while (timeline_.step(faults_end)) {
  }
  heal();
  await_convergence();
  while (timeline_.step(std::max(timeline_.now(), begin + minutes(120)))) {
  }
  if (const std::string missing = what_is_missing(); !missing.empty()) {
    throw Broken{"G1 what has converged stays so", missing};
  }
  server_->check_events();
  server_->check_store();
  return {.counts = counts_,
          .trace = timeline_.hash(),
          .steps = timeline_.done(),
          .simulated = std::chrono::duration_cast<milliseconds>(timeline_.now() - begin)};
}

/// Every fault goes; whoever is down comes back by itself.
void Simulation::heal() {
  is_healed_ = true;
  spoiled_.clear();
  timeline_.trace("heal");
  server_->heal();
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    AgentNode& node = *agents_[i];
    node.heal();
    node.runtime().faults() = {};
    node.runtime().start_engine();
    node.runtime().scan();
    network_->road(i) = {};
    // Whatever a relay has done to a link, the link does not outlive the relay.
    if (const auto stream = network_->stream(i)) {
      network_->break_stream(*stream);
    }
    if (node.is_running()) {
      node.pump();
    }
  }
  // By now the slowest machine is up again.
  timeline_.in(minutes(6), [this] { renew_after_poison(); });
}

/// What was quarantined stays so; an operator gives the site another charter and every stack
/// another revision.
void Simulation::renew_after_poison() {
  const bool any =
      std::ranges::any_of(agents_, [](const auto& node) { return node->was_poisoned; });
  if (!any) {
    return;
  }
  for (const std::string& stack : server_->stacks()) {
    put_stack(stack);
  }
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    if (agents_[i]->was_poisoned) {
      change_charter(*agents_[i], false);
    }
  }
}

void Simulation::await_convergence() {
  const Instant healed = timeline_.now();
  const Instant deadline = healed + converge_within;
  Instant look = healed + minutes(6);
  while (timeline_.step(look)) {
  }
  for (;;) {
    look += seconds(10);
    while (timeline_.step(look)) {
    }
    const std::string missing = what_is_missing();
    if (missing.empty()) {
      const auto took = std::chrono::duration_cast<seconds>(look - healed).count();
      auto& longest = counts_["longest.convergence_s"];
      longest = std::max(longest, static_cast<std::uint64_t>(took));
      return;
    }
    if (look >= deadline) {
      throw Broken{"G1 every reachable site converges", missing};
    }
  }
}

std::optional<store::SiteRow> Simulation::row_of(AgentNode& node) {
  return server_->reader().site_by_key(key_id(*crypto_, node.agent().key().public_key)).value();
}

std::string Simulation::what_is_missing() {
  if (!server_->is_running()) {
    return "the server is down";
  }
  if (server_->planner().is_behind()) {
    return "the planner is behind";
  }
  for (auto& node : agents_) {
    const std::string missing =
        node->is_running() ? what_is_missing_at(*node) : std::string("it is down");
    if (!missing.empty()) {
      return node->name() + ": " + missing;
    }
  }
  return {};
}

std::string Simulation::what_is_missing_at(AgentNode& node) {
  // A change without an answer may not have happened.
  const auto known = server_->reader().site_by_id(node.site_id()).value();
  if (known && known->ended) {
    return node.agent().link().is_steady() ? "it was revoked and has a session" : "";
  }
  const auto row = row_of(node);
  if (!row || !node.agent().link().is_steady()) {
    const auto& error = node.agent().link().last_error();
    return "it has no session: " + (error ? to_string(*error) : std::string("not tried"));
  }
  const auto told = server_->reader().told(row->number).value();
  const auto& manifest = node.agent().intake().manifest();
  if (row->adopting || !told || !manifest ||
      told->digest != node.agent().intake().manifest_digest()) {
    return std::string("it does not hold the newest manifest") +
           (row->adopting ? ", the server has it adopting" : "") +
           (node.agent().intake().in_adopt_mode() ? ", it is in adopt mode" : "");
  }
  const std::vector<std::string> wanted = server_->stacks();
  if (manifest->stacks.size() != wanted.size()) {
    return "its manifest has " + std::to_string(manifest->stacks.size()) + " stacks of " +
           std::to_string(wanted.size());
  }
  for (const document::StackAssignment& stack : manifest->stacks) {
    if (std::string missing = what_is_missing_of(node, stack); !missing.empty()) {
      return missing;
    }
  }
  for (const auto& container : node.runtime().observed().containers) {
    if (std::ranges::find(wanted, container.stack) == wanted.end()) {
      return "it still has a container of " + container.stack;
    }
  }
  const auto state = server_->reader().state(row->number).value();
  if (!state || state->accepted != told->number || node.agent().outbox().size() != 0) {
    return "the server does not know it all: " + std::to_string(node.agent().outbox().size()) +
           " events wait";
  }
  return {};
}

std::string Simulation::what_is_missing_of(AgentNode& node,
                                           const document::StackAssignment& stack) {
  if (!is_good_release_.at(stack.release)) {
    return {};
  }
  const auto report = node.agent().report();
  const auto status = std::ranges::find(report.stacks, stack.name, &document::StackStatus::name);
  const bool is_well = status != report.stacks.end() && status->release == stack.release &&
                       status->state == document::WorkloadState::healthy;
  if (is_well) {
    return {};
  }
  std::string why;
  if (status != report.stacks.end()) {
    why = std::string(document::to_string(status->state));
    for (const document::Reason& reason : status->reasons) {
      why += "; " + reason.code + " " + reason.message;
    }
    for (const auto& service : status->services) {
      for (const document::Reason& reason : service.reasons) {
        why += "; " + service.name + " " + reason.code + " " + reason.message;
      }
    }
  }
  return "stack " + stack.name + " is not well: " + why;
}

}  // namespace skerry::sim
