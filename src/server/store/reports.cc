#include "server/store/codes.h"
#include "server/store/rows_read.h"
#include "server/store/transaction.h"

namespace skerry::store {

Result<Effect> Transaction::apply(const SetState& operation) {
  const StateRow& state = operation.state;
  SKERRY_CHECK(connection_.run(
      "INSERT INTO state(n, start, seq, accepted_term, accepted_seq, health, seen, version)"
      " VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(n) DO UPDATE SET"
      " start = excluded.start, seq = excluded.seq, accepted_term = excluded.accepted_term,"
      " accepted_seq = excluded.accepted_seq, health = excluded.health, seen = excluded.seen,"
      " version = excluded.version WHERE (excluded.start, excluded.seq) > (start, seq)",
      std::uint64_t{state.site},
      state.number.start,
      state.number.seq,
      state.accepted.term,
      state.accepted.seq,
      std::uint64_t{state.health},
      state.seen_at,
      counters_.version + 1));
  if (connection_.changed() == 0) {
    return Effect{.site = state.site};
  }
  next_version();
  SKERRY_CHECK(
      connection_.run("INSERT INTO report(n, bytes)"
                      " VALUES(?, ?) ON CONFLICT(n) DO UPDATE SET bytes = excluded.bytes",
                      std::uint64_t{state.site},
                      Blob{operation.report}));
  return Effect{.changed = true, .site = state.site};
}

// A site sends its events in order, so one number says which of them are known already, also after
// retention has dropped the rows themselves.
Result<Effect> Transaction::apply(const AddEvents& operation) {
  SKERRY_TRY(document::ReportNumber heard, read_heard(connection_, operation.site));
  const document::ReportNumber before = heard;
  for (const EventRow& event : operation.events) {
    if (event.number <= heard) {
      continue;
    }
    SKERRY_CHECK(add_event(operation.site, event));
    heard = document::last_number(event.number, event.count);
  }
  if (heard == before) {
    return Effect{.site = operation.site};
  }
  SKERRY_CHECK(
      connection_.run("INSERT INTO heard(n, start, seq)"
                      " VALUES(?, ?, ?) ON CONFLICT(n) DO UPDATE SET"
                      " start = excluded.start, seq = excluded.seq",
                      std::uint64_t{operation.site},
                      heard.start,
                      heard.seq));
  return Effect{.changed = true, .site = operation.site};
}

Status Transaction::add_event(SiteNumber site, const EventRow& event) {
  return connection_.run(
      "INSERT INTO event(n, start, seq, time, code, body, count) VALUES(?, ?, ?, ?, ?, ?, ?)",
      std::uint64_t{site},
      event.number.start,
      event.number.seq,
      event.time,
      event.code,
      Blob{event.body},
      event.count);
}

}  // namespace skerry::store
