#include "server/planner/batches.h"

#include <algorithm>
#include <span>

#include "trust/sign.h"

namespace skerry::planner {

namespace {

/// Signs one batch and adds it to the plan.
///
/// @return where the planner's log ends now
Result<trust::BatchEnd> add_batch(std::span<const NewManifest> manifests,
                                  const trust::BatchEnd& before,
                                  const KeyPair& key,
                                  Crypto& crypto,
                                  store::CommitPlan& plan) {
  const std::uint64_t seq = before.seq + 1;
  std::vector<std::string> payloads;
  for (const NewManifest& each : manifests) {
    payloads.push_back(
        trust::manifest_payload(each.manifest, each.id, {.term = each.term, .seq = seq}));
  }
  SKERRY_TRY(trust::SignedBatch batch, trust::sign_batch(payloads, before, key, crypto));
  plan.batches.push_back({.seq = batch.header.seq,
                          .previous = batch.header.previous,
                          .root = batch.header.root,
                          .size = batch.header.size,
                          .signature = std::move(batch.signature.bytes),
                          .hash = batch.end.header});
  for (std::size_t i = 0; i < manifests.size(); ++i) {
    plan.told.push_back({.site = manifests[i].site,
                         .number = {.term = manifests[i].term, .seq = seq},
                         .digest = crypto.sha256(payloads[i]),
                         .envelope = std::move(batch.envelopes[i])});
  }
  return batch.end;
}

}  // namespace

Result<store::CommitPlan> sign_plan(const std::vector<NewManifest>& manifests,
                                    const store::PlannerRow& before,
                                    const KeyPair& key,
                                    Crypto& crypto) {
  store::CommitPlan plan{.planner = before.key, .seq_before = before.seq};
  trust::BatchEnd end{.seq = before.seq, .header = before.previous};
  std::span<const NewManifest> rest(manifests);
  while (!rest.empty()) {
    const std::size_t size = std::min(rest.size(), trust::batch_size_max);
    SKERRY_TRY(end, add_batch(rest.first(size), end, key, crypto, plan));
    rest = rest.subspan(size);
  }
  return plan;
}

}  // namespace skerry::planner
