#include "server/store/sqlite.h"

#include <algorithm>

#include <sqlite3.h>

#include "base/disk.h"
#include "server/store/codes.h"

namespace skerry::store {

namespace {

constexpr int busy_ms = 5000;
/// How long a forced checkpoint may hold up the writer for its readers.
constexpr int checkpoint_busy_ms = 20;

struct Meaning {
  ErrorKind kind;
  ErrorCode code;
};

Meaning meaning_of(int code) {
  if (code == SQLITE_CONSTRAINT_FOREIGNKEY) {
    return {ErrorKind::not_found, site_not_found};  // Every foreign key here is a site's number.
  }
  if (code == SQLITE_IOERR_SHMSIZE) {
    return {ErrorKind::exhausted, disk_full};  // The index of the log had no room to grow.
  }
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {ErrorKind::exhausted, disk_full};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorKind::unavailable, store_busy};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorKind::internal, store_corrupt};
    case SQLITE_CONSTRAINT:
      return {ErrorKind::conflict, already_exists};
    case SQLITE_TOOBIG:
      return {ErrorKind::invalid, ErrorCode{"too_large"}};
    default:
      return {ErrorKind::internal, store_failed};
  }
}

Error error_of(sqlite3* database, int code) {
  const Meaning meaning = meaning_of(code);
  const std::string said = database == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database);
  return {.kind = meaning.kind,
          .code = meaning.code,
          .message = said + " (sqlite " + std::to_string(code) + ")",
          .field_path = "store"};
}

/// Copies the raw bytes of a column.
template <class Fixed>
Fixed fixed_column(sqlite3_stmt* statement, int column) {
  Fixed value;
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  if (bytes != nullptr && size == value.bytes.size()) {
    std::copy_n(bytes, size, value.bytes.begin());
  }
  return value;
}

}  // namespace

bool is_fatal(const Error& error) {
  return error.code == store_failed || error.code == store_corrupt;
}

Query::~Query() {
  if (statement_ != nullptr) {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
}

Result<bool> Query::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code == SQLITE_DONE) {
    return false;
  }
  return fail(error_of(database_, code));
}

std::uint64_t Query::number(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column));
}

bool Query::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::string Query::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return bytes == nullptr ? std::string() : std::string(bytes, size);
}

Digest Query::digest(int column) const {
  return fixed_column<Digest>(statement_, column);
}

Uuid Query::uuid(int column) const {
  return fixed_column<Uuid>(statement_, column);
}

WallTime Query::time(int column) const {
  return WallTime(std::chrono::milliseconds(sqlite3_column_int64(statement_, column)));
}

// Text and ids are small and copied, so a temporary may be bound; the bytes of a `Blob` are not. An
// empty view may have no address, which SQLite would take for NULL.
void Query::bind(int index, std::uint64_t value) {
  sqlite3_bind_int64(statement_, index, static_cast<sqlite3_int64>(value));
}

void Query::bind(int index, std::string_view value) {
  const char* bytes = value.empty() ? "" : value.data();
  sqlite3_bind_text64(statement_, index, bytes, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void Query::bind(int index, Blob value) {
  const char* bytes = value.bytes.empty() ? "" : value.bytes.data();
  sqlite3_bind_blob64(statement_, index, bytes, value.bytes.size(), SQLITE_STATIC);
}

void Query::bind(int index, WallTime value) {
  sqlite3_bind_int64(statement_, index, value.time_since_epoch().count());
}

void Query::bind(int index, const Digest& value) {
  sqlite3_bind_blob64(statement_, index, value.bytes.data(), value.bytes.size(), SQLITE_TRANSIENT);
}

void Query::bind(int index, const Uuid& value) {
  sqlite3_bind_blob64(statement_, index, value.bytes.data(), value.bytes.size(), SQLITE_TRANSIENT);
}

Connection::Connection(sqlite3* database, std::string vfs)
    : database_(database), vfs_(std::move(vfs)) {
  constexpr int steps_between_looks = 100'000;
  sqlite3_progress_handler(
      database_,
      steps_between_looks,
      [](void* flag) { return static_cast<std::atomic<bool>*>(flag)->load() ? 1 : 0; },
      &broken_off_);
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path,
                                                     const std::string& vfs,
                                                     Mode mode) {
  const int access =
      mode == Mode::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(path.c_str(),
                                   &database,
                                   access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                   vfs.empty() ? nullptr : vfs.c_str());
  std::unique_ptr<Connection> connection(new Connection(database, vfs));
  if (code != SQLITE_OK) {
    return fail(error_of(database, code));
  }
  SKERRY_CHECK(connection->configure(mode));
  return connection;
}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) {
    sqlite3_finalize(statement);
  }
  sqlite3_close_v2(database_);
}

// Each line is a promise of docs/formats/store.md. The order matters: WAL before synchronous.
Status Connection::configure(Mode mode) {
  sqlite3_busy_timeout(database_, busy_ms);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  SKERRY_CHECK(
      script("PRAGMA mmap_size=0; PRAGMA cell_size_check=1; PRAGMA temp_store=MEMORY;"
             "PRAGMA wal_autocheckpoint=0;"));
  // The log is moved by the writer and on purpose, never because a connection was the last to
  // close: after a failed sync nothing may touch the database.
  sqlite3_db_config(database_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (mode == Mode::read) {
    return script("PRAGMA query_only=1;");
  }
  SKERRY_CHECK(
      script("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16384;"
             "PRAGMA journal_size_limit=67108864;"));
  // After wal_autocheckpoint, which is a hook of its own.
  sqlite3_wal_hook(
      database_,
      [](void* self, sqlite3* /*database*/, const char* /*name*/, int pages) {
        static_cast<Connection*>(self)->log_pages_ = static_cast<std::uint32_t>(pages);
        return SQLITE_OK;
      },
      this);
  return require_wal();
}

// SQLite stays in its old mode without a word where the disk below it has no shared memory.
Status Connection::require_wal() {
  SKERRY_TRY(Query mode, query("PRAGMA journal_mode"));
  SKERRY_TRY(const bool row, mode.next());
  if (!row || mode.text(0) != "wal") {
    return fail({.kind = ErrorKind::internal,
                 .code = store_failed,
                 .message = "this disk cannot keep a write-ahead log",
                 .field_path = "store"});
  }
  return {};
}

Result<sqlite3_stmt*> Connection::prepared(const char* sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) {
    return found->second;
  }
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    return fail(error_of(database_, code));
  }
  statements_.emplace(sql, statement);
  return statement;
}

Status Connection::script(const char* sql) {
  const int code = sqlite3_exec(database_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return fail(error_of(database_, code));
  }
  return {};
}

std::uint64_t Connection::changed() const {
  return static_cast<std::uint64_t>(sqlite3_changes64(database_));
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(database_) == 0;
}

Result<Connection::Checkpoint> Connection::checkpoint(Effort effort) {
  int log = 0;
  int moved = 0;
  const int mode =
      effort == Effort::passive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE;
  sqlite3_busy_timeout(database_, checkpoint_busy_ms);
  const int code = sqlite3_wal_checkpoint_v2(database_, "main", mode, &log, &moved);
  sqlite3_busy_timeout(database_, busy_ms);
  if (code != SQLITE_OK) {
    return fail(error_of(database_, code));
  }
  return Checkpoint{.log_pages = static_cast<std::uint32_t>(std::max(log, 0)),
                    .moved_pages = static_cast<std::uint32_t>(std::max(moved, 0))};
}

Status Connection::copy_to(const std::string& path, const std::string& vfs) {
  SKERRY_TRY(const std::unique_ptr<Connection> target, open(path, vfs, Mode::write));
  sqlite3_backup* copy = sqlite3_backup_init(target->database_, "main", database_, "main");
  if (copy == nullptr) {
    return fail(target->last_error(sqlite3_errcode(target->database_)));
  }
  const int code = sqlite3_backup_step(copy, -1);
  sqlite3_backup_finish(copy);
  if (code != SQLITE_DONE) {
    return fail(error_of(target->database_, code));
  }
  SKERRY_TRY(const Checkpoint moved, target->checkpoint(Effort::truncate));
  static_cast<void>(moved);
  return {};
}

Error Connection::last_error(int code) const {
  return error_of(database_, code);
}

}  // namespace skerry::store
