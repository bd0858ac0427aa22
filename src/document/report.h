#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "document/fields.h"

namespace skerry::document {

/// The state of a workload, the same word everywhere. Healthy means observed on the device with
/// the wanted configuration and passing its health check, never "was told to run".
enum class WorkloadState : std::uint8_t {
  unspecified = 0,
  pending = 1,
  pulling = 2,
  starting = 3,
  healthy = 4,
  unhealthy = 5,
  failed = 6,
  rolled_back = 7,
  stopped = 8,
  known_max = stopped,
};

/// The word as shown: "Healthy", "RolledBack".
std::string_view to_string(WorkloadState state);

/// Orders everything a site says, across restarts of its agent: the start counter is raised and
/// synced at each agent start, seq counts within one start.
struct ReportNumber {
  std::uint64_t start = 0;
  std::uint64_t seq = 0;

  friend auto operator<=>(const ReportNumber&, const ReportNumber&) = default;
  static constexpr std::string_view type_name = "ReportNumber";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "start", self.start);
    visit(2, "seq", self.seq);
  }
};

/// The number of a manifest. Order is term first, then seq.
struct PlanNumber {
  std::uint64_t term = 0;
  std::uint64_t seq = 0;

  friend auto operator<=>(const PlanNumber&, const PlanNumber&) = default;
  static constexpr std::string_view type_name = "PlanNumber";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "term", self.term);
    visit(2, "seq", self.seq);
  }
};

/// One link of a reason chain. Chains run from the spec down to the runtime's own message.
struct Reason {
  /// A stable word in CamelCase: "ImagePullFailed".
  std::string code = {};
  /// What it is about: "stack hello", "service web", "container 3f2a…".
  std::string subject = {};
  std::string message = {};

  friend bool operator==(const Reason&, const Reason&) = default;
  static constexpr std::string_view type_name = "Reason";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "code", self.code);
    visit(2, "subject", self.subject);
    visit(3, "message", self.message);
  }
};

struct ServiceStatus {
  std::string name = {};
  WorkloadState state = WorkloadState::unspecified;
  /// Empty where the state is Healthy.
  std::vector<Reason> reasons = {};
  /// The runtime's id of the container, empty where there is none.
  std::string container = {};
  /// What runs: a registry digest, or the image id where the image has none.
  std::string image = {};
  /// The image has no registry digest, so it is pinned by its id at this site alone.
  bool unpinned = false;
  std::uint64_t restarts = 0;
  /// Exit code of the last run; only meaningful where `has_exited`.
  std::uint32_t exit_code = 0;
  bool has_exited = false;

  friend bool operator==(const ServiceStatus&, const ServiceStatus&) = default;
  static constexpr std::string_view type_name = "ServiceStatus";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "name", self.name);
    visit(2, "state", self.state);
    visit(3, "reasons", self.reasons);
    visit(4, "container", self.container);
    visit(5, "image", self.image);
    visit(6, "unpinned", self.unpinned);
    visit(7, "restarts", self.restarts);
    visit(8, "exit_code", self.exit_code);
    visit(9, "has_exited", self.has_exited);
  }
};

/// One field that is not as it should be, and has not been put right (report mode, or not yet).
struct Drift {
  std::string stack = {};
  /// "service web", "network front"
  std::string object = {};
  /// "environment.MODE"
  std::string field = {};
  std::string wanted = {};
  std::string found = {};

  friend bool operator==(const Drift&, const Drift&) = default;
  static constexpr std::string_view type_name = "Drift";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "stack", self.stack);
    visit(2, "object", self.object);
    visit(3, "field", self.field);
    visit(4, "wanted", self.wanted);
    visit(5, "found", self.found);
  }
};

struct StackStatus {
  std::string name = {};
  /// What runs now; zero where nothing of it does.
  Digest release = {};
  /// What the accepted manifest asks for.
  Digest wanted = {};
  WorkloadState state = WorkloadState::unspecified;
  std::vector<Reason> reasons = {};
  std::vector<ServiceStatus> services = {};

  friend bool operator==(const StackStatus&, const StackStatus&) = default;
  static constexpr std::string_view type_name = "StackStatus";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "name", self.name);
    visit(2, "release", self.release);
    visit(3, "wanted", self.wanted);
    visit(4, "state", self.state);
    visit(5, "reasons", self.reasons);
    visit(6, "services", self.services);
  }
};

/// A name and a value that a site reports about itself: arch, os, cores, …
struct Fact {
  std::string name = {};
  std::string value = {};

  friend bool operator==(const Fact&, const Fact&) = default;
  static constexpr std::string_view type_name = "Fact";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "name", self.name);
    visit(2, "value", self.value);
  }
};

/// What a site is like now: a level, so only the newest counts.
struct Report {
  ReportNumber number = {};
  /// Wall clock of the site, milliseconds since 1970; for display alone.
  std::uint64_t time_ms = 0;
  PlanNumber accepted = {};
  std::vector<StackStatus> stacks = {};
  std::vector<Drift> drift = {};
  /// Why the site as a whole is not well: "RuntimeDown", "NoManifest", "AdoptMode", "Paused",
  /// "LedgerDamaged", "Stale", "Revoked". "ReportCut".
  std::vector<Reason> conditions = {};
  std::vector<Fact> facts = {};

  friend bool operator==(const Report&, const Report&) = default;
  static constexpr std::string_view type_name = "Report";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "number", self.number);
    visit(2, "time_ms", self.time_ms);
    visit(3, "accepted", self.accepted);
    visit(4, "stacks", self.stacks);
    visit(5, "drift", self.drift);
    visit(6, "conditions", self.conditions);
    visit(7, "facts", self.facts);
  }
};

/// Something that happened at a site: a log, every entry of which is stored once or declared lost.
struct Event {
  enum class Class : std::uint8_t {
    unspecified = 0,
    security = 1,  // Refusals, equivocation. Has reserved space in the outbox.
    change = 2,    // What the agent did.
    notice = 3,    // Everything else; the first to go when the outbox is full.
    known_max = notice,
  };

  ReportNumber number = {};
  std::uint64_t time_ms = 0;
  Class event_class = Class::unspecified;
  /// A stable word: "drift_reverted", "manifest_accepted", a refusal code, or "gap".
  std::string code = {};
  std::string stack = {};
  std::string object = {};
  std::string message = {};
  /// drift: the field; wanted and found values.
  std::string field = {};
  std::string wanted = {};
  std::string found = {};
  /// gap: how many entries from `number` on were dropped; 0 of an event, which stands for itself.
  std::uint64_t count = 0;

  friend bool operator==(const Event&, const Event&) = default;
  static constexpr std::string_view type_name = "Event";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "number", self.number);
    visit(2, "time_ms", self.time_ms);
    visit(3, "event_class", self.event_class);
    visit(4, "code", self.code);
    visit(5, "stack", self.stack);
    visit(6, "object", self.object);
    visit(7, "message", self.message);
    visit(8, "field", self.field);
    visit(9, "wanted", self.wanted);
    visit(10, "found", self.found);
    visit(11, "count", self.count);
  }
};

/// The last number that an entry of the log stands for: its own, or where it is a gap that of its
/// last entry.
ReportNumber last_number(ReportNumber first, std::uint64_t count);
ReportNumber last_number(const Event& event);

}  // namespace skerry::document
