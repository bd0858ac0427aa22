#include "trust/sign.h"

#include <utility>

#include "base/assert.h"
#include "document/codec.h"
#include "trust/merkle.h"

namespace skerry::trust {

using document::Header;

namespace {

template <document::Message T>
std::string payload_of(const Header& header, const T& body) {
  return document::encode(document::Payload{.header = header, .body = document::encode(body)});
}

Result<document::Signature> signature_of(std::string_view message,
                                         const KeyPair& key,
                                         Crypto& crypto) {
  SKERRY_TRY(std::string bytes, crypto.sign(key, message));
  return document::Signature{.key_id = key_id(crypto, key.public_key), .bytes = std::move(bytes)};
}

}  // namespace

std::string trust_payload(const document::Trust& trust) {
  return payload_of({.type = Header::Type::trust, .seq = trust.version}, trust);
}

std::string charter_payload(const document::Charter& charter, document::PlanNumber number) {
  return payload_of({.type = Header::Type::charter,
                     .audience = charter.site,
                     .term = number.term,
                     .seq = number.seq},
                    charter);
}

std::string manifest_payload(const document::Manifest& manifest,
                             const Uuid& site,
                             document::PlanNumber number) {
  return payload_of(
      {.type = Header::Type::manifest, .audience = site, .term = number.term, .seq = number.seq},
      manifest);
}

std::string release_payload(const document::Release& release) {
  return payload_of({.type = Header::Type::release}, release);
}

std::string rekey_payload(const document::Rekey& rekey, document::PlanNumber charter) {
  return payload_of({.type = Header::Type::rekey,
                     .audience = rekey.site,
                     .term = charter.term,
                     .seq = charter.seq},
                    rekey);
}

Result<std::string> sign(std::string payload, const KeyPair& key, Crypto& crypto) {
  return sign_by_all(std::move(payload), {&key, 1}, crypto);
}

Result<std::string> sign_by_all(std::string payload,
                                std::span<const KeyPair> keys,
                                Crypto& crypto) {
  document::Envelope envelope{.payload = std::move(payload)};
  for (const KeyPair& key : keys) {
    SKERRY_TRY(document::Signature signature, signature_of(envelope.payload, key, crypto));
    envelope.signatures.push_back(std::move(signature));
  }
  return document::encode(envelope);
}

Result<SignedBatch> sign_batch(std::span<const std::string> payloads,
                               const BatchEnd& previous,
                               const KeyPair& planner,
                               Crypto& crypto) {
  SKERRY_ASSERT(!payloads.empty());
  SKERRY_ASSERT(payloads.size() <= batch_size_max);
  const MerkleTree tree(crypto, payloads);
  SignedBatch batch{.header = {.planner_key = key_id(crypto, planner.public_key),
                               .seq = previous.seq + 1,
                               .previous = previous.header,
                               .root = tree.root(),
                               .size = payloads.size()}};
  const std::string header = document::encode(batch.header);
  SKERRY_TRY(batch.signature, signature_of(header, planner, crypto));
  batch.end = {.seq = batch.header.seq, .header = crypto.sha256(header)};
  batch.envelopes.reserve(payloads.size());
  for (std::size_t index = 0; index < payloads.size(); ++index) {
    batch.envelopes.push_back(document::encode(document::Envelope{
        .payload = payloads[index],
        .signatures = {batch.signature},
        .proof =
            document::Proof{.header = batch.header, .index = index, .path = tree.path(index)}}));
  }
  return batch;
}

}  // namespace skerry::trust
