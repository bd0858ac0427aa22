#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/agent_node.h"
#include "sim/faults.h"
#include "sim/network.h"
#include "sim/server_node.h"
#include "sim/timeline.h"

namespace skerry::sim {

struct Options {
  std::uint64_t seed = 1;
  /// Drawn from the seed where nothing is said.
  std::size_t agents = 0;
  std::chrono::minutes faults_for{100};
  /// Real P-256 and SHA-256; a trace of it differs between runs, because its keys do.
  bool has_real_crypto = false;
  /// No fault at all: the closed loop alone.
  bool is_calm = false;
  /// Prints every step.
  bool is_loud = false;
};

struct Outcome {
  Counts counts = {};
  std::uint64_t trace = 0;
  std::uint64_t steps = 0;
  std::chrono::milliseconds simulated{0};
};

/// Every fault by the name of its weight.
std::vector<std::string> fault_names();

/// One seed: a server and its sites on simulated machines, in one thread and virtual time.
///
/// Throws `Broken` at the first promise that does not hold.
class Simulation {
 public:
  explicit Simulation(const Options& options);

  Outcome run();

  /// The drawn likelihoods, for a failed seed's report.
  [[nodiscard]] std::string describe() const;

 private:
  friend class Hostile;

  void draw_faults();
  void put_images(agent::FakeRuntime& runtime);
  NetworkEnds ends();

  // Faults, in faults.cc of the same name as their weight.
  void schedule_fault();
  void inject();
  void network_fault(const std::string& name);
  void agent_fault(const std::string& name, AgentNode& node);
  void server_fault(const std::string& name);
  void runtime_fault(const std::string& name, AgentNode& node);
  void by_hand(AgentNode& node);
  void operator_deed(const std::string& name, AgentNode& node);
  void put_stack(const std::string& name);
  void delete_stack(const std::string& name);
  document::Release make_release(const std::string& stack);
  void change_charter(AgentNode& node, bool ends);
  void change_trust();
  std::chrono::milliseconds jump();

  // Hostile relays.
  void hostile_document(AgentNode& node);
  std::string forge(AgentNode& node, std::uint64_t kind);
  std::string tamper(std::size_t agent, std::string bytes);

  void heal();
  void renew_after_poison();
  void await_convergence();
  std::string what_is_missing();
  std::string what_is_missing_at(AgentNode& node);
  std::string what_is_missing_of(AgentNode& node, const document::StackAssignment& stack);
  [[nodiscard]] std::optional<store::SiteRow> row_of(AgentNode& node);

  Options options_;
  SimRandom random_;
  Timeline timeline_;
  Counts counts_;
  std::vector<std::pair<std::string, std::uint32_t>> weights_;
  std::unique_ptr<Crypto> crypto_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<ServerNode> server_;
  std::vector<std::unique_ptr<AgentNode>> agents_;
  bool is_healed_ = false;
  std::set<std::size_t> spoiled_;
  /// What each release needs to be well: images that start, no right above a ceiling.
  std::map<Digest, bool> is_good_release_;
  std::map<Uuid, std::size_t> node_of_;
  /// Everything the planner ever told each site, as it travels.
  std::map<std::size_t, std::vector<std::string>> told_;
  std::uint64_t revisions_ = 0;
  std::uint64_t trust_version_ = 1;
  std::set<std::size_t> has_ceiling_;
};

}  // namespace skerry::sim
