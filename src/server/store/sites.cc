#include <algorithm>

#include "server/store/codes.h"
#include "server/store/rows_read.h"
#include "server/store/transaction.h"

namespace skerry::store {

namespace {

Error no_site() {
  return refusal(ErrorKind::not_found, site_not_found, "there is no such site");
}

Error fence(std::string message) {
  return refusal(ErrorKind::conflict, fenced, std::move(message));
}

}  // namespace

Result<Effect> Transaction::apply(const AddSite& operation) {
  SKERRY_TRY(const std::optional<SiteRow> same_key, read_site_by_key(connection_, operation.key));
  if (same_key) {
    return fail(
        refusal(ErrorKind::conflict, already_exists, "a site with this key exists already"));
  }
  SKERRY_CHECK(record({.action = "request",
                       .kind = "Charter",
                       .name = to_string(operation.id),
                       .uid = operation.id,
                       .after = operation.key}));
  SKERRY_CHECK(connection_.run("INSERT INTO site(id, key, request, version) VALUES(?, ?, ?, ?)",
                               operation.id,
                               operation.key,
                               Blob{operation.request},
                               next_version()));
  SKERRY_TRY(const std::optional<SiteRow> site, read_site_by_id(connection_, operation.id));
  return Effect{.changed = true,
                .revision = counters_.revision,
                .uid = operation.id,
                .site = site ? site->number : 0};
}

Result<Effect> Transaction::apply(const SetCharter& operation) {
  SKERRY_TRY(const std::optional<SiteRow> site, read_site_by_id(connection_, operation.site));
  if (!site) {
    return fail(no_site());
  }
  const document::PlanNumber number{.term = operation.term, .seq = operation.seq};
  if (number <= document::PlanNumber{.term = site->term, .seq = site->charter_seq}) {
    return fail(fence("the site has charter " + std::to_string(site->term) + "." +
                      std::to_string(site->charter_seq)));
  }
  SKERRY_CHECK(record({.action = operation.ended ? "end" : "set",
                       .kind = "Charter",
                       .name = to_string(operation.site),
                       .uid = operation.site,
                       .before = sha256(site->charter),
                       .after = sha256(operation.envelope)}));
  SKERRY_CHECK(
      connection_.run("INSERT INTO charter(n, term, seq, envelope)"
                      " VALUES(?, ?, ?, ?)",
                      std::uint64_t{site->number},
                      operation.term,
                      operation.seq,
                      Blob{operation.envelope}));
  SKERRY_CHECK(connection_.run(
      "UPDATE site SET term = ?, charter_seq = ?, charter = ?, key = ?, planner = ?, ended = ?,"
      " adopting = ?, version = ? WHERE n = ?",
      operation.term,
      operation.seq,
      Blob{operation.envelope},
      operation.key,
      operation.planner,
      std::uint64_t{operation.ended},
      std::uint64_t{operation.adopting},
      next_version(),
      std::uint64_t{site->number}));
  return Effect{
      .changed = true, .revision = counters_.revision, .uid = operation.site, .site = site->number};
}

Result<Effect> Transaction::apply(const SetFacts& operation) {
  const std::string facts = encode_facts(operation.facts);
  SKERRY_CHECK(
      connection_.run("UPDATE site SET facts = ?1, version = ?2 WHERE n = ?3 AND facts <> ?1",
                      Blob{facts},
                      counters_.version + 1,
                      std::uint64_t{operation.site}));
  const bool changed = connection_.changed() > 0;
  counters_.version += changed ? 1U : 0U;
  return Effect{.changed = changed, .site = operation.site};
}

Result<Effect> Transaction::apply(const EndAdoption& operation) {
  SKERRY_CHECK(connection_.run(
      "UPDATE site SET adopting = 0, version = ? WHERE n = ? AND term = ? AND adopting = 1",
      counters_.version + 1,
      std::uint64_t{operation.site},
      operation.term));
  if (connection_.changed() == 0) {
    return fail(fence("the site is not adopting in term " + std::to_string(operation.term)));
  }
  next_version();
  return Effect{.changed = true, .site = operation.site};
}

Result<Effect> Transaction::apply(const MarkBehind& operation) {
  SKERRY_TRY(const PlannerRow standing, read_planner(connection_, operation.planner));
  if (operation.seq_shown <= std::max(standing.seq, standing.shown)) {
    return Effect{};
  }
  SKERRY_CHECK(record({.action = "behind",
                       .kind = "Planner",
                       .name = to_string(operation.planner),
                       .uid = operation.site}));
  // The counter stays where it is, as evidence.
  SKERRY_CHECK(
      connection_.run("INSERT INTO planner(key, seq, previous, shown) VALUES(?, ?, ?, ?) ON "
                      "CONFLICT(key) DO UPDATE SET shown "
                      "= excluded.shown",
                      operation.planner,
                      standing.seq,
                      standing.previous,
                      operation.seq_shown));
  return Effect{.changed = true, .revision = counters_.revision};
}

Result<Effect> Transaction::apply(const CommitPlan& operation) {
  SKERRY_TRY(PlannerRow planner, read_planner(connection_, operation.planner));
  if (planner.is_behind()) {
    return fail(refusal(ErrorKind::conflict, planner_behind, "a site holds a later manifest"));
  }
  if (planner.seq != operation.seq_before) {
    return fail(fence("the planner's counter is at " + std::to_string(planner.seq)));
  }
  for (const BatchRow& batch : operation.batches) {
    SKERRY_CHECK(add_batch(operation.planner, batch, planner));
  }
  for (const ToldRow& told : operation.told) {
    if (told.number.seq > planner.seq) {
      return fail(fence("a manifest is numbered above its batch"));
    }
    SKERRY_CHECK(add_told(operation.planner, told, operation.seq_before));
  }
  SKERRY_CHECK(connection_.run(
      "INSERT INTO planner(key, seq, previous) VALUES(?, ?, ?) ON CONFLICT(key) DO UPDATE"
      " SET seq = excluded.seq, previous = excluded.previous",
      operation.planner,
      planner.seq,
      planner.previous));
  return Effect{.changed = true};
}

Result<Effect> Transaction::apply(const LearnTold& operation) {
  const ToldRow& told = operation.told;
  SKERRY_TRY(const std::optional<SiteRow> site, read_site(connection_, told.site));
  if (!site || site->ended || told.number.term >= site->term) {
    return fail(fence("the site's term is " + std::to_string(site ? site->term : 0)));
  }
  SKERRY_CHECK(connection_.run(
      "INSERT INTO told(n, term, seq, digest, envelope, version)"
      " VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(n) DO UPDATE SET term = excluded.term,"
      " seq = excluded.seq, digest = excluded.digest, envelope = excluded.envelope,"
      " version = excluded.version WHERE (excluded.term, excluded.seq) >= (term, seq)",
      std::uint64_t{told.site},
      told.number.term,
      told.number.seq,
      told.digest,
      Blob{told.envelope},
      counters_.version + 1));
  if (connection_.changed() != 1) {
    return fail(fence("the site was told a later number"));
  }
  next_version();
  // Its planner looks at it again.
  SKERRY_CHECK(connection_.run(
      "UPDATE site SET version = ? WHERE n = ?", next_version(), std::uint64_t{told.site}));
  SKERRY_CHECK(record({.action = "learn",
                       .kind = "Manifest",
                       .name = to_string(site->id),
                       .uid = site->id,
                       .after = told.digest}));
  return Effect{.changed = true, .revision = counters_.revision, .site = told.site};
}

// Numbers of events stay: a site goes on above them.
Result<Effect> Transaction::apply(const BeginRecovery& /*operation*/) {
  SKERRY_CHECK(connection_.run("DELETE FROM state"));
  SKERRY_CHECK(connection_.run("DELETE FROM report"));
  SKERRY_CHECK(connection_.run("UPDATE token SET revoked = 1"));
  SKERRY_CHECK(record({.action = "restore", .kind = "Store"}));
  return Effect{.changed = true, .revision = counters_.revision};
}

Status Transaction::add_batch(const Digest& planner, const BatchRow& batch, PlannerRow& standing) {
  if (batch.seq != standing.seq + 1 || batch.previous != standing.previous) {
    return fail(fence("batch " + std::to_string(batch.seq) + " does not follow the one before"));
  }
  standing.seq = batch.seq;
  standing.previous = batch.hash;
  return connection_.run(
      "INSERT INTO batch(planner, seq, previous, root, size, signature, hash)"
      " VALUES(?, ?, ?, ?, ?, ?, ?)",
      planner,
      batch.seq,
      batch.previous,
      batch.root,
      batch.size,
      Blob{batch.signature},
      batch.hash);
}

// The site's term fences a planner that its charter no longer names.
Status Transaction::add_told(const Digest& planner, const ToldRow& told, std::uint64_t seq_before) {
  SKERRY_TRY(const std::optional<SiteRow> site, read_site(connection_, told.site));
  if (!site || site->ended || site->planner != planner || site->term != told.number.term) {
    return fail(fence("the charter of site " + std::to_string(told.site) + " is another one"));
  }
  if (told.number.seq <= seq_before) {
    return fail(fence("a manifest is numbered below the counter"));
  }
  SKERRY_CHECK(connection_.run(
      "INSERT INTO told(n, term, seq, digest, envelope, version)"
      " VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(n) DO UPDATE SET term = excluded.term,"
      " seq = excluded.seq, digest = excluded.digest, envelope = excluded.envelope,"
      " version = excluded.version WHERE (excluded.term, excluded.seq) > (term, seq)",
      std::uint64_t{told.site},
      told.number.term,
      told.number.seq,
      told.digest,
      Blob{told.envelope},
      next_version()));
  return connection_.changed() == 1 ? Status() : fail(fence("the site was told a later number"));
}

}  // namespace skerry::store
