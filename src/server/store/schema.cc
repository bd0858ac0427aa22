#include "server/store/schema.h"

#include <array>

#include <sys/stat.h>

#include "base/uuid.h"
#include "server/store/codes.h"

namespace skerry::store {

namespace {

/// "Skry", so that a file of another program is never taken for ours.
constexpr std::uint64_t application_id = 0x536b7279;

constexpr const char* create_tables = R"sql(
CREATE TABLE head(
  one INTEGER PRIMARY KEY CHECK(one = 1),
  rev INTEGER NOT NULL,
  audit_hash BLOB NOT NULL,
  version INTEGER NOT NULL,
  compacted INTEGER NOT NULL,
  events_pruned INTEGER NOT NULL,
  writer BLOB NOT NULL,
  clean INTEGER NOT NULL,
  readable_by INTEGER NOT NULL) STRICT;

CREATE TABLE object(
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  authority TEXT NOT NULL DEFAULT '',
  uid BLOB NOT NULL UNIQUE,
  rev INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  digest BLOB NOT NULL,
  supersedes BLOB,
  body BLOB NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  spec BLOB NOT NULL DEFAULT x'',
  PRIMARY KEY(kind, name)) STRICT;

CREATE TABLE audit(
  rev INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  actor TEXT NOT NULL,
  method TEXT NOT NULL,
  source TEXT NOT NULL,
  action TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  uid BLOB NOT NULL,
  before BLOB NOT NULL,
  after BLOB NOT NULL,
  result TEXT NOT NULL,
  previous BLOB NOT NULL) STRICT;

CREATE TABLE idempotency(
  actor TEXT NOT NULL,
  key TEXT NOT NULL,
  request BLOB NOT NULL,
  outcome BLOB NOT NULL,
  time INTEGER NOT NULL,
  PRIMARY KEY(actor, key)) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_time ON idempotency(time);

CREATE TABLE blob(digest BLOB PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE trust(version INTEGER PRIMARY KEY, envelope BLOB NOT NULL) STRICT;

CREATE TABLE site(
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id BLOB NOT NULL UNIQUE,
  key BLOB NOT NULL UNIQUE,
  term INTEGER NOT NULL DEFAULT 0,
  charter_seq INTEGER NOT NULL DEFAULT 0,
  charter BLOB NOT NULL DEFAULT x'',
  planner BLOB NOT NULL DEFAULT x'',
  ended INTEGER NOT NULL DEFAULT 0,
  adopting INTEGER NOT NULL DEFAULT 0,
  request BLOB NOT NULL,
  facts BLOB NOT NULL DEFAULT x'',
  version INTEGER NOT NULL) STRICT;
CREATE INDEX site_version ON site(version);

CREATE TABLE charter(
  n INTEGER NOT NULL REFERENCES site(n),
  term INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  envelope BLOB NOT NULL,
  PRIMARY KEY(n, term, seq)) STRICT;

CREATE TABLE planner(
  key BLOB PRIMARY KEY,
  seq INTEGER NOT NULL,
  previous BLOB NOT NULL,
  shown INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE batch(
  planner BLOB NOT NULL,
  seq INTEGER NOT NULL,
  previous BLOB NOT NULL,
  root BLOB NOT NULL,
  size INTEGER NOT NULL,
  signature BLOB NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY(planner, seq)) STRICT, WITHOUT ROWID;

CREATE TABLE told(
  n INTEGER PRIMARY KEY REFERENCES site(n),
  term INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  digest BLOB NOT NULL,
  envelope BLOB NOT NULL,
  version INTEGER NOT NULL) STRICT;
CREATE INDEX told_version ON told(version);

CREATE TABLE state(
  n INTEGER PRIMARY KEY REFERENCES site(n),
  start INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  accepted_term INTEGER NOT NULL,
  accepted_seq INTEGER NOT NULL,
  health INTEGER NOT NULL,
  seen INTEGER NOT NULL,
  version INTEGER NOT NULL) STRICT;
CREATE TABLE report(n INTEGER PRIMARY KEY REFERENCES site(n), bytes BLOB NOT NULL) STRICT;

CREATE TABLE heard(
  n INTEGER PRIMARY KEY REFERENCES site(n),
  start INTEGER NOT NULL,
  seq INTEGER NOT NULL) STRICT;
CREATE TABLE event(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  n INTEGER NOT NULL REFERENCES site(n),
  start INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  time INTEGER NOT NULL,
  code TEXT NOT NULL,
  body BLOB NOT NULL,
  count INTEGER NOT NULL DEFAULT 1,
  UNIQUE(n, start, seq)) STRICT;

CREATE TABLE token(
  id BLOB PRIMARY KEY,
  kind INTEGER NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  subject TEXT NOT NULL,
  uses INTEGER,
  expires INTEGER,
  created INTEGER NOT NULL,
  revoked INTEGER NOT NULL DEFAULT 0,
  body BLOB NOT NULL,
  name TEXT NOT NULL DEFAULT '',
  used INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE user(
  name TEXT PRIMARY KEY,
  uid BLOB NOT NULL UNIQUE,
  password TEXT NOT NULL,
  role TEXT NOT NULL,
  disabled INTEGER NOT NULL,
  created INTEGER NOT NULL,
  body BLOB NOT NULL DEFAULT x'',
  login INTEGER NOT NULL DEFAULT 0) STRICT;
)sql";

/// From 0, the layout before the first release: it had no spec digest, no gaps in events and no
/// idempotency keys. Expand, then fill; nothing is taken away. A spec digest of the body is right:
/// the next put that changes anything raises the generation.
constexpr const char* from_0_to_1 = R"sql(
ALTER TABLE head ADD COLUMN readable_by INTEGER NOT NULL DEFAULT 1;
ALTER TABLE object ADD COLUMN spec BLOB NOT NULL DEFAULT x'';
UPDATE object SET spec = digest;
ALTER TABLE event ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
CREATE TABLE idempotency(
  actor TEXT NOT NULL,
  key TEXT NOT NULL,
  request BLOB NOT NULL,
  outcome BLOB NOT NULL,
  time INTEGER NOT NULL,
  PRIMARY KEY(actor, key)) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_time ON idempotency(time);
PRAGMA user_version = 1;
)sql";

/// Tokens have names of their own and say when they were used, users what they wrote of themselves
/// and when they signed in. A token made before has no name here and holds none.
constexpr const char* from_1_to_2 = R"sql(
ALTER TABLE token ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE token ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user ADD COLUMN body BLOB NOT NULL DEFAULT x'';
ALTER TABLE user ADD COLUMN login INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = 2;
)sql";

/// The script that leads from version n to n + 1.
constexpr std::array<const char*, schema_version> migrations = {from_0_to_1, from_1_to_2};

Error schema_error(ErrorCode code, std::string message) {
  return {.kind = ErrorKind::invalid,
          .code = code,
          .message = std::move(message),
          .field_path = "store"};
}

Status lost(const std::string& path) {
  return fail(schema_error(store_lost, path + " is missing or empty"));
}

Result<std::uint64_t> single_number(Connection& connection, const char* sql) {
  SKERRY_TRY(Query query, connection.query(sql));
  SKERRY_TRY(const bool row, query.next());
  return row ? query.number(0) : 0;
}

Status create(Connection& connection, Random& random) {
  Uuid writer;
  random.fill(writer.bytes);
  SKERRY_CHECK(connection.script("BEGIN IMMEDIATE"));
  SKERRY_CHECK(connection.script(create_tables));
  SKERRY_CHECK(
      connection.run("INSERT INTO head VALUES(1, 0, zeroblob(32), 0, 0, 0, ?, 1, 1)", writer));
  // 1399550585 is `application_id`; a pragma takes no parameters.
  static_assert(application_id == 1399550585 && schema_version == 2);
  return connection.script("PRAGMA application_id=1399550585; PRAGMA user_version=2; COMMIT");
}

Status migrate(Connection& connection, const std::string& path, std::uint64_t from) {
  const std::string copy = path + ".v" + std::to_string(from);
  SKERRY_CHECK(connection.copy_to(copy, connection.vfs()));
  SKERRY_CHECK(finish_copy(copy, connection.vfs()));
  SKERRY_CHECK(connection.script("BEGIN IMMEDIATE"));
  for (std::uint64_t version = from; version < schema_version; ++version) {
    SKERRY_CHECK(connection.script(migrations[version]));
  }
  return connection.script("COMMIT");
}

/// A later build's store may be used as long as it still has what this build reads.
Status accept_newer(Connection& connection, std::uint64_t found) {
  SKERRY_TRY(const std::uint64_t needed, single_number(connection, "SELECT readable_by FROM head"));
  if (needed > schema_version) {
    return fail(schema_error(schema_too_new,
                             "the store has schema " + std::to_string(found) +
                                 " and this build knows " + std::to_string(schema_version)));
  }
  return {};
}

}  // namespace

Status require_file(const std::string& path) {
  struct stat about = {};
  return ::stat(path.c_str(), &about) != 0 || about.st_size == 0 ? lost(path) : Status{};
}

Status prepare_schema(Connection& connection, const Options& options, Random& random) {
  SKERRY_TRY(const std::uint64_t tables,
             single_number(connection, "SELECT count(*) FROM sqlite_schema"));
  SKERRY_TRY(const std::uint64_t owner, single_number(connection, "PRAGMA application_id"));
  if (tables == 0 && owner == 0) {
    return options.absent == Options::Absent::make ? create(connection, random)
                                                   : lost(options.path);
  }
  if (owner != application_id) {
    return fail(schema_error(store_unknown, options.path + " belongs to another program"));
  }
  SKERRY_TRY(const std::uint64_t found, single_number(connection, "PRAGMA user_version"));
  if (found > schema_version) {
    return accept_newer(connection, found);
  }
  return found == schema_version ? Status() : migrate(connection, options.path, found);
}

namespace {

Status verdict_of(Result<Query> check) {
  SKERRY_CHECK(check ? Status() : Status(fail(check.error())));
  SKERRY_TRY(const bool row, check->next());
  if (!row || check->text(0) != "ok") {
    return fail({.kind = ErrorKind::internal,
                 .code = store_corrupt,
                 .message = row ? check->text(0) : "the check gave no answer",
                 .field_path = "store"});
  }
  return {};
}

}  // namespace

Status quick_check(Connection& connection) {
  return verdict_of(connection.query("PRAGMA quick_check(1)"));
}

Status integrity_check(Connection& connection) {
  return verdict_of(connection.query("PRAGMA integrity_check(1)"));
}

Status finish_copy(const std::string& path, const std::string& vfs) {
  SKERRY_TRY(const std::unique_ptr<Connection> copy,
             Connection::open(path, vfs, Connection::Mode::write));
  SKERRY_CHECK(copy->run("UPDATE head SET writer = randomblob(16), clean = 1"));
  SKERRY_CHECK(quick_check(*copy));
  SKERRY_TRY(const Connection::Checkpoint moved, copy->checkpoint(Connection::Effort::truncate));
  static_cast<void>(moved);
  return {};
}

}  // namespace skerry::store
