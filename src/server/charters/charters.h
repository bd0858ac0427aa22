#pragma once

#include "base/crypto.h"
#include "base/result.h"
#include "document/charter.h"
#include "server/store/change.h"
#include "server/store/rows.h"
#include "trust/keys.h"

namespace skerry::charters {

/// The keys that sign charters, and the planner that they name. Assign may be kept elsewhere; then
/// only enrolment works here.
struct Signers {
  const trust::KeyRing* keys = nullptr;
  Crypto* crypto = nullptr;
  /// The planner's key came with a restore and trust does not list it: charters bring it, and the
  /// assign key signs first ones too.
  bool brings_planner = false;
};

/// A new site's charter of term 1, signed by the enrol key; by the assign key where it brings the
/// planner.
Result<store::SetCharter> first(const Signers& signers, const Uuid& site, const PublicKey& key);

/// The same site with another identity, on the site's own word. Signed by the assign key, as are
/// those below; `key_missing` where that is kept elsewhere.
Result<store::SetCharter> rekeyed(const Signers& signers,
                                  const store::SiteRow& site,
                                  const PublicKey& key);

/// The end: no session and no manifest from now on. Nothing at the site is removed by it.
Result<store::SetCharter> ended(const Signers& signers, const store::SiteRow& site);

/// The next term, for a site that has lost its floor or gets a new planner: its first manifest must
/// equal what it runs.
///
/// @param at_least  for a store that was put back from a backup and does not know of the terms
/// since
Result<store::SetCharter> next_term(const Signers& signers,
                                    const store::SiteRow& site,
                                    std::uint64_t at_least = 0);

/// The newest charter of a site, from the server's own store.
Result<document::Charter> read(const store::SiteRow& site, const Crypto& crypto);

}  // namespace skerry::charters
