#include "server/store/codes.h"
#include "server/store/rows_read.h"
#include "server/store/transaction.h"

namespace skerry::store {

namespace {

Error stale(const ObjectRow& standing) {
  return refusal(
      ErrorKind::conflict,
      stale_revision,
      standing.kind + " " + standing.name + " is at revision " + std::to_string(standing.revision));
}

Error absent(const std::string& kind, const std::string& name) {
  return refusal(ErrorKind::not_found, object_not_found, "there is no " + kind + " " + name);
}

Effect effect_of(const ObjectRow& row, bool changed) {
  return {.changed = changed,
          .revision = row.revision,
          .generation = row.generation,
          .uid = row.uid,
          .created_at = row.created_at,
          .updated_at = row.updated_at};
}

}  // namespace

Result<Effect> Transaction::apply(const PutObject& operation) {
  SKERRY_TRY(const std::optional<ObjectRow> standing,
             read_object(connection_, operation.kind, operation.name));
  if (!standing) {
    // If-Match on nothing is a lost object, not a missing one: somebody has deleted it meanwhile.
    return operation.if_match
               ? Result<Effect>(fail(refusal(ErrorKind::conflict,
                                             stale_revision,
                                             operation.kind + " " + operation.name + " is gone")))
               : create_object(operation);
  }
  if (operation.if_absent) {
    return fail(refusal(ErrorKind::conflict,
                        already_exists,
                        operation.kind + " " + operation.name + " exists already"));
  }
  if (operation.if_match && *operation.if_match != standing->revision) {
    return fail(stale(*standing));
  }
  return replace_object(operation, *standing);
}

Result<Effect> Transaction::create_object(const PutObject& operation) {
  ObjectRow row{.kind = operation.kind,
                .name = operation.name,
                .uid = operation.uid.is_zero() ? new_uuid() : operation.uid,
                .generation = 1,
                .spec_digest = operation.spec_digest,
                .digest = sha256(operation.body),
                .created_at = now_,
                .updated_at = now_};
  SKERRY_CHECK(record({.action = "create",
                       .kind = row.kind,
                       .name = row.name,
                       .uid = row.uid,
                       .after = row.digest}));
  row.revision = counters_.revision;
  SKERRY_CHECK(connection_.run(
      "INSERT INTO object(kind, name, uid, rev, generation, spec, digest, body, created, updated)"
      " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.kind,
      row.name,
      row.uid,
      row.revision,
      row.generation,
      row.spec_digest,
      row.digest,
      Blob{operation.body},
      row.created_at,
      row.updated_at));
  return effect_of(row, true);
}

Result<Effect> Transaction::replace_object(const PutObject& operation, const ObjectRow& standing) {
  ObjectRow row = standing;
  row.digest = sha256(operation.body);
  row.spec_digest = operation.spec_digest;
  if (row.digest == standing.digest && row.spec_digest == standing.spec_digest) {
    return effect_of(standing, false);
  }
  row.generation += row.spec_digest == standing.spec_digest ? 0U : 1U;
  row.updated_at = now_;
  SKERRY_CHECK(record({.action = "update",
                       .kind = row.kind,
                       .name = row.name,
                       .uid = row.uid,
                       .before = standing.digest,
                       .after = row.digest}));
  row.revision = counters_.revision;
  SKERRY_CHECK(connection_.run(
      "UPDATE object SET rev = ?, generation = ?, spec = ?, digest = ?, supersedes = ?, body = ?,"
      " updated = ? WHERE kind = ? AND name = ?",
      row.revision,
      row.generation,
      row.spec_digest,
      row.digest,
      standing.digest,
      Blob{operation.body},
      row.updated_at,
      row.kind,
      row.name));
  return effect_of(row, true);
}

Result<Effect> Transaction::apply(const DeleteObject& operation) {
  SKERRY_TRY(const std::optional<ObjectRow> standing,
             read_object(connection_, operation.kind, operation.name));
  if (!standing) {
    return fail(absent(operation.kind, operation.name));
  }
  if (operation.if_match && *operation.if_match != standing->revision) {
    return fail(stale(*standing));
  }
  SKERRY_CHECK(record({.action = "delete",
                       .kind = operation.kind,
                       .name = operation.name,
                       .uid = standing->uid,
                       .before = standing->digest}));
  SKERRY_CHECK(connection_.run(
      "DELETE FROM object WHERE kind = ? AND name = ?", operation.kind, operation.name));
  Effect effect = effect_of(*standing, true);
  effect.revision = counters_.revision;
  return effect;
}

Result<Effect> Transaction::apply(const Note& operation) {
  SKERRY_CHECK(record({.action = operation.action,
                       .kind = operation.kind,
                       .name = operation.name,
                       .result = operation.result}));
  return Effect{.changed = true, .revision = counters_.revision};
}

Result<Effect> Transaction::apply(const CompactFeed& operation) {
  if (operation.through > counters_.revision) {
    return fail(refusal(ErrorKind::invalid, fenced, "the feed does not reach so far"));
  }
  if (operation.through <= counters_.compacted) {
    return Effect{};
  }
  SKERRY_CHECK(
      record({.action = "compact", .kind = "Feed", .name = std::to_string(operation.through)}));
  counters_.compacted = operation.through;
  return Effect{.changed = true, .revision = counters_.revision};
}

Result<Effect> Transaction::apply(const PutBlob& operation) {
  SKERRY_CHECK(
      connection_.run("INSERT INTO blob(digest, bytes)"
                      " VALUES(?, ?) ON CONFLICT DO NOTHING",
                      operation.digest,
                      Blob{operation.bytes}));
  return Effect{.changed = connection_.changed() > 0};
}

Result<Effect> Transaction::apply(const PutTrust& operation) {
  SKERRY_TRY(Query query, connection_.query("SELECT coalesce(max(version), 0) FROM trust"));
  SKERRY_TRY(const bool row, query.next());
  const std::uint64_t newest = row ? query.number(0) : 0;
  if (operation.version != newest + 1) {
    return fail(refusal(ErrorKind::conflict,
                        fenced,
                        "the newest trust document is version " + std::to_string(newest)));
  }
  SKERRY_CHECK(record({.action = "set",
                       .kind = "Trust",
                       .name = std::to_string(operation.version),
                       .after = sha256(operation.envelope)}));
  SKERRY_CHECK(
      connection_.run("INSERT INTO trust(version, envelope)"
                      " VALUES(?, ?)",
                      operation.version,
                      Blob{operation.envelope}));
  return Effect{.changed = true, .revision = counters_.revision};
}

}  // namespace skerry::store
