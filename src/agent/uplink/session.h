#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/uplink/intake.h"
#include "agent/uplink/outbox.h"
#include "base/crypto.h"
#include "wire/frame.h"
#include "wire/messages.h"

namespace skerry::agent {

/// The server's key is not one that this installation's trust lets serve. Nothing was sent to it
/// but the number of the trust version held here.
inline constexpr ErrorCode server_not_trusted{"server_not_trusted"};
inline constexpr ErrorCode enrolment_refused{"enrolment_refused"};
inline constexpr ErrorCode server_said_goodbye{"server_said_goodbye"};
inline constexpr ErrorCode protocol_violation{"protocol_violation"};

/// One conversation with a server, from the site's side and without a socket.
///
/// The owner hands in what the connection says and sends what `take_output` gives. First the
/// server's key is checked against the trust held here, walking the trust chain where that is newer
/// there; only then anything of this site is said. After that either side is sent what it lacks.
class Session {
 public:
  /// All outlive the session.
  struct Outside {
    Ledger& ledger;
    Intake& intake;
    Outbox& outbox;
    const Crypto& crypto;
  };

  /// What this run of the agent says of itself.
  struct Self {
    std::string agent_version = {};
    Uuid start_id = {};
    std::string boot_id = {};
    /// Where there is no charter yet: how to ask for one.
    std::optional<wire::EnrolRequest> enrol = {};
  };

  enum class Phase : std::uint8_t {
    verifying,  // The server's key is not known yet.
    enrolling,  // Asked to be let in.
    greeting,   // Said hello, waiting for the server's.
    steady,
    ended,
  };

  Session(const Outside& outside, Self self);

  /// The connection is up; the server has proved that it holds `server_key`.
  Status start(const PublicKey& server_key);

  /// Takes bytes. An error is the ledger's and ends the process; anything that the peer did wrong
  /// ends the session instead.
  Status receive(std::string_view bytes);

  /// What is to be sent, in order. Bounded by what was asked for.
  std::string take_output();

  void send_report(const document::Report& report);
  void send_beat();
  void send_rekey(std::string_view envelope);
  /// Sends events that were not sent in this session, up to a window that is not acknowledged yet.
  Status pump_events();
  void ask_for_releases();

  [[nodiscard]] Phase phase() const { return phase_; }

  /// Why it ended.
  [[nodiscard]] const std::optional<Error>& end_reason() const { return end_reason_; }

  /// From the server's goodbye; 0 where it said nothing.
  [[nodiscard]] std::uint32_t retry_after_s() const { return retry_after_s_; }

  [[nodiscard]] std::uint32_t beat_s() const { return beat_s_; }

  /// Documents that changed something, and refusals, since the last call.
  struct News {
    std::vector<Taken> taken = {};
    std::vector<Error> refused = {};
    /// A decision on enrolment: waiting or accepted.
    std::optional<wire::EnrolReply> enrolment = {};
  };

  News take_news();

 private:
  Status handle(const wire::Message& message);
  Status on_trust_document(const std::string& envelope);
  Status on_trust_end();
  Status on_enrol_reply(const wire::EnrolReply& reply);
  Status on_server_hello(const wire::ServerHello& hello);
  Status go_on_above(const wire::ServerHello& hello);
  Status on_blob(const wire::Blob& blob);
  Status on_want(const wire::Want& want);
  Status greet();
  Status take_document(const std::string& envelope);
  Status note(Result<Taken> taken);
  [[nodiscard]] bool may_serve(const PublicKey& key) const;
  void say(const wire::Message& message);
  void end(Error reason);

  Outside outside_;
  Self self_;
  Phase phase_ = Phase::verifying;
  PublicKey server_key_;
  wire::FrameReader reader_;
  std::string output_;
  News news_;
  std::optional<Error> end_reason_;
  std::uint32_t retry_after_s_ = 0;
  std::uint32_t beat_s_ = 0;
  document::ReportNumber sent_;
  /// The last number of each batch on its way.
  std::vector<document::ReportNumber> unacknowledged_;
  /// Releases asked for in this session; a session asks once.
  std::set<Digest> asked_;
};

}  // namespace skerry::agent
