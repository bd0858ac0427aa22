#pragma once

#include <array>

#include "base/error.h"

/// Why a document is refused: the whole list, and stable. The same words stand in events, counters
/// and the log.
namespace skerry::trust::refusal {

/// More bytes or elements than a document may cost.
inline constexpr ErrorCode too_large{"too_large"};
/// Not an envelope, a payload or a body of the kind it says, or one that breaks an invariant.
inline constexpr ErrorCode malformed{"malformed"};
/// No valid signature by a key that may sign this, by the newest trust and charter held here.
inline constexpr ErrorCode bad_signature{"bad_signature"};
/// For another site, or for everyone where it must be for one.
inline constexpr ErrorCode wrong_audience{"wrong_audience"};
/// Older than what was accepted here.
inline constexpr ErrorCode rollback{"rollback"};
/// The number of something accepted here with other content: somebody signed twice. An alarm.
inline constexpr ErrorCode equivocation{"equivocation"};
/// More than the charter's ceiling allows, whoever signed it.
inline constexpr ErrorCode ceiling{"ceiling"};
/// It needs something that this build cannot do.
inline constexpr ErrorCode capability{"capability"};
/// Genuine perhaps, but not the document that was asked for.
inline constexpr ErrorCode digest{"digest"};
/// It was tried too often without an answer; not tried again.
inline constexpr ErrorCode quarantined{"quarantined"};
/// The trust document or charter that would vouch for it is not here yet; ask for it.
inline constexpr ErrorCode trust_gap{"trust_gap"};

inline constexpr std::array all{too_large,
                                malformed,
                                bad_signature,
                                wrong_audience,
                                rollback,
                                equivocation,
                                ceiling,
                                capability,
                                digest,
                                quarantined,
                                trust_gap};

/// Whether a refusal is told as a security event: it takes somebody with intent, a stolen key or a
/// restored server to cause it, not a bad link or an old build.
constexpr bool is_security_event(const ErrorCode& code) {
  return code == bad_signature || code == wrong_audience || code == rollback ||
         code == equivocation || code == ceiling || code == digest;
}

}  // namespace skerry::trust::refusal

namespace skerry::trust {

/// Not refusals of a document: the key files of this process.
inline constexpr ErrorCode key_missing{"key_missing"};
inline constexpr ErrorCode key_damaged{"key_damaged"};
inline constexpr ErrorCode crypto_failed{"crypto_failed"};

}  // namespace skerry::trust
