#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "document/fields.h"

/// What the command line and a site's agent say over the agent's root-only unix socket: the same
/// frames as the site link, with kinds of their own that the link never takes.
namespace skerry::wire {

/// One command of local hands.
struct LocalRequest {
  static constexpr std::uint8_t kind = 64;
  /// "status", "floor", "journal", "spool", "pause", "resume", "rekey".
  std::string verb = {};

  static constexpr std::string_view type_name = "LocalRequest";
  friend bool operator==(const LocalRequest&, const LocalRequest&) = default;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "verb", self.verb);
  }
};

/// The answer: a JSON object, or why not.
struct LocalReply {
  static constexpr std::uint8_t kind = 65;
  std::string json = {};
  /// Empty where it went well.
  std::string code = {};
  std::string message = {};

  static constexpr std::string_view type_name = "LocalReply";
  friend bool operator==(const LocalReply&, const LocalReply&) = default;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "json", self.json);
    visit(2, "code", self.code);
    visit(3, "message", self.message);
  }
};

std::string encode_local(const LocalRequest& request);
std::string encode_local(const LocalReply& reply);
/// Of one whole frame on channel 0; `bad_frame` where it is of another kind.
Result<LocalRequest> decode_local_request(std::uint8_t kind, std::string_view body);
Result<LocalReply> decode_local_reply(std::uint8_t kind, std::string_view body);

}  // namespace skerry::wire
