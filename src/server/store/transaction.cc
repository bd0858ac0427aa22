#include "server/store/transaction.h"

#include "server/store/codes.h"

namespace skerry::store {

Error refusal(ErrorKind kind, ErrorCode code, std::string message) {
  return {.kind = kind, .code = code, .message = std::move(message)};
}

Result<Counters> read_counters(Connection& connection) {
  SKERRY_TRY(Query query, connection.query("SELECT rev, audit_hash, version, compacted FROM head"));
  SKERRY_TRY(const bool row, query.next());
  if (!row) {
    return fail(refusal(ErrorKind::internal, store_corrupt, "the head row is missing"));
  }
  return Counters{.revision = query.number(0),
                  .audit_hash = query.digest(1),
                  .version = query.number(2),
                  .compacted = query.number(3)};
}

Status write_counters(Connection& connection, const Counters& counters) {
  return connection.run("UPDATE head SET rev = ?, audit_hash = ?, version = ?, compacted = ?",
                        counters.revision,
                        counters.audit_hash,
                        counters.version,
                        counters.compacted);
}

Result<Outcome> Transaction::run(const Change& change) {
  if (!change.idempotency_key.empty()) {
    SKERRY_TRY(std::optional<Outcome> earlier, earlier_outcome(connection_, change));
    if (earlier) {
      return *std::move(earlier);
    }
  }
  by_ = &change.by;
  Outcome outcome;
  for (const Operation& operation : change.operations) {
    SKERRY_TRY(Effect effect,
               std::visit([this](const auto& each) { return apply(each); }, operation));
    outcome.effects.push_back(std::move(effect));
  }
  if (!change.idempotency_key.empty()) {
    SKERRY_CHECK(remember_outcome(connection_, change, outcome, now_));
  }
  return outcome;
}

Status Transaction::record(const Deed& deed) {
  const AuditRow row{.revision = ++counters_.revision,
                     .time = now_,
                     .actor = by_->name,
                     .method = by_->method,
                     .source = by_->source,
                     .action = std::string(deed.action),
                     .kind = std::string(deed.kind),
                     .name = deed.name,
                     .uid = deed.uid,
                     .before = deed.before,
                     .after = deed.after,
                     .result = std::string(deed.result),
                     .previous = counters_.audit_hash};
  counters_.audit_hash = audit_hash(row, *environment_.crypto);
  return insert_audit(connection_, row);
}

}  // namespace skerry::store
