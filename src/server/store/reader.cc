#include "server/store/reader.h"

#include <algorithm>

#include "server/store/audit.h"
#include "server/store/codes.h"
#include "server/store/rows_read.h"
#include "server/store/schema.h"

namespace skerry::store {

namespace {

std::string first_text(const Query& query) {
  return query.text(0);
}

Head head_row(const Query& query) {
  return {.revision = query.number(0),
          .audit_hash = query.digest(1),
          .version = query.number(2),
          .compacted = query.number(3),
          .writer = query.uuid(4)};
}

}  // namespace

std::uint64_t StatusCursor::version_of(const Uuid& writer) const {
  const auto part = std::ranges::find(parts, writer, &Part::writer);
  return part == parts.end() ? 0 : part->version;
}

void StatusCursor::advance(const Uuid& writer, std::uint64_t version) {
  const auto part = std::ranges::find(parts, writer, &Part::writer);
  if (part == parts.end()) {
    parts.push_back({.writer = writer, .version = version});
  } else {
    part->version = version;
  }
}

Reader::Reader(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

Reader::~Reader() = default;

Result<std::unique_ptr<Reader>> Reader::open(const std::string& path, const std::string& vfs) {
  SKERRY_TRY(std::unique_ptr<Connection> connection,
             Connection::open(path, vfs, Connection::Mode::read));
  std::unique_ptr<Reader> reader(new Reader(std::move(connection)));
  SKERRY_TRY(const Head head, reader->head());
  static_cast<void>(head);
  return reader;
}

Result<Reader::Snapshot> Reader::snapshot() {
  SKERRY_CHECK(connection_->run("BEGIN"));
  Snapshot snapshot(connection_.get());
  // BEGIN alone fixes nothing; the first read does.
  SKERRY_TRY(const Head head, this->head());
  static_cast<void>(head);
  return snapshot;
}

Reader::Snapshot::~Snapshot() {
  if (connection_ != nullptr) {
    // Nothing was written, so there is nothing that could fail to be kept.
    static_cast<void>(connection_->run("COMMIT"));
  }
}

Result<Head> Reader::head() {
  SKERRY_TRY(
      std::optional<Head> head,
      first_row(connection_->query("SELECT rev, audit_hash, version, compacted, writer FROM head"),
                head_row));
  if (!head) {
    return fail({.kind = ErrorKind::internal,
                 .code = store_corrupt,
                 .message = "the head row is missing",
                 .field_path = "store"});
  }
  return *head;
}

Result<std::optional<ObjectRow>> Reader::object(std::string_view kind, std::string_view name) {
  return read_object(*connection_, kind, name);
}

Result<std::vector<ObjectRow>> Reader::objects(std::string_view kind,
                                               std::string_view after,
                                               std::size_t limit) {
  return all_rows(
      connection_->query("SELECT " SKERRY_OBJECT_COLUMNS " FROM object WHERE kind = ? AND name > ?"
                         " ORDER BY name LIMIT ?",
                         kind,
                         after,
                         std::uint64_t{limit}),
      object_row);
}

Result<std::uint64_t> Reader::count_objects(std::string_view kind) {
  SKERRY_TRY(Query query, connection_->query("SELECT count(*) FROM object WHERE kind = ?", kind));
  SKERRY_TRY(const bool row, query.next());
  return row ? query.number(0) : 0;
}

Result<Changes> Reader::changes_since(std::uint64_t revision, std::size_t limit) {
  // The rows first: a head read after them could be newer, which a follower does not mind.
  SKERRY_TRY(std::vector<AuditRow> rows, read_audit(*connection_, revision, limit));
  SKERRY_TRY(const Head now, head());
  // A revision that is not here yet is one of another life of this store.
  const bool compacted = revision < now.compacted || revision > now.revision;
  if (compacted) {
    rows.clear();
  }
  return Changes{.compacted = compacted, .head = now.revision, .rows = std::move(rows)};
}

Result<std::vector<AuditRow>> Reader::audit(std::uint64_t after, std::size_t limit) {
  return read_audit(*connection_, after, limit);
}

Status Reader::verify_audit(const Crypto& crypto, std::uint64_t rows_max) {
  SKERRY_TRY(const Snapshot fixed, snapshot());
  return verify_audit_chain(*connection_, crypto, rows_max);
}

Result<std::optional<TokenRow>> Reader::token(TokenRow::Kind kind,
                                              const Digest& hash,
                                              WallTime now) {
  return read_usable_token(*connection_, kind, hash, now);
}

Result<std::vector<TokenRow>> Reader::tokens(TokenRow::Kind kind,
                                             const Uuid& after,
                                             std::size_t limit) {
  return all_rows(connection_->query("SELECT " SKERRY_TOKEN_COLUMNS
                                     " FROM token WHERE kind = ? AND id > ? ORDER BY id LIMIT ?",
                                     static_cast<std::uint64_t>(kind),
                                     after,
                                     std::uint64_t{limit}),
                  token_row);
}

Result<std::optional<UserRow>> Reader::user(std::string_view name) {
  return read_user(*connection_, name);
}

Result<std::vector<UserRow>> Reader::users(std::string_view after, std::size_t limit) {
  return all_rows(connection_->query("SELECT " SKERRY_USER_COLUMNS
                                     " FROM user WHERE name > ? ORDER BY name LIMIT ?",
                                     after,
                                     std::uint64_t{limit}),
                  user_row);
}

Result<std::optional<std::string>> Reader::blob(const Digest& digest) {
  return first_row(connection_->query("SELECT bytes FROM blob WHERE digest = ?", digest),
                   first_text);
}

Result<std::vector<std::string>> Reader::trusts_since(std::uint64_t version) {
  return all_rows(
      connection_->query("SELECT envelope FROM trust WHERE version > ? ORDER BY version", version),
      first_text);
}

Status Reader::check(Depth depth) {
  return depth == Depth::quick ? quick_check(*connection_) : integrity_check(*connection_);
}

void Reader::break_off() {
  connection_->break_off();
}

Status Reader::backup(const std::string& path) {
  SKERRY_CHECK(connection_->copy_to(path, connection_->vfs()));
  return finish_copy(path, connection_->vfs());
}

}  // namespace skerry::store
