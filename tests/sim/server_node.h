#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/gateway/gateway.h"
#include "server/planner/planner.h"
#include "server/store/reader.h"
#include "server/store/writer.h"
#include "sim/agent_node.h"
#include "sim/sim_vfs.h"
#include "trust/keys.h"

namespace skerry::sim {

/// The server's machine: its disk, its store on it and, while it runs, planner and gateway. Watches
/// the promises that can be seen from the server.
class ServerNode {
 public:
  ServerNode(const Site& site, std::uint64_t seed);

  /// Puts the first trust document and the token there.
  void initialise();
  void start();
  void end(Death death, std::chrono::milliseconds restart_after);
  /// Lets writer, planner and gateway work until nothing moves.
  void pump();

  [[nodiscard]] bool is_running() const { return gateway_ != nullptr; }

  [[nodiscard]] store::Reader& reader() { return *reader_; }

  [[nodiscard]] gateway::Gateway& gateway() { return *gateway_; }

  [[nodiscard]] planner::Planner& planner() { return *planner_; }

  [[nodiscard]] const trust::KeyRing& keys() const { return keys_; }

  [[nodiscard]] charters::Signers signers() { return {.keys = &keys_, .crypto = &site_.crypto}; }

  [[nodiscard]] SimDisk& disk() { return *disk_; }

  [[nodiscard]] SimClock& clock() { return clock_; }

  // What the network says.
  void on_accept(const std::shared_ptr<Stream>& stream);
  void on_bytes(Stream& stream, std::string_view bytes);
  void on_closed(Stream& stream);

  /// An operator's change; what it puts and deletes is remembered once it is acknowledged. Nothing
  /// where the server is down.
  void submit(store::Change change);

  void heal();

  /// Names of stacks the store acknowledged and still must have.
  [[nodiscard]] std::vector<std::string> stacks();

  /// Everything that sites said is there once, in order, with gaps declared.
  void check_events();
  /// The whole store is sound.
  void check_store();

  /// Called for each manifest that the planner has committed.
  std::function<void(const store::ToldRow&)> on_told;

 private:
  /// What the operator knows of one object: the digest of its body, or that it is not there.
  struct Known {
    Digest acknowledged = {};
    /// Changes without an answer: each may have happened or not.
    std::vector<Digest> unanswered = {};
  };

  template <class Deed>
  void guarded(Deed deed);
  void open();
  void work();
  void check_objects();
  void check_states();
  void follow_told();
  void remember(const store::Change& change, bool is_answered);
  void wake_at(Instant when);

  Site site_;
  SimRandom random_;
  SimClock clock_;
  trust::KeyRing keys_;
  SimVfs vfs_;
  std::unique_ptr<SimDisk> disk_;
  Log log_;
  std::unique_ptr<store::Writer> writer_;
  std::unique_ptr<store::Reader> reader_;
  std::unique_ptr<planner::Planner> planner_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::map<gateway::Gateway::Number, std::shared_ptr<Stream>> streams_;
  std::uint64_t generation_ = 0;
  std::optional<Instant> wake_;
  bool is_working_ = false;
  std::map<std::pair<std::string, std::string>, Known> objects_;
  std::map<store::SiteNumber, document::ReportNumber> states_;
  std::map<store::SiteNumber, document::PlanNumber> told_;
  std::uint64_t told_version_ = 0;
};

}  // namespace skerry::sim
