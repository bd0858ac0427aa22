#include "trust/trust_walk.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "document/codec.h"
#include "trust/codes.h"
#include "trust/refuse.h"

namespace skerry::trust {

using document::Trust;
using document::TrustedKey;

namespace {

/// The ids of the keys that signed, after every signature was checked.
using Signers = std::set<Digest>;

Status check_key(const TrustedKey& key) {
  std::set<TrustedKey::Right> rights(key.rights.begin(), key.rights.end());
  if (key.key == PublicKey{} || key.rights.empty() || rights.size() != key.rights.size() ||
      rights.contains(TrustedKey::Right::unspecified)) {
    return refuse(refusal::malformed, "a trusted key is empty or has no clear rights");
  }
  return {};
}

std::size_t count_roots(const Trust& trust) {
  return static_cast<std::size_t>(std::ranges::count_if(
      trust.keys, [](const TrustedKey& key) { return has_right(key, TrustedKey::Right::root); }));
}

const TrustedKey* find_root(const Trust* trust, const Digest& id, const Crypto& crypto) {
  const TrustedKey* key = trust == nullptr ? nullptr : find_key(*trust, id, crypto);
  return key != nullptr && has_right(*key, TrustedKey::Right::root) ? key : nullptr;
}

/// Checks every signature against the roots of either version.
Result<Signers> check_signatures(const Opened& opened,
                                 const Trust* held,
                                 const Trust& own,
                                 const Crypto& crypto) {
  Signers signers;
  for (const document::Signature& signature : opened.envelope.signatures) {
    const TrustedKey* key = find_root(held, signature.key_id, crypto);
    key = key != nullptr ? key : find_root(&own, signature.key_id, crypto);
    if (key == nullptr || !crypto.verify(key->key, opened.envelope.payload, signature.bytes)) {
      return refuse(refusal::bad_signature, "a signature is not by a root key");
    }
    if (!signers.insert(signature.key_id).second) {
      return refuse(refusal::malformed, "a key signed twice");
    }
  }
  return signers;
}

Status check_threshold(const Trust& trust, const Signers& signers, const Crypto& crypto) {
  const auto count = std::ranges::count_if(
      signers, [&](const Digest& signer) { return find_root(&trust, signer, crypto) != nullptr; });
  if (static_cast<std::size_t>(count) < trust.threshold) {
    return refuse(refusal::bad_signature,
                  std::to_string(count) + " of " + std::to_string(trust.threshold) +
                      " roots of version " + std::to_string(trust.version) + " signed");
  }
  return {};
}

/// Before anything of the body is read: somebody held here must have signed it, or nobody is held.
Status check_vouched(const Opened& opened, const Anchors& anchors, const Crypto& crypto) {
  const bool vouched =
      std::ranges::any_of(opened.envelope.signatures, [&](const document::Signature& signature) {
        if (!anchors.trust) {
          return signature.key_id == anchors.root;
        }
        const TrustedKey* key = find_root(&anchors.trust->trust, signature.key_id, crypto);
        return key != nullptr && crypto.verify(key->key, opened.envelope.payload, signature.bytes);
      });
  if (!vouched) {
    return refuse(refusal::bad_signature, "no root known here signed it");
  }
  return {};
}

}  // namespace

Result<Trust> read_trust(const document::Header& header, std::string_view body) {
  SKERRY_TRY(Trust trust, document::decode<Trust>(body));
  std::set<PublicKey> keys;
  for (const TrustedKey& key : trust.keys) {
    SKERRY_CHECK(check_key(key));
    if (!keys.insert(key.key).second) {
      return refuse(refusal::malformed, "a key stands twice");
    }
  }
  if (trust.version == 0 || trust.version != header.seq || header.term != 0) {
    return refuse(refusal::malformed, "the header does not say the version");
  }
  if (trust.threshold == 0 || trust.threshold > count_roots(trust)) {
    return refuse(refusal::malformed, "the threshold cannot be met or asks for nobody");
  }
  return trust;
}

Status check_roots(const Opened& opened, const Anchors& anchors, const Crypto& crypto) {
  SKERRY_CHECK(check_vouched(opened, anchors, crypto));
  SKERRY_TRY(const Trust own, read_trust(opened.payload.header, opened.payload.body));
  const Trust* held = anchors.trust ? &anchors.trust->trust : nullptr;
  SKERRY_TRY(const Signers signers, check_signatures(opened, held, own, crypto));
  if (held != nullptr) {
    SKERRY_CHECK(check_threshold(*held, signers, crypto));
  }
  return check_threshold(own, signers, crypto);
}

}  // namespace skerry::trust
