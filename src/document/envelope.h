#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "document/fields.h"

namespace skerry::document {

/// The fixed front of every signed payload: enough to say whether it is for here and newer than
/// what is here, before its body is decoded.
struct Header {
  enum class Type : std::uint8_t {
    unspecified = 0,
    trust = 1,
    charter = 2,
    release = 3,
    manifest = 4,
    rekey = 5,
    decommission = 6,
    known_max = decommission,
  };

  Type type = Type::unspecified;
  /// The one site this is for; zero where it is for everyone (trust, release).
  Uuid audience = {};
  /// The number (term, seq). A charter's seq counts its revisions within the term; trust has its
  /// version as seq; a release has none.
  std::uint64_t term = 0;
  std::uint64_t seq = 0;

  friend bool operator==(const Header&, const Header&) = default;
  static constexpr std::string_view type_name = "Header";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "type", self.type);
    visit(2, "audience", self.audience);
    visit(3, "term", self.term);
    visit(4, "seq", self.seq);
  }
};

/// What is signed: these exact bytes, never a re-encoding. Their SHA-256 names the document.
struct Payload {
  Header header = {};
  /// The encoded document of the header's type.
  std::string body = {};

  friend bool operator==(const Payload&, const Payload&) = default;
  static constexpr std::string_view type_name = "Payload";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "header", self.header);
    visit(2, "body", self.body);
  }
};

struct Signature {
  /// SHA-256 of the signer's public key.
  Digest key_id = {};
  /// ECDSA P-256 over SHA-256, DER.
  std::string bytes = {};

  friend bool operator==(const Signature&, const Signature&) = default;
  static constexpr std::string_view type_name = "Signature";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "key_id", self.key_id);
    visit(2, "bytes", self.bytes);
  }
};

/// One signature for many documents: what is signed is the encoded header of a batch.
struct BatchHeader {
  Digest planner_key = {};
  /// Counts this planner's batches without a gap.
  std::uint64_t seq = 0;
  /// SHA-256 of the previous batch's encoded header; zero for the first.
  Digest previous = {};
  /// Merkle tree hash (RFC 6962) over the payloads.
  Digest root = {};
  std::uint64_t size = 0;

  friend bool operator==(const BatchHeader&, const BatchHeader&) = default;
  static constexpr std::string_view type_name = "BatchHeader";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "planner_key", self.planner_key);
    visit(2, "seq", self.seq);
    visit(3, "previous", self.previous);
    visit(4, "root", self.root);
    visit(5, "size", self.size);
  }
};

/// Shows that a payload is leaf `index` of a signed batch.
struct Proof {
  BatchHeader header = {};
  std::uint64_t index = 0;
  /// The sibling hashes from the leaf to the root (RFC 6962 audit path).
  std::vector<Digest> path = {};

  friend bool operator==(const Proof&, const Proof&) = default;
  static constexpr std::string_view type_name = "Proof";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "header", self.header);
    visit(2, "index", self.index);
    visit(3, "path", self.path);
  }
};

/// A payload and why to believe it. Signatures lie outside what is named by the digest, so that
/// equal inputs give equal documents although ECDSA is randomised.
struct Envelope {
  std::string payload = {};
  std::vector<Signature> signatures = {};
  /// With a proof the signature is over the batch header instead of the payload.
  std::optional<Proof> proof = {};

  friend bool operator==(const Envelope&, const Envelope&) = default;
  static constexpr std::string_view type_name = "Envelope";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "payload", self.payload);
    visit(2, "signatures", self.signatures);
    visit(3, "proof", self.proof);
  }
};

}  // namespace skerry::document
