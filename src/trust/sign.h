#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "document/charter.h"
#include "document/envelope.h"
#include "document/manifest.h"
#include "document/report.h"
#include "document/trust_document.h"
#include "document/workload.h"

namespace skerry::trust {

/// Payloads: what is signed and what the digest names. Equal inputs give equal bytes.
std::string trust_payload(const document::Trust& trust);
/// @param number  the planner's term, and which charter of that term this is, from 1
std::string charter_payload(const document::Charter& charter, document::PlanNumber number);
std::string manifest_payload(const document::Manifest& manifest,
                             const Uuid& site,
                             document::PlanNumber number);
std::string release_payload(const document::Release& release);
/// @param charter  the number of the charter that this changes
std::string rekey_payload(const document::Rekey& rekey, document::PlanNumber charter);

/// One payload in an envelope, signed by one key. The bytes that travel.
Result<std::string> sign(std::string payload, const KeyPair& key, Crypto& crypto);

/// Signed by several: trust documents only.
Result<std::string> sign_by_all(std::string payload, std::span<const KeyPair> keys, Crypto& crypto);

/// How many manifests one signature covers at most.
inline constexpr std::size_t batch_size_max = 256;

/// Where a planner's log of batches ends: what the next batch continues.
struct BatchEnd {
  /// Number of the last batch; 0 before the first.
  std::uint64_t seq = 0;
  /// SHA-256 of its encoded header.
  Digest header = {};

  friend bool operator==(const BatchEnd&, const BatchEnd&) = default;
};

/// A batch as it is stored and sent. Header and signature are the log; what a planner ever said can
/// be checked against it.
struct SignedBatch {
  document::BatchHeader header = {};
  document::Signature signature = {};
  /// One for each payload, in their order: the bytes that travel.
  std::vector<std::string> envelopes = {};
  BatchEnd end = {};
};

/// Signs manifests' payloads together.
///
/// @param payloads  1 to `batch_size_max`
/// @param previous  the end of this planner's log, as the store holds it
Result<SignedBatch> sign_batch(std::span<const std::string> payloads,
                               const BatchEnd& previous,
                               const KeyPair& planner,
                               Crypto& crypto);

}  // namespace skerry::trust
