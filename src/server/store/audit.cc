#include "server/store/audit.h"

#include <algorithm>

#include "document/codec.h"
#include "server/store/codes.h"

namespace skerry::store {

namespace {

/// What is hashed. Numbers are never given to another field.
struct AuditRecord {
  std::uint64_t revision = 0;
  std::uint64_t time_ms = 0;
  std::string actor = {};
  std::string method = {};
  std::string source = {};
  std::string action = {};
  std::string kind = {};
  std::string name = {};
  Uuid uid = {};
  Digest before = {};
  Digest after = {};
  std::string result = {};
  Digest previous = {};

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "revision", self.revision);
    visit(2, "time_ms", self.time_ms);
    visit(3, "actor", self.actor);
    visit(4, "method", self.method);
    visit(5, "source", self.source);
    visit(6, "action", self.action);
    visit(7, "kind", self.kind);
    visit(8, "name", self.name);
    visit(9, "uid", self.uid);
    visit(10, "before", self.before);
    visit(11, "after", self.after);
    visit(12, "result", self.result);
    visit(13, "previous", self.previous);
  }
};

constexpr std::size_t page_rows = 1024;

tl::unexpected<Error> broken(std::uint64_t revision, const std::string& why) {
  return fail({.kind = ErrorKind::internal,
               .code = audit_broken,
               .message = "audit row " + std::to_string(revision) + " " + why,
               .field_path = "store"});
}

AuditRow row_of(const Query& query) {
  return {.revision = query.number(0),
          .time = query.time(1),
          .actor = query.text(2),
          .method = query.text(3),
          .source = query.text(4),
          .action = query.text(5),
          .kind = query.text(6),
          .name = query.text(7),
          .uid = query.uuid(8),
          .before = query.digest(9),
          .after = query.digest(10),
          .result = query.text(11),
          .previous = query.digest(12)};
}

/// Where the chain stands while it is walked.
struct Link {
  std::uint64_t revision = 0;
  Digest hash = {};
};

Status follow(Link& link, const std::vector<AuditRow>& rows, const Crypto& crypto) {
  for (const AuditRow& row : rows) {
    if (row.revision != link.revision + 1) {
      return broken(link.revision + 1, "is missing");
    }
    if (row.previous != link.hash) {
      // Row 1 has no row before it that could have been changed.
      return broken(std::max<std::uint64_t>(link.revision, 1),
                    "does not hash to what the next row says");
    }
    link = {.revision = row.revision, .hash = audit_hash(row, crypto)};
  }
  return {};
}

Result<Link> read_head(Connection& connection) {
  SKERRY_TRY(Query query, connection.query("SELECT rev, audit_hash FROM head"));
  SKERRY_TRY(const bool row, query.next());
  return row ? Link{.revision = query.number(0), .hash = query.digest(1)} : Link{};
}

Status compare_with_head(const Link& link, const Link& head) {
  if (link.revision < head.revision) {
    return broken(link.revision + 1, "is missing");
  }
  if (link.revision > head.revision) {
    return broken(head.revision + 1, "is above the head");
  }
  if (link.hash != head.hash) {
    return broken(link.revision, "does not hash to what the head says");
  }
  return {};
}

/// Where the walk begins: before row 1, or at the row that so many follow.
Result<Link> first_link(Connection& connection,
                        const Link& head,
                        const Crypto& crypto,
                        std::uint64_t rows_max) {
  if (head.revision <= rows_max) {
    return Link{};
  }
  const std::uint64_t first = head.revision - rows_max;
  SKERRY_TRY(const std::vector<AuditRow> rows, read_audit(connection, first - 1, 1));
  if (rows.empty() || rows.front().revision != first) {
    return broken(first, "is missing");
  }
  return Link{.revision = first, .hash = audit_hash(rows.front(), crypto)};
}

}  // namespace

Digest audit_hash(const AuditRow& row, const Crypto& crypto) {
  const AuditRecord record{
      .revision = row.revision,
      .time_ms = static_cast<std::uint64_t>(row.time.time_since_epoch().count()),
      .actor = row.actor,
      .method = row.method,
      .source = row.source,
      .action = row.action,
      .kind = row.kind,
      .name = row.name,
      .uid = row.uid,
      .before = row.before,
      .after = row.after,
      .result = row.result,
      .previous = row.previous};
  return crypto.sha256(document::encode(record));
}

Status insert_audit(Connection& connection, const AuditRow& row) {
  return connection.run(
      "INSERT INTO audit(rev, time, actor, method, source, action, kind, name, uid, before, after, "
      "result, previous)"
      " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.revision,
      row.time,
      row.actor,
      row.method,
      row.source,
      row.action,
      row.kind,
      row.name,
      row.uid,
      row.before,
      row.after,
      row.result,
      row.previous);
}

Result<std::vector<AuditRow>> read_audit(Connection& connection,
                                         std::uint64_t after,
                                         std::size_t limit) {
  SKERRY_TRY(Query query,
             connection.query("SELECT rev, time, actor, method, source, action, kind, name, uid,"
                              " before, after, result, previous"
                              " FROM audit WHERE rev > ? ORDER BY rev LIMIT ?",
                              after,
                              std::uint64_t{limit}));
  std::vector<AuditRow> rows;
  for (;;) {
    SKERRY_TRY(const bool row, query.next());
    if (!row) {
      return rows;
    }
    rows.push_back(row_of(query));
  }
}

Status verify_audit_chain(Connection& connection, const Crypto& crypto, std::uint64_t rows_max) {
  SKERRY_TRY(const Link head, read_head(connection));
  SKERRY_TRY(Link link, first_link(connection, head, crypto, rows_max));
  for (;;) {
    SKERRY_TRY(const std::vector<AuditRow> rows, read_audit(connection, link.revision, page_rows));
    if (rows.empty()) {
      return compare_with_head(link, head);
    }
    SKERRY_CHECK(follow(link, rows, crypto));
  }
}

}  // namespace skerry::store
