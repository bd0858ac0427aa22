#include "document/codec.h"
#include "server/store/codes.h"
#include "server/store/reader.h"
#include "server/store/transaction.h"

namespace skerry::store {

namespace {

constexpr std::chrono::hours kept{24};

/// An outcome as it is remembered; private to this file and this table.
struct SavedEffect {
  bool changed = false;
  std::uint64_t revision = 0;
  std::uint64_t generation = 0;
  Uuid uid = {};
  std::uint32_t site = 0;
  std::uint64_t created_ms = 0;
  std::uint64_t updated_ms = 0;
  std::string data = {};

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "changed", self.changed);
    visit(2, "revision", self.revision);
    visit(3, "generation", self.generation);
    visit(4, "uid", self.uid);
    visit(5, "site", self.site);
    visit(6, "created_ms", self.created_ms);
    visit(7, "updated_ms", self.updated_ms);
    visit(8, "data", self.data);
  }
};

struct SavedOutcome {
  std::vector<SavedEffect> effects = {};

  static constexpr std::string_view type_name = "SavedOutcome";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "effects", self.effects);
  }
};

std::uint64_t milliseconds(WallTime time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

WallTime wall_time(std::uint64_t milliseconds) {
  return WallTime(std::chrono::milliseconds(milliseconds));
}

SavedEffect saved(const Effect& effect) {
  return {.changed = effect.changed,
          .revision = effect.revision,
          .generation = effect.generation,
          .uid = effect.uid,
          .site = effect.site,
          .created_ms = milliseconds(effect.created_at),
          .updated_ms = milliseconds(effect.updated_at),
          .data = effect.data};
}

Effect restored(const SavedEffect& effect) {
  return {.changed = effect.changed,
          .revision = effect.revision,
          .generation = effect.generation,
          .uid = effect.uid,
          .site = effect.site,
          .created_at = wall_time(effect.created_ms),
          .updated_at = wall_time(effect.updated_ms),
          .data = effect.data};
}

}  // namespace

Result<std::optional<Outcome>> earlier_outcome(Connection& connection, const Change& change) {
  SKERRY_TRY(
      Query query,
      connection.query("SELECT request, outcome FROM idempotency WHERE actor = ? AND key = ?",
                       change.by.name,
                       change.idempotency_key));
  SKERRY_TRY(const bool row, query.next());
  if (!row) {
    return std::optional<Outcome>();
  }
  if (query.digest(0) != change.request) {
    return fail(refusal(
        ErrorKind::invalid, key_reused, "the idempotency key was used for another request"));
  }
  SKERRY_TRY(const SavedOutcome before, document::decode<SavedOutcome>(query.text(1)));
  Outcome outcome{.effects = {}, .replayed = true};
  for (const SavedEffect& effect : before.effects) {
    outcome.effects.push_back(restored(effect));
  }
  return std::optional<Outcome>(std::move(outcome));
}

Result<std::optional<Outcome>> Reader::earlier_outcome(const Change& change) {
  if (change.idempotency_key.empty()) {
    return std::optional<Outcome>();
  }
  return store::earlier_outcome(*connection_, change);
}

Status remember_outcome(Connection& connection,
                        const Change& change,
                        const Outcome& outcome,
                        WallTime now) {
  SavedOutcome kept_outcome;
  for (const Effect& effect : outcome.effects) {
    kept_outcome.effects.push_back(saved(effect));
  }
  const std::string bytes = document::encode(kept_outcome);
  return connection.run(
      "INSERT INTO idempotency(actor, key, request, outcome, time)"
      " VALUES(?, ?, ?, ?, ?)",
      change.by.name,
      change.idempotency_key,
      change.request,
      Blob{bytes},
      now);
}

Status forget_outcomes(Connection& connection, WallTime now) {
  return connection.run("DELETE FROM idempotency WHERE time < ?", now - kept);
}

}  // namespace skerry::store
