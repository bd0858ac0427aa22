#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/agent.h"
#include "agent/runtime/fake/fake_runtime.h"
#include "sim/faults.h"
#include "sim/network.h"
#include "sim/sim_clock.h"
#include "sim/sim_disk.h"
#include "sim/sim_random.h"
#include "sim/timeline.h"

namespace skerry::sim {

/// How a process ends.
enum class Death : std::uint8_t {
  kill,   // The process alone: the page cache stays, containers run on.
  power,  // The machine: what was not synced may be gone, containers stop.
};

/// The process on the simulated machine has ended; thrown through it.
struct ProcessEnded {
  Error why;
};

/// What one seed's machines share.
struct Site {
  Timeline& timeline;
  Network& network;
  Crypto& crypto;
  Counts& counts;
};

/// One site's machine: its disk, its engine, its wall clock and, while it runs, its agent. Watches
/// the promises that can be seen from the site.
class AgentNode {
 public:
  AgentNode(const Site& site, std::size_t index, std::uint64_t seed, const Digest& root);

  AgentNode(const AgentNode&) = delete;
  AgentNode& operator=(const AgentNode&) = delete;
  ~AgentNode();

  /// Starts the agent over what the disk holds; tries again by itself where that fails.
  void start();
  void end(Death death, std::chrono::milliseconds restart_after);
  /// The machine loses power in the middle of what it does: before its n-th disk operation from
  /// now, or after `latest` where it does not do so many.
  void cut_power_at(std::uint64_t operation, std::chrono::milliseconds latest);

  // What the network says.
  void on_open(Stream& stream, const PublicKey& server_key);
  void on_bytes(Stream& stream, std::string_view bytes);
  void on_closed(Stream& stream);

  /// Lets agent and engine do what is due.
  void pump();

  [[nodiscard]] bool is_running() const { return agent_ != nullptr; }

  [[nodiscard]] agent::Agent& agent() { return *agent_; }

  [[nodiscard]] agent::FakeRuntime& runtime() { return runtime_; }

  [[nodiscard]] SimDisk& disk() { return *disk_; }

  [[nodiscard]] SimClock& clock() { return clock_; }

  [[nodiscard]] std::string name() const { return "site-" + std::to_string(index_); }

  [[nodiscard]] const PublicKey& known_key() const { return key_; }

  /// Zero before it has a charter.
  [[nodiscard]] const Uuid& site_id() const { return site_id_; }

  /// From now on any container may have been touched by something else than the agent.
  void disturb();

  /// The next documents kill the agent while it reads them.
  void poison(int deaths) { poison_ = deaths; }

  /// Says once more what it said last, as one that has missed the answer.
  void repeat_events();
  /// Asks for a new identity key.
  void begin_rekey();
  /// The next start finds no floor.
  void lose_floor();
  /// Whether its promises hold without the ledger: with a floor of its own, not where that is lost
  /// as well.
  [[nodiscard]] bool may_lose_ledger() const;
  /// The next start finds durable bytes of its ledger changed.
  void damage_ledger();

  /// It dies once the next removal of a stack has begun.
  void cut_removal(Death death) { removal_cut_ = death; }

  /// No fault is left: its next starts are undisturbed.
  void heal();

  /// Every manifest digest the planner has signed for this site.
  std::map<Digest, document::Manifest> issued;
  bool is_revoked = false;
  /// A good document may be quarantined here; only another one takes its place.
  bool was_poisoned = false;
  /// Restarts with the token until it has its charter.
  bool was_enrolled = false;

 private:
  class Wire;

  /// What is watched about one stack here.
  struct Watched {
    std::optional<document::StackAssignment> told = {};
    /// An accepted manifest asked for something else since the stack was last as asked.
    bool is_changed = false;
    /// A fault touched it since then.
    bool is_disturbed = false;
  };

  template <class Deed>
  void guarded(Deed deed);
  Result<std::unique_ptr<agent::Agent>> open();
  void check();
  void check_floor();
  void check_manifest();
  void check_durable();
  void check_history(bool is_adopting);
  void note_settled();
  void check_recovered();
  void check_kept_aside();
  [[nodiscard]] bool is_half_removed(const std::string& stack) const;
  void wake_at(Instant when);
  void watch_writes();

  Site site_;
  std::size_t index_;
  SimRandom random_;
  SimRandom engine_random_;
  SimClock clock_;
  std::unique_ptr<SimDisk> disk_;
  agent::FakeRuntime runtime_;
  std::unique_ptr<Wire> wire_;
  Log log_;
  std::unique_ptr<agent::Agent> agent_;
  /// Small at half of the sites, so that gaps are as common as events.
  agent::Outbox::Limits outbox_limits_;
  PublicKey key_;
  Uuid site_id_;
  std::uint64_t generation_ = 0;
  std::optional<Instant> wake_;
  int poison_ = 0;
  bool has_tasted_ = false;

  document::PlanNumber floor_;
  Digest floor_digest_;
  bool is_floor_destroyed_ = false;
  /// The bytes of the ledger that was damaged last.
  std::optional<std::string> damaged_;
  std::optional<Death> removal_cut_;
  bool is_removal_begun_ = false;
  Digest manifest_;
  document::ReportNumber outbox_last_;
  std::map<std::string, Watched, std::less<>> stacks_;
  std::size_t history_seen_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> refusals_seen_;
};

}  // namespace skerry::sim
