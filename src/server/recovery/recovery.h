#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/disk.h"
#include "base/result.h"
#include "server/store/reader.h"
#include "server/store/writer.h"
#include "trust/keys.h"

namespace skerry::recovery {

/// While an object of this kind and name is in the store, sites keep each stack as they were told
/// it until a person has decided on that stack.
inline constexpr std::string_view restore_kind = "Restore";
inline constexpr std::string_view restore_name = "current";

/// One for each stack that was decided on, by the stack's name: from then on the store says what of
/// it runs where, also that it runs nowhere.
inline constexpr std::string_view decision_kind = "RestoreDecision";

/// What a backup holds, for the person who is about to use it.
struct Contents {
  std::uint64_t sites = 0;
  std::uint64_t stacks = 0;
  /// The newest revision in it, and when that was made.
  std::uint64_t revision = 0;
  WallTime changed_at = {};
};

/// Holds a store against everything that can be checked without its server: every page and index,
/// the audit chain from row 1, and that the trust documents can be read.
///
/// @return `store_corrupt`, `audit_broken`, or what reading a trust document said
Result<Contents> verify(store::Reader& reader, const Crypto& crypto);

/// What a restore needs from outside.
struct Outside {
  /// Where the key files are; the assign key must be there.
  Disk* keys_disk = nullptr;
  Crypto* crypto = nullptr;
  const Clock* clock = nullptr;
};

/// Starts again from a store that was put back: a fresh planner key, and for each site a charter of
/// a higher term that brings it. The key file is written before the store refers to it. Run once,
/// while no server uses the store.
///
/// @return `key_missing` naming the file that is kept elsewhere
Status begin(store::Reader& reader, store::Writer& writer, const Outside& outside);

/// Whether charters must bring this planner's key, because trust does not list it.
Result<bool> brings_planner(store::Reader& reader, const KeyPair& planner, const Crypto& crypto);

}  // namespace skerry::recovery
