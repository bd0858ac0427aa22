#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "document/report.h"
#include "wire/frame.h"

/// What agent and server say on channel 0. Each struct names its kind; kinds are never reused.
namespace skerry::wire {

/// "I am here", one-way and without a body: three bytes.
struct Beat {
  static constexpr std::uint8_t kind = 1;
  static constexpr std::string_view type_name = "Beat";
  friend bool operator==(const Beat&, const Beat&) = default;

  template <class Self, class Visit>
  static void fields(Self& /*self*/, Visit&& /*visit*/) {}
};

/// Agent: send me the trust documents after this version. Asked before anything else where the
/// server's key is not in the trust that the agent holds.
struct TrustRequest {
  static constexpr std::uint8_t kind = 2;
  std::uint64_t version = 0;

  static constexpr std::string_view type_name = "TrustRequest";
  friend bool operator==(const TrustRequest&, const TrustRequest&) = default;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "version", self.version);
  }
};

/// Server: one signed document for this site, as envelope bytes.
struct Document {
  static constexpr std::uint8_t kind = 3;
  std::string envelope = {};

  static constexpr std::string_view type_name = "Document";
  friend bool operator==(const Document&, const Document&) = default;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "envelope", self.envelope);
  }
};

/// Server: that was all of the trust chain you asked for.
struct TrustEnd {
  static constexpr std::uint8_t kind = 4;
  static constexpr std::string_view type_name = "TrustEnd";
  friend bool operator==(const TrustEnd&, const TrustEnd&) = default;

  template <class Self, class Visit>
  static void fields(Self& /*self*/, Visit&& /*visit*/) {}
};

/// Agent without a charter: let me in. Sent only once the server's key is verified.
struct EnrolRequest {
  static constexpr std::uint8_t kind = 5;
  /// Secret; never logged.
  std::string token = {};
  /// Wanted name; the server adds a suffix where it is taken.
  std::string name = {};
  std::vector<document::Fact> facts = {};

  static constexpr std::string_view type_name = "EnrolRequest";
  friend bool operator==(const EnrolRequest&, const EnrolRequest&) = default;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "token", self.token);
    visit(2, "name", self.name);
    visit(3, "facts", self.facts);
  }
};

struct EnrolReply {
  static constexpr std::uint8_t kind = 6;
  enum class State : std::uint8_t {
    unspecified = 0,
    accepted = 1,
    waiting = 2,  // For approval; the session stays open and another reply follows.
    refused = 3,
    known_max = refused,
  };
  State state = State::unspecified;
  Uuid site = {};
  std::string name = {};
  /// accepted: the first charter, as envelope bytes.
  std::string charter = {};
  /// refused: a stable code and words for people.
  std::string code = {};
  std::string message = {};

  static constexpr std::string_view type_name = "EnrolReply";
  friend bool operator==(const EnrolReply&, const EnrolReply&) = default;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "state", self.state);
    visit(2, "site", self.site);
    visit(3, "name", self.name);
    visit(4, "charter", self.charter);
    visit(5, "code", self.code);
    visit(6, "message", self.message);
  }
};

/// Agent: what I hold. The server answers with its own hello and whatever I lack.
struct AgentHello {
  static constexpr std::uint8_t kind = 7;
  std::uint32_t protocol = 0;
  std::vector<std::string> capabilities = {};
  std::string agent_version = {};
  std::uint64_t start = 0;
  /// Random, made at each agent start: two agents with one identity differ in it.
  Uuid start_id = {};
  std::string boot_id = {};
  document::PlanNumber floor = {};
  Digest manifest = {};
  document::PlanNumber charter = {};
  std::uint64_t trust_version = 0;
  /// Both records of the floor are lost: observing, asking for a charter at term+1.
  bool adopt_mode = false;
  /// Of the charter that `charter` numbers.
  Digest charter_digest = {};

  static constexpr std::string_view type_name = "AgentHello";
  friend bool operator==(const AgentHello&, const AgentHello&) = default;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "protocol", self.protocol);
    visit(2, "capabilities", self.capabilities);
    visit(3, "agent_version", self.agent_version);
    visit(4, "start", self.start);
    visit(5, "start_id", self.start_id);
    visit(6, "boot_id", self.boot_id);
    visit(7, "floor", self.floor);
    visit(8, "manifest", self.manifest);
    visit(9, "charter", self.charter);
    visit(10, "trust_version", self.trust_version);
    visit(11, "adopt_mode", self.adopt_mode);
    visit(12, "charter_digest", self.charter_digest);
  }
};

struct ServerHello {
  static constexpr std::uint8_t kind = 8;
  std::uint32_t protocol = 0;
  std::vector<std::string> capabilities = {};
  std::string server_version = {};
  /// Milliseconds since 1970; for display and command deadlines, never for order.
  std::uint64_t time_ms = 0;
  /// The highest numbers stored; the agent goes on above them.
  document::ReportNumber report = {};
  document::ReportNumber event = {};
  /// How often to beat.
  std::uint32_t beat_s = 0;

  static constexpr std::string_view type_name = "ServerHello";
  friend bool operator==(const ServerHello&, const ServerHello&) = default;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "protocol", self.protocol);
    visit(2, "capabilities", self.capabilities);
    visit(3, "server_version", self.server_version);
    visit(4, "time_ms", self.time_ms);
    visit(5, "report", self.report);
    visit(6, "event", self.event);
    visit(7, "beat_s", self.beat_s);
  }
};

/// Agent: send me these releases. Server: show me these documents that you hold, because my store
/// is older than they are.
struct Want {
  static constexpr std::uint8_t kind = 9;
  std::vector<Digest> digests = {};

  static constexpr std::string_view type_name = "Want";
  friend bool operator==(const Want&, const Want&) = default;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "digests", self.digests);
  }
};

/// A wanted document, or that there is none (empty envelope).
struct Blob {
  static constexpr std::uint8_t kind = 10;
  Digest digest = {};
  std::string envelope = {};

  static constexpr std::string_view type_name = "Blob";
  friend bool operator==(const Blob&, const Blob&) = default;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "digest", self.digest);
    visit(2, "envelope", self.envelope);
  }
};

/// Agent: what the site is like now. Not acknowledged: the next one replaces it.
struct ReportMessage {
  static constexpr std::uint8_t kind = 11;
  document::Report report = {};

  static constexpr std::string_view type_name = "ReportMessage";
  friend bool operator==(const ReportMessage&, const ReportMessage&) = default;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "report", self.report);
  }
};

/// Agent: what happened, in order. Kept until acknowledged.
struct EventBatch {
  static constexpr std::uint8_t kind = 12;
  std::vector<document::Event> events = {};

  static constexpr std::string_view type_name = "EventBatch";
  friend bool operator==(const EventBatch&, const EventBatch&) = default;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "events", self.events);
  }
};

/// Server: everything up to here is stored.
struct EventAck {
  static constexpr std::uint8_t kind = 13;
  document::ReportNumber number = {};

  static constexpr std::string_view type_name = "EventAck";
  friend bool operator==(const EventAck&, const EventAck&) = default;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "number", self.number);
  }
};

/// Agent: my key changes; an envelope of a Rekey document signed by the old key. The server answers
/// with a charter that names the new key.
struct RekeyRequest {
  static constexpr std::uint8_t kind = 14;
  std::string envelope = {};

  static constexpr std::string_view type_name = "RekeyRequest";
  friend bool operator==(const RekeyRequest&, const RekeyRequest&) = default;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "envelope", self.envelope);
  }
};

/// Either side, before it hangs up: why, and when to try again (0: as you like).
struct Bye {
  static constexpr std::uint8_t kind = 15;
  std::string code = {};
  std::string message = {};
  std::uint32_t retry_after_s = 0;

  static constexpr std::string_view type_name = "Bye";
  friend bool operator==(const Bye&, const Bye&) = default;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "code", self.code);
    visit(2, "message", self.message);
    visit(3, "retry_after_s", self.retry_after_s);
  }
};

using Message = std::variant<Beat,
                             TrustRequest,
                             Document,
                             TrustEnd,
                             EnrolRequest,
                             EnrolReply,
                             AgentHello,
                             ServerHello,
                             Want,
                             Blob,
                             ReportMessage,
                             EventBatch,
                             EventAck,
                             RekeyRequest,
                             Bye>;

/// The protocol spoken by this build.
inline constexpr std::uint32_t protocol_version = 1;

/// One whole frame on channel 0.
std::string encode_message(const Message& message);

/// `bad_frame` for an unknown kind or another channel, else the codec's own refusals.
Result<Message> decode_message(const Frame& frame);

}  // namespace skerry::wire
