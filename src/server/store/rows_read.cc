#include "server/store/rows_read.h"

#include "document/codec.h"

namespace skerry::store {

namespace {

struct StoredFacts {
  std::vector<document::Fact> facts = {};

  static constexpr std::string_view type_name = "StoredFacts";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "facts", self.facts);
  }
};

/// Facts that cannot be read are none: they are only ever what the site says next.
std::vector<document::Fact> decode_facts(const std::string& bytes) {
  Result<StoredFacts> stored = document::decode<StoredFacts>(bytes);
  return stored ? std::move(stored->facts) : std::vector<document::Fact>();
}

}  // namespace

std::string encode_facts(const std::vector<document::Fact>& facts) {
  return document::encode(StoredFacts{.facts = facts});
}

ObjectRow object_row(const Query& query) {
  return {.kind = query.text(0),
          .name = query.text(1),
          .uid = query.uuid(2),
          .revision = query.number(3),
          .generation = query.number(4),
          .spec_digest = query.digest(5),
          .digest = query.digest(6),
          .body = query.text(7),
          .created_at = query.time(8),
          .updated_at = query.time(9)};
}

SiteRow site_row(const Query& query) {
  return {.number = static_cast<SiteNumber>(query.number(0)),
          .id = query.uuid(1),
          .term = query.number(2),
          .charter_seq = query.number(3),
          .charter = query.text(4),
          .key = query.digest(5),
          .planner = query.digest(6),
          .ended = query.flag(7),
          .adopting = query.flag(8),
          .request = query.text(9),
          .facts = decode_facts(query.text(10)),
          .version = query.number(11)};
}

TokenRow token_row(const Query& query) {
  TokenRow row{.id = query.uuid(0),
               .kind = static_cast<TokenRow::Kind>(query.number(1)),
               .hash = query.digest(2),
               .subject = query.text(3),
               .created_at = query.time(6),
               .revoked = query.flag(7),
               .body = query.text(8),
               .name = query.text(9),
               .used_at = query.time(10)};
  if (!query.is_null(4)) {
    row.uses_left = query.number(4);
  }
  if (!query.is_null(5)) {
    row.expires_at = query.time(5);
  }
  return row;
}

UserRow user_row(const Query& query) {
  return {.name = query.text(0),
          .uid = query.uuid(1),
          .password_hash = query.text(2),
          .role = query.text(3),
          .disabled = query.flag(4),
          .created_at = query.time(5),
          .body = query.text(6),
          .signed_in_at = query.time(7)};
}

Result<std::optional<ObjectRow>> read_object(Connection& connection,
                                             std::string_view kind,
                                             std::string_view name) {
  return first_row(
      connection.query(
          "SELECT " SKERRY_OBJECT_COLUMNS " FROM object WHERE kind = ? AND name = ?", kind, name),
      object_row);
}

Result<std::optional<SiteRow>> read_site(Connection& connection, SiteNumber number) {
  return first_row(connection.query("SELECT " SKERRY_SITE_COLUMNS " FROM site WHERE n = ?",
                                    std::uint64_t{number}),
                   site_row);
}

Result<std::optional<SiteRow>> read_site_by_id(Connection& connection, const Uuid& id) {
  return first_row(connection.query("SELECT " SKERRY_SITE_COLUMNS " FROM site WHERE id = ?", id),
                   site_row);
}

Result<std::optional<SiteRow>> read_site_by_key(Connection& connection, const Digest& key) {
  return first_row(connection.query("SELECT " SKERRY_SITE_COLUMNS " FROM site WHERE key = ?", key),
                   site_row);
}

Result<PlannerRow> read_planner(Connection& connection, const Digest& key) {
  SKERRY_TRY(Query query,
             connection.query("SELECT seq, previous, shown FROM planner WHERE key = ?", key));
  SKERRY_TRY(const bool row, query.next());
  if (!row) {
    return PlannerRow{.key = key};
  }
  return PlannerRow{
      .key = key, .seq = query.number(0), .previous = query.digest(1), .shown = query.number(2)};
}

Result<document::ReportNumber> read_heard(Connection& connection, SiteNumber site) {
  SKERRY_TRY(Query query,
             connection.query("SELECT start, seq FROM heard WHERE n = ?", std::uint64_t{site}));
  SKERRY_TRY(const bool row, query.next());
  return row ? document::ReportNumber{.start = query.number(0), .seq = query.number(1)}
             : document::ReportNumber{};
}

// A use that is left is checked and taken under the one writer, so of two callers one loses.
Result<std::optional<TokenRow>> read_usable_token(Connection& connection,
                                                  TokenRow::Kind kind,
                                                  const Digest& hash,
                                                  WallTime now) {
  return first_row(
      connection.query("SELECT " SKERRY_TOKEN_COLUMNS
                       " FROM token WHERE hash = ? AND kind = ? AND revoked = 0"
                       " AND (uses IS NULL OR uses > 0) AND (expires IS NULL OR expires > ?)",
                       hash,
                       static_cast<std::uint64_t>(kind),
                       now),
      token_row);
}

Result<std::optional<UserRow>> read_user(Connection& connection, std::string_view name) {
  return first_row(
      connection.query("SELECT " SKERRY_USER_COLUMNS " FROM user WHERE name = ?", name), user_row);
}

}  // namespace skerry::store
