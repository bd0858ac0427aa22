#pragma once

#include <optional>

#include "base/result.h"
#include "server/store/rows.h"
#include "server/store/sqlite.h"

/// How rows are read; shared by `Reader` and by the operations. Private to the room.
namespace skerry::store {

// The columns that the functions below expect, in their order.
#define SKERRY_OBJECT_COLUMNS \
  "kind, name, uid, rev, generation, spec, digest, body, created, updated"
#define SKERRY_SITE_COLUMNS \
  "n, id, term, charter_seq, charter, key, planner, ended, adopting, request, facts, version"
#define SKERRY_TOKEN_COLUMNS \
  "id, kind, hash, subject, uses, expires, created, revoked, body, name, used"
#define SKERRY_USER_COLUMNS "name, uid, password, role, disabled, created, body, login"

/// A site's facts as they are stored.
std::string encode_facts(const std::vector<document::Fact>& facts);

ObjectRow object_row(const Query& query);
SiteRow site_row(const Query& query);
TokenRow token_row(const Query& query);
UserRow user_row(const Query& query);

Result<std::optional<ObjectRow>> read_object(Connection& connection,
                                             std::string_view kind,
                                             std::string_view name);
Result<std::optional<SiteRow>> read_site(Connection& connection, SiteNumber number);
Result<std::optional<SiteRow>> read_site_by_id(Connection& connection, const Uuid& id);
Result<std::optional<SiteRow>> read_site_by_key(Connection& connection, const Digest& key);
Result<PlannerRow> read_planner(Connection& connection, const Digest& key);
Result<document::ReportNumber> read_heard(Connection& connection, SiteNumber site);
Result<std::optional<TokenRow>> read_usable_token(Connection& connection,
                                                  TokenRow::Kind kind,
                                                  const Digest& hash,
                                                  WallTime now);
Result<std::optional<UserRow>> read_user(Connection& connection, std::string_view name);

/// Every row of a query, by one of the functions above.
template <class Row>
Result<std::vector<Row>> all_rows(Result<Query> query, Row (*read)(const Query&)) {
  if (!query) {
    return fail(std::move(query).error());
  }
  std::vector<Row> rows;
  for (;;) {
    SKERRY_TRY(const bool row, query->next());
    if (!row) {
      return rows;
    }
    rows.push_back(read(*query));
  }
}

/// The first row, if there is one.
template <class Row>
Result<std::optional<Row>> first_row(Result<Query> query, Row (*read)(const Query&)) {
  if (!query) {
    return fail(std::move(query).error());
  }
  SKERRY_TRY(const bool row, query->next());
  return row ? std::optional<Row>(read(*query)) : std::optional<Row>();
}

}  // namespace skerry::store
