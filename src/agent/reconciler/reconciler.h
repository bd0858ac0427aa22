#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/reconciler/journal.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "document/manifest.h"
#include "document/report.h"
#include "reconcile/fill.h"
#include "reconcile/reconcile.h"
#include "reconcile/runtime.h"

namespace skerry::agent {

struct ReconcilerOptions {
  /// Deeds at the runtime at the same time; at most one a stack.
  std::size_t deeds_max = 4;
  /// Pulls at the same time, beside the deeds, so that a long one delays no restart.
  std::size_t pulls_max = 2;
  /// Begun attempts at a revision before it is given up (D7).
  std::uint32_t attempts_max = 3;
  /// Deeds for one revision before it is given up, beside eight for each of its services.
  std::uint32_t steps_max = 64;
  /// All services must be healthy for this long before a revision counts as good.
  std::chrono::seconds health_window{10};
  /// A revision that is not good by then is given up, if there is one to return to. A process that
  /// lives this long takes back what crashes before it have counted.
  std::chrono::seconds healthy_deadline{300};
};

/// Everything about the workloads that goes into a report.
struct SiteState {
  std::vector<document::StackStatus> stacks = {};
  std::vector<document::Drift> drift = {};
  /// "RuntimeDown", "Paused", "NoManifest".
  std::vector<document::Reason> conditions = {};

  friend bool operator==(const SiteState&, const SiteState&) = default;
};

/// Keeps a site at what its accepted manifest asks for: asks `reconcile` what to do, has the
/// runtime do it, and remembers what must be remembered in the journal.
///
/// Driven by `step`: nothing blocks, nothing runs by itself. Until `set_desired` is first called it
/// observes and touches nothing (adopt mode).
class Reconciler {
 public:
  /// All three outlive the reconciler.
  struct Outside {
    reconcile::Runtime& runtime;
    Journal& journal;
    const Crypto& crypto;
  };

  explicit Reconciler(const Outside& outside, ReconcilerOptions options = {});

  /// What the accepted manifest asks for, whole: a stack that it leaves out is removed. To be
  /// called once at start with the ledger's manifest, and after every acceptance.
  void set_desired(std::vector<document::StackAssignment> assignments);

  /// Local hands: while paused nothing is touched. Outlives restarts.
  void set_paused(bool paused);

  /// Takes what the runtime has said, decides, begins deeds. To be called after anything changed:
  /// the runtime's events, a new manifest, a release that arrived, the time it asked for.
  ///
  /// @return  when to call again if nothing happens before
  std::optional<Instant> step(Instant now);

  /// As of the last step.
  [[nodiscard]] const SiteState& state() const { return state_; }

  /// A clean end is no failed attempt: takes back the count of those that are under way.
  void stop();

 private:
  struct Stack {
    document::StackAssignment assignment = {};
    StackRecord record = {};
    /// The wanted revision, filled; empty where its release is not at hand or quarantined.
    std::optional<reconcile::DesiredStack> wanted = {};
    /// What is kept running now: the revision being applied, else the last known good one.
    std::optional<reconcile::DesiredStack> current = {};
    /// Why there is no `wanted`.
    std::optional<document::Reason> obstacle = {};
    std::optional<Instant> applying_since = {};
    std::optional<Instant> healthy_since = {};
    std::uint32_t steps = 0;
    bool is_staging = false;
  };

  struct Deed {
    reconcile::Action action = {};
    /// It starts a container again that had stopped by itself.
    bool is_restart = false;
  };

  void load();
  void forgive_crashes(Instant now);
  [[nodiscard]] static Revision wanted_revision(const Stack& stack);
  std::optional<reconcile::DesiredStack> fill_revision(Stack& stack,
                                                       const PinnedRevision& pinned,
                                                       bool settled);
  void refresh(Stack& stack);
  void refresh_current(Stack& stack);
  bool advance(Stack& stack, Instant now);
  std::optional<reconcile::Pins> resolve(const Stack& stack) const;
  void begin_applying(Stack& stack, const reconcile::Pins& pins, Instant now);
  void give_up(Stack& stack, const std::string& why);
  void count_attempt(Stack& stack, const std::string& why);
  void judge_health(Stack& stack, const document::StackStatus& status, Instant now);

  bool take_events(Instant now);
  void finish(const reconcile::RuntimeEvent& event, Instant now);
  void note_success(const Deed& deed, reconcile::Memory& memory);
  void note_failure(const Deed& deed, const Error& error, Instant now);
  void note_good_runs(Instant now);
  void note_completed();
  void commit_removals();
  void finish_removals();
  void watch_images();
  [[nodiscard]] reconcile::Desired desired() const;
  void perform(const std::vector<reconcile::Action>& actions, Instant now);
  void begin(const reconcile::Action& action, Instant now);
  void count_repair(const reconcile::Action& action, Instant now);
  [[nodiscard]] reconcile::Runtime::Context context(const reconcile::Action& action) const;
  [[nodiscard]] bool only_reports(const std::string& stack) const;
  [[nodiscard]] bool is_own_doing(const document::Drift& drift) const;
  void note_drift(const std::vector<document::Drift>& drift);
  void tell(const reconcile::Desired& desired, Instant now);
  document::StackStatus stack_status(const Stack& stack,
                                     const reconcile::Desired& desired,
                                     Instant now) const;
  void emit(document::Event::Class event_class, document::Event event);
  void wake_by(std::optional<Instant> when);

  reconcile::Runtime& runtime_;
  Journal& journal_;
  const Crypto& crypto_;
  ReconcilerOptions options_;

  /// False until a manifest was given: then nothing may be called unwanted.
  bool has_manifest_ = false;
  bool is_up_ = false;
  /// What had ended by then ended with the runtime or the machine, not by a fault of its own.
  std::optional<Instant> up_since_;
  /// An attempt was found that ended in a crash, and this process has not lived long enough yet.
  bool is_on_trial_ = false;
  std::optional<Instant> trial_ends_;
  SiteRecord site_;
  std::map<std::string, Stack, std::less<>> stacks_;
  /// Records of stacks that the manifest does not name (any more).
  std::map<std::string, StackRecord, std::less<>> others_;
  reconcile::Memories memories_;
  std::map<std::uint64_t, Deed> deeds_;
  std::vector<std::string> watched_;
  /// The runtime has looked for all of `watched_`.
  bool are_images_known_ = false;
  /// Containers that this agent took away itself, by "stack/service", until the next one is seen:
  /// their absence is no drift.
  std::set<std::string, std::less<>> taken_;
  /// Drift told or about to be put right, by stack and object.
  std::map<std::string, std::vector<document::Drift>, std::less<>> open_drift_;
  SiteState state_;
  std::optional<Instant> wake_at_;
};

}  // namespace skerry::agent
