#include <algorithm>

#include "server/store/reader.h"
#include "server/store/rows_read.h"

namespace skerry::store {

namespace {

ToldRow told_row(const Query& query) {
  return {.site = static_cast<SiteNumber>(query.number(0)),
          .number = {.term = query.number(1), .seq = query.number(2)},
          .digest = query.digest(3),
          .envelope = query.text(4),
          .version = query.number(5)};
}

document::PlanNumber plan_number(const Query& query) {
  return {.term = query.number(0), .seq = query.number(1)};
}

BatchRow batch_row(const Query& query) {
  return {.seq = query.number(0),
          .previous = query.digest(1),
          .root = query.digest(2),
          .size = query.number(3),
          .signature = query.text(4),
          .hash = query.digest(5)};
}

StateRow state_row(const Query& query) {
  return {.site = static_cast<SiteNumber>(query.number(0)),
          .number = {.start = query.number(1), .seq = query.number(2)},
          .accepted = {.term = query.number(3), .seq = query.number(4)},
          .health = static_cast<std::uint32_t>(query.number(5)),
          .seen_at = query.time(6),
          .version = query.number(7)};
}

EventRow event_row(const Query& query) {
  return {.id = query.number(0),
          .site = static_cast<SiteNumber>(query.number(1)),
          .number = {.start = query.number(2), .seq = query.number(3)},
          .count = query.number(4),
          .time = query.time(5),
          .code = query.text(6),
          .body = query.text(7)};
}

std::string envelope_of(const Query& query) {
  return query.text(0);
}

std::uint64_t number_of(const Query& query) {
  return query.number(0);
}

}  // namespace

Result<std::optional<SiteRow>> Reader::site(SiteNumber number) {
  return read_site(*connection_, number);
}

Result<std::optional<SiteRow>> Reader::site_by_id(const Uuid& id) {
  return read_site_by_id(*connection_, id);
}

Result<std::optional<SiteRow>> Reader::site_by_key(const Digest& key) {
  return read_site_by_key(*connection_, key);
}

Result<std::vector<SiteRow>> Reader::sites(SiteNumber after, std::size_t limit) {
  return all_rows(
      connection_->query("SELECT " SKERRY_SITE_COLUMNS " FROM site WHERE n > ? ORDER BY n LIMIT ?",
                         std::uint64_t{after},
                         std::uint64_t{limit}),
      site_row);
}

Result<std::vector<SiteRow>> Reader::sites_since(std::uint64_t version, std::size_t limit) {
  return all_rows(connection_->query("SELECT " SKERRY_SITE_COLUMNS
                                     " FROM site WHERE version > ? ORDER BY version LIMIT ?",
                                     version,
                                     std::uint64_t{limit}),
                  site_row);
}

Result<std::vector<std::string>> Reader::charters(SiteNumber site) {
  return all_rows(connection_->query("SELECT envelope FROM charter WHERE n = ? ORDER BY term, seq",
                                     std::uint64_t{site}),
                  envelope_of);
}

Result<std::optional<ToldRow>> Reader::told(SiteNumber site) {
  return first_row(
      connection_->query("SELECT n, term, seq, digest, envelope, version FROM told WHERE n = ?",
                         std::uint64_t{site}),
      told_row);
}

Result<std::optional<document::PlanNumber>> Reader::told_number(SiteNumber site) {
  return first_row(
      connection_->query("SELECT term, seq FROM told WHERE n = ?", std::uint64_t{site}),
      plan_number);
}

Result<std::vector<ToldRow>> Reader::told_since(std::uint64_t version, std::size_t limit) {
  return all_rows(connection_->query("SELECT n, term, seq, digest, envelope, version FROM told"
                                     " WHERE version > ? ORDER BY version LIMIT ?",
                                     version,
                                     std::uint64_t{limit}),
                  told_row);
}

Result<PlannerRow> Reader::planner(const Digest& key) {
  return read_planner(*connection_, key);
}

Result<std::optional<BatchRow>> Reader::batch(const Digest& planner, std::uint64_t seq) {
  return first_row(connection_->query("SELECT seq, previous, root, size, signature, hash"
                                      " FROM batch WHERE planner = ? AND seq = ?",
                                      planner,
                                      seq),
                   batch_row);
}

Result<std::optional<StateRow>> Reader::state(SiteNumber site) {
  return first_row(
      connection_->query("SELECT n, start, seq, accepted_term, accepted_seq, health, seen, version"
                         " FROM state WHERE n = ?",
                         std::uint64_t{site}),
      state_row);
}

Result<std::string> Reader::report(SiteNumber site) {
  SKERRY_TRY(
      std::optional<std::string> report,
      first_row(connection_->query("SELECT bytes FROM report WHERE n = ?", std::uint64_t{site}),
                envelope_of));
  return std::move(report).value_or(std::string());
}

Result<StatePage> Reader::states_since(const StatusCursor& cursor, std::size_t limit) {
  SKERRY_TRY(const Head now, head());
  // A version above ours is of a life of this store that was lost: everything is sent again.
  const std::uint64_t seen = cursor.version_of(now.writer);
  const std::uint64_t after = seen <= now.version ? seen : 0;
  if (after == now.version) {
    return StatePage{.next = cursor};  // The table has no index to find nothing with.
  }
  SKERRY_TRY(std::vector<StateRow> rows,
             all_rows(connection_->query(
                          "SELECT n, start, seq, accepted_term, accepted_seq, health, seen, version"
                          " FROM state WHERE version > ? ORDER BY version LIMIT ?",
                          after,
                          std::uint64_t{limit}),
                      state_row));
  // What is not full has everything there was when the head was read.
  const bool full = rows.size() == limit;
  std::uint64_t reached = full ? after : now.version;
  if (!rows.empty()) {
    reached = std::max(reached, rows.back().version);
  }
  StatePage page{.rows = std::move(rows), .next = cursor};
  page.next.advance(now.writer, reached);
  return page;
}

Result<document::ReportNumber> Reader::events_position(SiteNumber site) {
  return read_heard(*connection_, site);
}

Result<EventPage> Reader::events_since(std::uint64_t id, std::size_t limit) {
  SKERRY_TRY(std::vector<EventRow> rows,
             all_rows(connection_->query("SELECT id, n, start, seq, count, time, code, body"
                                         " FROM event WHERE id > ? ORDER BY id LIMIT ?",
                                         id,
                                         std::uint64_t{limit}),
                      event_row));
  SKERRY_TRY(const std::optional<std::uint64_t> pruned,
             first_row(connection_->query("SELECT events_pruned FROM head"), number_of));
  return EventPage{.rows = std::move(rows), .pruned_through = pruned.value_or(0)};
}

namespace {

/// No event has this id or a later one.
std::uint64_t end_of(std::uint64_t before) {
  return before == 0 ? INT64_MAX : before;
}

}  // namespace

Result<std::vector<EventRow>> Reader::newest_events(std::uint64_t before, std::size_t limit) {
  return all_rows(connection_->query("SELECT id, n, start, seq, count, time, code, body"
                                     " FROM event WHERE id < ? ORDER BY id DESC LIMIT ?",
                                     end_of(before),
                                     std::uint64_t{limit}),
                  event_row);
}

Result<std::vector<EventRow>> Reader::events_of(SiteNumber site,
                                                std::uint64_t before,
                                                std::size_t limit) {
  return all_rows(connection_->query("SELECT id, n, start, seq, count, time, code, body"
                                     " FROM event WHERE n = ? AND id < ?"
                                     " ORDER BY start DESC, seq DESC LIMIT ?",
                                     std::uint64_t{site},
                                     end_of(before),
                                     std::uint64_t{limit}),
                  event_row);
}

}  // namespace skerry::store
