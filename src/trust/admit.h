#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/crypto.h"
#include "base/result.h"
#include "document/envelope.h"
#include "document/trust_document.h"
#include "trust/anchors.h"
#include "trust/codes.h"

namespace skerry::trust {

/// What one document may cost at most, envelope included.
inline constexpr std::size_t envelope_bytes_max = 1024 * 1024;
/// On one envelope; two generations of roots sign a trust document.
inline constexpr std::size_t signatures_max = 16;

/// A document that is genuine, meant for here and not older than what is here. Its body is still
/// bytes: only `judge.h` reads it, after the attempt was counted. Only `admit` makes one.
class Admitted {
 public:
  enum class Freshness : std::uint8_t {
    newer,
    same,  // Exactly what was accepted already: nothing to do.
  };

  [[nodiscard]] const document::Header& header() const { return header_; }

  [[nodiscard]] std::string_view body() const { return body_; }

  [[nodiscard]] Freshness freshness() const { return freshness_; }

  /// The right under which its signer was believed; `unspecified` for a site's own key.
  [[nodiscard]] document::TrustedKey::Right right() const { return right_; }

  /// Its digest and number: the floor, once it is accepted.
  [[nodiscard]] const Floor& number() const { return number_; }

  [[nodiscard]] const Digest& digest() const { return number_.digest; }

 private:
  friend Result<Admitted> admit(std::string_view, const Anchors&, const Crypto&);

  Admitted(document::Payload payload, const Digest& digest)
      : header_(payload.header),
        body_(std::move(payload.body)),
        number_{.number = {.term = header_.term, .seq = header_.seq}, .digest = digest} {}

  document::Header header_;
  std::string body_;
  Floor number_;
  Freshness freshness_ = Freshness::newer;
  document::TrustedKey::Right right_ = document::TrustedKey::Right::unspecified;
};

/// Decides whether a document from outside may be considered here at all, whatever road it came.
///
/// Pure. In this order: size, envelope, signature by a key that may sign it by what is held here,
/// audience, number. Nothing but the header is decoded, except for a trust document, whose own
/// roots must have signed it too.
///
/// Where the document that would vouch for this one is not here, the answer is `trust_gap`, never
/// `bad_signature`: a trust version beyond the next, a manifest of a term beyond the charter's. A
/// trust document older than the held one is a `rollback` by its version alone, because the keys
/// that signed it may be long gone.
///
/// @return a refusal of codes.h; `is_security_event` tells which of them are told as such
Result<Admitted> admit(std::string_view envelope, const Anchors& anchors, const Crypto& crypto);

}  // namespace skerry::trust
