#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/identity.h"
#include "agent/core/ledger_journal.h"
#include "agent/reconciler/reconciler.h"
#include "agent/uplink/link.h"
#include "base/clock.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/random.h"
#include "document/report.h"
#include "reconcile/runtime.h"

namespace skerry::agent {

/// Everything of the world that an agent touches. All of it outlives the agent.
struct AgentOutside {
  Disk& disk;
  const Clock& clock;
  Random& random;
  Crypto& crypto;
  reconcile::Runtime& runtime;
  Connector& connector;
  const Log& log;
};

inline constexpr ErrorCode not_enrolled{"not_enrolled"};
inline constexpr ErrorCode enrolment_damaged{"enrolment_damaged"};

struct AgentOptions {
  std::string version = {};
  std::string boot_id = {};
  /// What marks this agent's things at the runtime; the ledger keeps a copy. Zero where nothing is
  /// marked.
  Uuid install_id = {};
  /// What this machine is like; sent with every report.
  std::vector<document::Fact> facts = {};
  /// Set while joining: the token, once the server is verified. Never kept.
  std::optional<Secret> token = {};
  Die die = {};
  ReconcilerOptions reconciler = {};
  Outbox::Limits outbox = {};
  std::chrono::seconds beat{300};
};

/// Joins a site to an installation: what `Agent::open` then works with. Refused where another
/// installation has taken the site in already. Nothing else may have the directory open.
Status write_enrolment(Disk& disk, const Enrolment& enrolment);
/// `not_enrolled` where the site was never told whom it belongs to, `enrolment_damaged` where what
/// it was told is no longer to be read.
Result<Enrolment> read_enrolment(Disk& disk);

/// One site's agent: keeps the site at its accepted manifest, alone if need be, and tells its
/// server how it stands.
///
/// Driven by `step` and the connector's `on_…`; sleeps otherwise. Absence of the server, its errors
/// or a wrong clock never touch a workload.
class Agent {
 public:
  static Result<std::unique_ptr<Agent>> open(const AgentOutside& outside, AgentOptions options);

  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;
  ~Agent() = default;

  /// Does what is due. To be called after every event and at the returned time; an error means that
  /// the process must end and recover.
  Result<std::optional<Instant>> step();

  // What the connector says.
  Status on_open(const PublicKey& server_key);
  Status on_bytes(std::string_view bytes);
  void on_closed(const Error& reason);

  /// Makes a new identity key and asks the server to name it in the charter.
  Status begin_rekey();
  /// Local hands: touch no workload until told otherwise; outlives restarts.
  void set_paused(bool paused);

  /// A clean end.
  void stop() { reconciler_.stop(); }

  [[nodiscard]] const KeyPair& key() const { return identity_.key(); }

  [[nodiscard]] document::Report report() const;

  [[nodiscard]] const Intake& intake() const { return intake_; }

  [[nodiscard]] const Outbox& outbox() const { return outbox_; }

  [[nodiscard]] const Ledger& ledger() const { return *ledger_; }

  [[nodiscard]] std::vector<StackRecord> stack_records() const { return journal_.stacks(); }

  [[nodiscard]] const Link& link() const { return link_; }

  /// The server's last word on enrolment, while joining.
  [[nodiscard]] const std::optional<wire::EnrolReply>& enrolment() const { return enrolment_; }

 private:
  /// What is read from the disk before there can be an agent.
  struct Stored {
    Enrolment enrolment;
    std::unique_ptr<Ledger> ledger;  // Its address is kept by the rooms that share it.
    Identity identity;
    Intake intake;
    Outbox outbox;
  };

  Agent(const AgentOutside& outside, AgentOptions options, Stored stored);

  static Result<Stored> read(const AgentOutside& outside, const Outbox::Limits& limits);
  [[nodiscard]] Link::Options link_options() const;
  Status take_news();
  Status on_taken(const Taken& taken);
  /// Makes the key this site asked for its own, once a charter names it.
  Status settle_key();
  void on_refused(const Error& error);
  void give_desired();
  Status tell_of_damage();
  Status keep_install_id();
  void note_link_end();
  void tell(document::Event::Class event_class, std::string code, std::string message);
  Status send_report_if_changed();
  Status ask_for_rekey();
  Status tidy();
  [[nodiscard]] std::vector<document::Reason> conditions() const;
  [[nodiscard]] bool is_stale() const;

  AgentOutside outside_;
  AgentOptions options_;
  Enrolment joined_;
  std::unique_ptr<Ledger> ledger_;
  Identity identity_;
  Intake intake_;
  Outbox outbox_;
  LedgerJournal journal_;
  Reconciler reconciler_;
  Link link_;
  std::optional<wire::EnrolReply> enrolment_;
  std::uint64_t report_seq_ = 0;
  /// What was last sent in this session, without its number and time.
  std::optional<document::Report> sent_report_;
  bool asked_rekey_ = false;
  std::uint64_t links_ended_ = 0;
  /// When the server was last heard.
  Instant heard_at_;
};

}  // namespace skerry::agent
