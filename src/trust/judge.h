#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/crypto.h"
#include "base/result.h"
#include "document/charter.h"
#include "document/manifest.h"
#include "document/trust_document.h"
#include "document/workload.h"
#include "trust/admit.h"
#include "trust/anchors.h"

namespace skerry::trust {

/// What a manifest may require of this build.
inline constexpr std::array<std::string_view, 2> known_capabilities{"drift_report", "slots"};

/// How often a document is begun at most; the last of them is refused without reading it. So one
/// that crashes its reader does so `attempts_max - 1` times and never again.
inline constexpr std::uint32_t attempts_max = 3;

/// Of one site.
inline constexpr std::size_t stacks_max = 10'000;

/// The second half of the door. Each reads the body of what was admitted, strictly and whole, and
/// is called only after the ledger has made the attempt durable.
///
/// @param attempts  what the ledger counts for this digest, this one included
/// @return          the document; `quarantined`, `malformed`, `too_large`, `capability`, and what
///                  each names below

Result<document::Manifest> judge_manifest(const Admitted& admitted, std::uint32_t attempts);

/// `wrong_audience` where the body is about another site or does not name `own_key`;
/// `bad_signature` where an enrolling key names a planner that trust does not.
Result<document::Charter> judge_charter(const Admitted& admitted,
                                        const Anchors& anchors,
                                        const Crypto& crypto,
                                        std::uint32_t attempts);

Result<document::Trust> judge_trust(const Admitted& admitted);

/// For the server: a site's word on its new key.
Result<document::Rekey> judge_rekey(const Admitted& admitted);

/// What a fetched release is measured against.
struct ReleaseTerms {
  /// Named by the accepted manifest.
  Digest digest = {};
  document::Ceiling ceiling = {};
  std::uint32_t attempts = 0;
};

/// Judges one release for one stack, from its envelope on: the digest that was asked for, an
/// author's signature, then the body, its invariants and the ceiling. A refusal concerns that stack
/// alone, which stays on what it runs.
///
/// @return also `digest`, `bad_signature`, `wrong_audience`, `ceiling`
Result<document::Release> judge_release(std::string_view envelope,
                                        const ReleaseTerms& terms,
                                        const Anchors& anchors,
                                        const Crypto& crypto);

/// Whether an assignment fits its release: the stack's name and one value for each slot; else
/// `malformed`.
Status judge_assignment(const document::StackAssignment& assignment,
                        const document::Release& release);

/// Reads back a document that was accepted here before, out of the site's own store: only its
/// digest is checked. A right that was withdrawn since does not undo what was accepted (G3).
///
/// For Trust, Charter, Manifest and Release. `digest`, `malformed`, `capability`.
template <class T>
Result<T> recall(std::string_view envelope, const Digest& digest, const Crypto& crypto);

extern template Result<document::Trust> recall(std::string_view, const Digest&, const Crypto&);
extern template Result<document::Charter> recall(std::string_view, const Digest&, const Crypto&);
extern template Result<document::Manifest> recall(std::string_view, const Digest&, const Crypto&);
extern template Result<document::Release> recall(std::string_view, const Digest&, const Crypto&);

/// The same for a charter, with the number it had: for `Anchors` at start.
Result<HeldCharter> recall_charter(std::string_view envelope,
                                   const Digest& digest,
                                   const Crypto& crypto);
Result<HeldTrust> recall_trust(std::string_view envelope,
                               const Digest& digest,
                               const Crypto& crypto);

}  // namespace skerry::trust
