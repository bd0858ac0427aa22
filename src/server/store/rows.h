#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/uuid.h"
#include "document/report.h"

/// What the store holds, as values. Bytes are opaque to it: bodies, envelopes and reports are
/// encoded and read by the rooms that own them.
namespace skerry::store {

/// A site's number in this store: small and dense, so that sets of sites can be bitmaps. Never
/// reused, never shown, means nothing in another store.
using SiteNumber = std::uint32_t;

/// One object as its user wrote it, and what the server adds.
struct ObjectRow {
  std::string kind = {};
  std::string name = {};
  Uuid uid = {};
  /// The revision that wrote it: its ETag.
  std::uint64_t revision = 0;
  /// Counts changes of the spec, from 1.
  std::uint64_t generation = 0;
  Digest spec_digest = {};
  /// SHA-256 of `body`.
  Digest digest = {};
  std::string body = {};
  WallTime created_at = {};
  WallTime updated_at = {};

  friend bool operator==(const ObjectRow&, const ObjectRow&) = default;
};

/// One audit row, which is also one entry of the intent feed: its seq is the revision it made.
struct AuditRow {
  std::uint64_t revision = 0;
  WallTime time = {};
  std::string actor = {};
  std::string method = {};
  std::string source = {};
  std::string action = {};
  /// Of the object it is about; a name may stand without a kind that has objects ("Token").
  std::string kind = {};
  std::string name = {};
  Uuid uid = {};
  Digest before = {};
  Digest after = {};
  /// "ok", or the code of the refusal.
  std::string result = {};
  /// The hash of the row before; zero in row 1.
  Digest previous = {};

  friend bool operator==(const AuditRow&, const AuditRow&) = default;
};

/// A page of the intent feed.
struct Changes {
  /// The entries from there on are no longer all here: list everything again, then go on from
  /// `head`.
  bool compacted = false;
  /// The newest revision there is.
  std::uint64_t head = 0;
  std::vector<AuditRow> rows = {};
};

struct Head {
  std::uint64_t revision = 0;
  Digest audit_hash = {};
  /// Numbers every change of sites, told manifests and states.
  std::uint64_t version = 0;
  /// Revisions up to here have left the feed.
  std::uint64_t compacted = 0;
  /// Names this copy of the store in status cursors; a restored one takes a new name.
  Uuid writer = {};
};

struct SiteRow {
  SiteNumber number = 0;
  Uuid id = {};
  /// Of the newest charter; zero while the site waits for approval.
  std::uint64_t term = 0;
  std::uint64_t charter_seq = 0;
  /// The newest charter's envelope; empty while the site waits for approval.
  std::string charter = {};
  /// The key id of its identity, by which the gateway knows it.
  Digest key = {};
  /// The key id of its planner; zero while there is none.
  Digest planner = {};
  /// The charter has ended: no session, no manifest.
  bool ended = false;
  /// The next manifest must equal what it runs: a new planner, or a site that lost its floor.
  bool adopting = false;
  /// The public key of its identity, as its enrolment brought it.
  std::string request = {};
  /// What it reports about itself.
  std::vector<document::Fact> facts = {};
  /// Rises with every change of this row.
  std::uint64_t version = 0;

  friend bool operator==(const SiteRow&, const SiteRow&) = default;
};

/// The newest manifest signed for a site.
struct ToldRow {
  SiteNumber site = 0;
  document::PlanNumber number = {};
  Digest digest = {};
  std::string envelope = {};
  std::uint64_t version = 0;

  friend bool operator==(const ToldRow&, const ToldRow&) = default;
};

/// What a planner key has said so far.
struct PlannerRow {
  Digest key = {};
  /// Of its newest batch, and so of its newest manifests; 0 before the first.
  std::uint64_t seq = 0;
  /// The hash of its newest batch's header.
  Digest previous = {};
  /// The highest seq of this key that a site has shown us and that we do not know.
  std::uint64_t shown = 0;

  /// This store is older than what its planner has said (it was restored): nothing is signed.
  [[nodiscard]] bool is_behind() const { return shown > seq; }
};

/// One signed batch, kept so that what a planner ever said is a verifiable log.
struct BatchRow {
  std::uint64_t seq = 0;
  Digest previous = {};
  Digest root = {};
  std::uint64_t size = 0;
  std::string signature = {};
  /// SHA-256 of the encoded header; the next batch's `previous`.
  Digest hash = {};

  friend bool operator==(const BatchRow&, const BatchRow&) = default;
};

/// The newest that a site said of itself: a level, so older ones are gone.
struct StateRow {
  SiteNumber site = 0;
  document::ReportNumber number = {};
  document::PlanNumber accepted = {};
  /// A word of state as the reporting room numbers it.
  std::uint32_t health = 0;
  WallTime seen_at = {};
  std::uint64_t version = 0;

  friend bool operator==(const StateRow&, const StateRow&) = default;
};

struct EventRow {
  /// Orders all events of this store; the cursor of its feed.
  std::uint64_t id = 0;
  SiteNumber site = 0;
  document::ReportNumber number = {};
  /// How many numbers this row stands for; more than 1 only where a gap is declared.
  std::uint64_t count = 1;
  WallTime time = {};
  std::string code = {};
  std::string body = {};

  friend bool operator==(const EventRow&, const EventRow&) = default;
};

/// A secret that opens a door. Only the hash of it is here.
struct TokenRow {
  enum class Kind : std::uint8_t {
    unspecified = 0,
    enrol = 1,    // A site joins.
    api = 2,      // A program acts for a user.
    session = 3,  // A signed-in user.
    setup = 4,    // Makes the first user.
  };

  Uuid id = {};
  Kind kind = Kind::unspecified;
  Digest hash = {};
  /// The user it acts as; empty for enrol and setup.
  std::string subject = {};
  /// Absent: without limit. Spent ones stay at 0 until they are pruned, as expired ones.
  std::optional<std::uint64_t> uses_left = {};
  std::optional<WallTime> expires_at = {};
  WallTime created_at = {};
  bool revoked = false;
  /// What it grants: labels, group, approval; opaque.
  std::string body = {};
  /// Of one kind at most one that may be used has it; empty for sessions and set-up codes.
  std::string name = {};
  /// When it was last used, within minutes; the epoch where it never was. Sessions do not say.
  WallTime used_at = {};

  friend bool operator==(const TokenRow&, const TokenRow&) = default;
};

struct UserRow {
  std::string name = {};
  Uuid uid = {};
  /// An argon2id string; never printed, never parsed here.
  std::string password_hash = {};
  std::string role = {};
  bool disabled = false;
  WallTime created_at = {};
  /// What was written about it: labels, a name to show; opaque.
  std::string body = {};
  /// When its last session began; the epoch where none has.
  WallTime signed_in_at = {};

  friend bool operator==(const UserRow&, const UserRow&) = default;
};

}  // namespace skerry::store
