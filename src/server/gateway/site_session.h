#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "server/charters/charters.h"
#include "server/store/change.h"
#include "server/store/reader.h"
#include "trust/opened.h"
#include "wire/frame.h"
#include "wire/messages.h"

namespace skerry::gateway {

/// The peer said what it may not, or not now.
inline constexpr ErrorCode protocol_violation{"protocol_violation"};

/// Hands a change to the store's writer; `done` comes on the gateway's thread.
using Submit = std::function<Status(store::Change change, store::Done done)>;

/// What every session shares. All of it outlives the sessions.
struct Desk {
  store::Reader* reader = nullptr;
  Submit submit = {};
  charters::Signers signers = {};
  const Clock* clock = nullptr;
  Random* random = nullptr;
  const Log* log = nullptr;
  std::string server_version = {};
  std::uint32_t beat_s = 300;
  /// Counts a guess at a token from an address; false where there were too many lately.
  std::function<bool(const std::string& address)> may_guess = {};
  /// The token was good: what was tried from the address before is forgotten.
  std::function<void(const std::string& address)> guessed = {};
};

/// One conversation with a site's agent, from the server's side and without a socket.
///
/// Who the peer is follows from the key it proved and nothing else: a site only ever speaks of
/// itself. A peer without a charter may ask for trust documents and to be let in, no more.
///
/// Held by a shared_ptr because an answer of the store may come after the connection has gone.
class SiteSession : public std::enable_shared_from_this<SiteSession> {
 public:
  /// @param address  of the peer, for the audit row alone
  /// @param on_output  called when there is something to send that no call of the owner caused
  SiteSession(const Desk& desk,
              const PublicKey& key,
              std::string address,
              std::function<void()> on_output);

  void receive(std::string_view bytes);
  std::string take_output();
  /// Adds the next few of the releases that the site asked for to the output. To be called when the
  /// peer has taken everything else: what a short request asks for can be gigabytes.
  ///
  /// @return whether there is something to send by it
  bool send_wanted();

  /// Its site's row or its manifest has changed: says what is new, or goodbye where it was revoked.
  void refresh();

  [[nodiscard]] bool has_ended() const { return ended_; }

  /// The site it is a session of, once it has said hello.
  [[nodiscard]] std::optional<store::SiteNumber> site() const;

  /// Nothing is heard of the site any more: it was revoked.
  [[nodiscard]] bool is_of_ended_site() const { return row_ && row_->ended; }

  /// The key id of its identity.
  [[nodiscard]] const Digest& key_digest() const { return key_id_; }

  [[nodiscard]] const Uuid& start_id() const { return start_id_; }

  /// Still waiting for approval, or not known at all.
  [[nodiscard]] bool is_stranger() const { return !greeted_; }

  void say_goodbye(std::string code, std::string message, std::uint32_t retry_after_s);

 private:
  bool handle_next();
  void handle(const wire::Message& message);
  bool may_ask();
  void on_trust_request(const wire::TrustRequest& request);
  void on_enrol(const wire::EnrolRequest& request);
  void enrol(const wire::EnrolRequest& request, int attempt);
  void on_enrolled(const wire::EnrolRequest& request,
                   const Result<store::Outcome>& outcome,
                   int attempt);
  void on_hello(const wire::AgentHello& hello);
  void compare_numbers(const wire::AgentHello& hello, const std::optional<store::StateRow>& state);
  void note_floor_went_back(const wire::AgentHello& hello, const store::StateRow& state);
  [[nodiscard]] bool may_adopt() const;
  void ask_to_show();
  void on_shown(const wire::Blob& blob);
  void on_shown_charter(const wire::Blob& blob);
  bool mark_behind(const trust::Opened& opened);
  void learn(const trust::Opened& opened);
  void keep_release(const wire::Blob& blob);
  bool needs_next_term(const wire::AgentHello& hello);
  void ask_for_next_term(std::uint64_t held);
  void on_want(const wire::Want& want);
  void on_report(const wire::ReportMessage& message);
  void store_report(const document::Report& report);
  void on_events(const wire::EventBatch& batch);
  void on_rekey(const wire::RekeyRequest& request);
  void send_news();
  void send_trust();
  void send_charter();
  void send_manifest();
  void answer_enrolment();
  void refuse_enrolment(std::string code, std::string message);
  bool load_row();
  void forget_row_bytes();
  void submit(store::Change change, std::function<void(const Result<store::Outcome>&)> done);
  [[nodiscard]] store::Actor actor() const;
  void say(const wire::Message& message);
  void end(const Error& reason);

  const Desk* desk_;
  PublicKey key_;
  Digest key_id_;
  std::string address_;
  std::function<void()> on_output_;
  wire::FrameReader reader_;
  std::string output_;
  /// As it was read last; charter, request and facts only while something is handled.
  std::optional<store::SiteRow> row_;
  /// For the answer to its enrolment.
  bool is_waiting_ = false;
  bool greeted_ = false;
  bool ended_ = false;
  Uuid start_id_;
  std::string agent_version_;
  /// Releases that are still to be sent.
  std::set<Digest> wanted_;
  /// Answers that were given to anybody who asks.
  std::size_t asked_ = 0;
  std::uint64_t trust_sent_ = 0;
  document::PlanNumber charter_sent_;
  Digest manifest_sent_;
  /// What the site had accepted when it came.
  document::PlanNumber floor_;
  Digest manifest_held_;
  Digest charter_held_;
  /// The manifest it was asked to show; zero for none.
  Digest shown_;
  /// The planner that the charter it has shown brings.
  std::optional<PublicKey> planner_shown_;
  /// Releases it was asked to show.
  std::set<Digest> releases_to_show_;
  /// What it reported while it was to show its manifest.
  std::optional<document::Report> report_held_back_;
};

}  // namespace skerry::gateway
