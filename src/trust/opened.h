#pragma once

#include <string_view>

#include "base/crypto.h"
#include "base/digest.h"
#include "base/result.h"
#include "document/envelope.h"
#include "document/trust_document.h"

namespace skerry::trust {

/// An envelope taken apart. Nothing in it is believed yet.
struct Opened {
  document::Envelope envelope = {};
  document::Payload payload = {};
  Digest digest = {};
};

/// Takes an envelope apart within its caps, down to the payload's header; the body stays bytes.
///
/// @return `too_large`, `malformed`, `capability`, or `bad_signature` where it has no signature
Result<Opened> open_envelope(std::string_view bytes, const Crypto& crypto);

/// Whether the envelope's one signature is by this key, over the payload or over the header of a
/// batch in which the payload is.
bool is_signed_by(const Opened& opened, const PublicKey& key, const Crypto& crypto);

/// The key of that id, if the trust document has it.
const document::TrustedKey* find_key(const document::Trust& trust,
                                     const Digest& id,
                                     const Crypto& crypto);

bool has_right(const document::TrustedKey& key, document::TrustedKey::Right right);

}  // namespace skerry::trust
