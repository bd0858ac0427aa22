#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "document/trust_document.h"
#include "server/store/change.h"
#include "server/store/reader.h"
#include "trust/opened.h"

/// What a site shows of what was signed here and a store that was put back has forgotten. A site's
/// word counts for nothing in this: a signature of a key that this installation has trusted does.
namespace skerry::gateway {

/// Whether a key that any trust document of the store gives this right has signed it.
Result<bool> was_signed_here(const trust::Opened& opened,
                             document::TrustedKey::Right right,
                             store::Reader& reader,
                             const Crypto& crypto);

/// The planner whose key a shown charter brings, of a term that this store has forgotten; nothing
/// where it brings none, or is none that this installation signed for this site.
Result<std::optional<PublicKey>> planner_brought_by(const trust::Opened& charter,
                                                    const store::SiteRow& site,
                                                    store::Reader& reader,
                                                    const Crypto& crypto);

/// The shown manifest as what the site was told; nothing where it is not one that a planner of ours
/// signed for this site: one of trust, of a charter of the site's, or `planner`.
Result<std::optional<store::LearnTold>> told_before(const trust::Opened& opened,
                                                    const store::SiteRow& site,
                                                    const std::optional<PublicKey>& planner,
                                                    store::Reader& reader,
                                                    const Crypto& crypto);

/// The releases a shown manifest names and the store does not hold.
Result<std::vector<Digest>> missing_releases(const trust::Opened& manifest, store::Reader& reader);

/// A shown release as the store keeps it; nothing where it is not this release or no author of ours
/// signed it.
Result<std::optional<store::PutBlob>> release_before(const Digest& wanted,
                                                     const std::string& envelope,
                                                     store::Reader& reader,
                                                     const Crypto& crypto);

}  // namespace skerry::gateway
