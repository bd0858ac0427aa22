#include "trust/opened.h"

#include <algorithm>
#include <optional>

#include "document/codec.h"
#include "trust/admit.h"
#include "trust/codes.h"
#include "trust/merkle.h"
#include "trust/refuse.h"
#include "trust/sign.h"

namespace skerry::trust {

using document::Header;

namespace {

/// An envelope of `signatures_max` signatures and a proof has fewer strings and messages than this.
constexpr std::uint32_t envelope_elements_max = 64;

Status check_shape(const Opened& opened) {
  const Header::Type type = opened.payload.header.type;
  const std::size_t signatures = opened.envelope.signatures.size();
  if (type == Header::Type::unspecified) {
    return refuse(refusal::malformed, "the payload does not say what it is");
  }
  if (type == Header::Type::decommission) {
    return refuse(refusal::capability, "this build knows no decommission");
  }
  if (signatures == 0) {
    return refuse(refusal::bad_signature, "the envelope has no signature");
  }
  if (signatures > signatures_max) {
    return refuse(refusal::too_large, "the envelope has too many signatures");
  }
  if (signatures > 1 && type != Header::Type::trust) {
    return refuse(refusal::malformed, "only a trust document has several signatures");
  }
  if (opened.envelope.proof && type != Header::Type::manifest) {
    return refuse(refusal::malformed, "only a manifest is signed in a batch");
  }
  return {};
}

bool is_in_batch(const Opened& opened, const document::Proof& proof, const Crypto& crypto) {
  if (proof.header.size > batch_size_max ||
      proof.header.planner_key != opened.envelope.signatures.front().key_id) {
    return false;
  }
  const Digest leaf = leaf_hash(crypto, opened.envelope.payload);
  return root_of_path(crypto, leaf, {proof.index, proof.header.size}, proof.path) ==
         proof.header.root;
}

}  // namespace

Result<Opened> open_envelope(std::string_view bytes, const Crypto& crypto) {
  if (bytes.size() > envelope_bytes_max) {
    return refuse(refusal::too_large,
                  "the envelope has " + std::to_string(bytes.size()) + " bytes");
  }
  const document::DecodeLimits limits{.bytes_max = envelope_bytes_max,
                                      .elements_max = envelope_elements_max};
  Opened opened;
  SKERRY_TRY(opened.envelope, document::decode<document::Envelope>(bytes, limits));
  SKERRY_TRY(opened.payload, document::decode<document::Payload>(opened.envelope.payload, limits));
  SKERRY_CHECK(check_shape(opened));
  opened.digest = crypto.sha256(opened.envelope.payload);
  return opened;
}

bool is_signed_by(const Opened& opened, const PublicKey& key, const Crypto& crypto) {
  const document::Signature& signature = opened.envelope.signatures.front();
  if (signature.key_id != key_id(crypto, key)) {
    return false;
  }
  const std::optional<document::Proof>& proof = opened.envelope.proof;
  if (!proof) {
    return crypto.verify(key, opened.envelope.payload, signature.bytes);
  }
  return is_in_batch(opened, *proof, crypto) &&
         crypto.verify(key, document::encode(proof->header), signature.bytes);
}

const document::TrustedKey* find_key(const document::Trust& trust,
                                     const Digest& id,
                                     const Crypto& crypto) {
  const auto found = std::ranges::find_if(trust.keys, [&](const document::TrustedKey& candidate) {
    return key_id(crypto, candidate.key) == id;
  });
  return found == trust.keys.end() ? nullptr : &*found;
}

bool has_right(const document::TrustedKey& key, document::TrustedKey::Right right) {
  return std::ranges::find(key.rights, right) != key.rights.end();
}

}  // namespace skerry::trust
