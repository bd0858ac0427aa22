#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "server/store/rows.h"

/// Everything that can be done to the store, as values: what a test, the simulator and the server
/// all hand to `Writer`.
namespace skerry::store {

// ---- Intent: each takes a revision and writes its audit row.

/// Creates or replaces an object. One with an equal body changes nothing and takes no revision.
struct PutObject {
  std::string kind = {};
  std::string name = {};
  std::string body = {};
  /// SHA-256 of the spec alone: the generation rises only where it differs.
  Digest spec_digest = {};
  /// If-Match: the revision the caller has seen; `stale_revision` where another stands.
  std::optional<std::uint64_t> if_match = {};
  /// If-None-Match: `already_exists` where there is one.
  bool if_absent = false;
  /// A new object's uid where something else has chosen it (a site's id); zero for a fresh one.
  Uuid uid = {};
};

struct DeleteObject {
  std::string kind = {};
  std::string name = {};
  std::optional<std::uint64_t> if_match = {};
};

/// Writes an audit row about something that changed nothing here: a login, a denied action.
struct Note {
  std::string action = {};
  std::string kind = {};
  std::string name = {};
  /// "ok", or the code of the refusal.
  std::string result = {};
};

/// A site asks to join. It has no charter yet; `effect.site` is its number.
struct AddSite {
  Uuid id = {};
  Digest key = {};
  std::string request = {};
};

/// Gives a site its next charter; `fenced` unless (term, seq) is above the one it has.
struct SetCharter {
  Uuid site = {};
  std::uint64_t term = 0;
  std::uint64_t seq = 0;
  std::string envelope = {};
  Digest key = {};
  Digest planner = {};
  bool ended = false;
  /// See SiteRow::adopting.
  bool adopting = false;
};

/// The next trust document; `fenced` unless `version` is the newest one's plus 1.
struct PutTrust {
  std::uint64_t version = 0;
  std::string envelope = {};
};

/// A site has shown a manifest signed by this key, numbered above the key's counter: this store was
/// restored, and the key signs nothing any more. A new key at the next term is the way on. To be
/// said only after the signature was checked.
struct MarkBehind {
  Digest planner = {};
  /// The site that showed it, for the audit row.
  Uuid site = {};
  std::uint64_t seq_shown = 0;
};

struct AddToken {
  TokenRow token = {};  // `id`, `created_at` are made here where they are zero.
};

/// Takes one use of a token, in one step: of two callers for the last use one gets
/// `token_refused`. `effect.data` is its body, `effect.uid` its id.
struct UseToken {
  TokenRow::Kind kind = TokenRow::Kind::unspecified;
  Digest hash = {};
};

/// Ends a token now; what is listed of it is forgotten 30 days later, as of one that expired.
struct RevokeToken {
  Uuid id = {};
};

/// Creates or replaces a user; a new one gets a uid. A new password, another role or being disabled
/// ends the user's sessions.
struct PutUser {
  UserRow user = {};
  bool if_absent = false;
  /// The session that does it, which goes on; zero for none.
  Uuid session = {};
};

/// Removes a user and every token that acts as it.
struct DeleteUser {
  std::string name = {};
};

/// This file was put back from a backup. What sites said of themselves is forgotten, so that
/// nothing is planned before they have said it again; every session and token ends, as those
/// revoked since the backup would work again.
struct BeginRecovery {};

/// Lets go of the feed's entries up to a revision. The audit rows themselves stay.
struct CompactFeed {
  std::uint64_t through = 0;
};

// ---- Not intent: no revision, no audit row.

/// Lets a token that is still good live until a later time.
struct ExtendToken {
  Uuid id = {};
  WallTime expires_at = {};
};

/// Says when a token was used last.
struct NoteTokenUse {
  Uuid id = {};
};

/// Keeps bytes under the digest that names them; a second time is no change. The digest is of the
/// document inside, so the caller has checked it.
struct PutBlob {
  Digest digest = {};
  std::string bytes = {};
};

/// Commits what was signed: batches and the manifests in them, whole or not at all. `fenced` where
/// the counter has moved, a batch does not chain, or a site's term or number is not older.
struct CommitPlan {
  Digest planner = {};
  /// The counter before: the first batch is `seq_before` + 1.
  std::uint64_t seq_before = 0;
  std::vector<BatchRow> batches = {};
  std::vector<ToldRow> told = {};
};

/// A manifest that a planner of ours signed and this store has forgotten, as its site showed it:
/// `fenced` unless it belongs to a term before the site's and is not older than what is here. To be
/// said only after the signature was checked.
struct LearnTold {
  ToldRow told = {};  // `version` is made here.
};

/// What a site reports about itself, where it differs from what is here.
struct SetFacts {
  SiteNumber site = 0;
  std::vector<document::Fact> facts = {};
};

/// The site has accepted the manifest that equals what it runs: from now on it is planned for as
/// any other. `fenced` where its term is another one by now.
struct EndAdoption {
  SiteNumber site = 0;
  std::uint64_t term = 0;
};

/// The newest wins by number; an older one changes nothing.
struct SetState {
  StateRow state = {};  // `version` is made here.
  std::string report = {};
};

/// Events of one site in ascending order. What is at or below its highest number is known already.
struct AddEvents {
  SiteNumber site = 0;
  std::vector<EventRow> events = {};  // `id` and `site` are made here.
};

using Operation = std::variant<PutObject,
                               DeleteObject,
                               Note,
                               AddSite,
                               SetCharter,
                               PutTrust,
                               MarkBehind,
                               AddToken,
                               UseToken,
                               RevokeToken,
                               PutUser,
                               DeleteUser,
                               BeginRecovery,
                               CompactFeed,
                               ExtendToken,
                               NoteTokenUse,
                               PutBlob,
                               CommitPlan,
                               LearnTold,
                               SetFacts,
                               EndAdoption,
                               SetState,
                               AddEvents>;

/// Who does it, for the audit row.
struct Actor {
  std::string name = {};    // "user/ana", "site/018f…", "planner"
  std::string method = {};  // "password", "token", "identity", "internal"
  std::string source = {};  // An address, or empty.
};

/// Operations that happen together or not at all.
struct Change {
  /// What waits goes in this order. Each lane is bounded by itself, so that a storm of status
  /// keeps nobody from changing anything.
  enum class Lane : std::uint8_t { admin, events, status };

  Actor by = {};
  std::vector<Operation> operations = {};
  Lane lane = Lane::admin;
  /// Where set, the same key and request within 24 h gives the first answer again.
  std::string idempotency_key = {};
  Digest request = {};
};

/// What one operation did.
struct Effect {
  bool changed = false;
  /// The object's revision, or the one taken for the audit row; 0 where there is none.
  std::uint64_t revision = 0;
  std::uint64_t generation = 0;
  Uuid uid = {};
  SiteNumber site = 0;
  WallTime created_at = {};
  WallTime updated_at = {};
  std::string data = {};

  friend bool operator==(const Effect&, const Effect&) = default;
};

struct Outcome {
  /// One for each operation, in order.
  std::vector<Effect> effects = {};
  /// The answer of an earlier request with the same idempotency key.
  bool replayed = false;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// Called once, on the thread that steps, after the commit is on stable storage or has failed.
using Done = std::function<void(const Result<Outcome>& outcome)>;

}  // namespace skerry::store
