#pragma once

#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "document/manifest.h"
#include "server/store/change.h"

namespace skerry::planner {

/// A manifest that is to be signed, and for whom.
struct NewManifest {
  store::SiteNumber site = 0;
  Uuid id = {};
  std::uint64_t term = 0;
  document::Manifest manifest = {};
};

/// Numbers and signs manifests in batches on top of what the planner's key has said so far.
///
/// A manifest's seq is that of the batch it stands in: one counter for a key, and a site is at most
/// once in a batch. Equal inputs give equal payloads and digests; only signatures differ.
Result<store::CommitPlan> sign_plan(const std::vector<NewManifest>& manifests,
                                    const store::PlannerRow& before,
                                    const KeyPair& key,
                                    Crypto& crypto);

}  // namespace skerry::planner
