#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/digest.h"
#include "base/result.h"
#include "base/uuid.h"

struct sqlite3;
struct sqlite3_stmt;

/// The SQLite C API with owners and `Result`. Private to the room.
namespace skerry::store {

/// Bytes for a BLOB column; a plain string binds as TEXT. They are not copied and must outlive the
/// query.
struct Blob {
  std::string_view bytes;
};

/// A prepared statement while it is in use. Borrowed from its connection, reset when dropped.
class Query {
 public:
  Query(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}

  Query(Query&& other) noexcept : database_(other.database_), statement_(other.statement_) {
    other.statement_ = nullptr;
  }

  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  Query& operator=(Query&&) = delete;
  ~Query();

  /// Whether there is a row to look at.
  Result<bool> next();

  // Columns of the row, from 0. What has another type reads as zero or empty.
  [[nodiscard]] std::uint64_t number(int column) const;
  [[nodiscard]] bool is_null(int column) const;

  [[nodiscard]] bool flag(int column) const { return number(column) != 0; }

  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] Digest digest(int column) const;
  [[nodiscard]] Uuid uuid(int column) const;
  [[nodiscard]] WallTime time(int column) const;

  void bind(int index, std::uint64_t value);
  void bind(int index, std::string_view value);
  void bind(int index, Blob value);
  void bind(int index, WallTime value);
  void bind(int index, const Digest& value);
  void bind(int index, const Uuid& value);

  template <class T>
  void bind(int index, const std::optional<T>& value) {
    if (value) {
      bind(index, *value);
    }
  }

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_;
};

/// One open database. Statements are prepared once and kept under the address of their text, which
/// is therefore always a literal.
class Connection {
 public:
  enum class Mode : std::uint8_t { write, read };

  static Result<std::unique_ptr<Connection>> open(const std::string& path,
                                                  const std::string& vfs,
                                                  Mode mode);

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  template <class... Arguments>
  Result<Query> query(const char* sql, const Arguments&... arguments) {
    SKERRY_TRY(sqlite3_stmt* const statement, prepared(sql));
    Query query(database_, statement);
    int index = 0;
    (query.bind(++index, arguments), ...);
    return query;
  }

  /// Runs a statement that returns no rows.
  template <class... Arguments>
  Status run(const char* sql, const Arguments&... arguments) {
    SKERRY_TRY(Query query, this->query(sql, arguments...));
    SKERRY_TRY(const bool row, query.next());
    static_cast<void>(row);
    return {};
  }

  /// Runs a script of any number of statements.
  Status script(const char* sql);

  /// Rows changed by the last insert, update or delete.
  [[nodiscard]] std::uint64_t changed() const;

  /// A failed statement can end the transaction by itself (disk full, I/O error).
  [[nodiscard]] bool in_transaction() const;

  struct Checkpoint {
    /// Pages in the log, and those of them that are in the database now.
    std::uint32_t log_pages = 0;
    std::uint32_t moved_pages = 0;
  };

  enum class Effort : std::uint8_t { passive, truncate };

  /// `passive` waits for nobody; `truncate` shortly for readers (`store_busy` where that was not
  /// enough) and then leaves an empty log.
  Result<Checkpoint> checkpoint(Effort effort);

  /// The length of the log after the last commit of this connection.
  [[nodiscard]] std::uint32_t log_pages() const { return log_pages_; }

  /// Copies the database to a new file by the online API.
  Status copy_to(const std::string& path, const std::string& vfs);

  [[nodiscard]] const std::string& vfs() const { return vfs_; }

  /// From any thread: what runs, and all that is run from now on, fails soon.
  void break_off() { broken_off_ = true; }

  /// The error of the last failed call, as ours.
  [[nodiscard]] Error last_error(int code) const;

 private:
  Connection(sqlite3* database, std::string vfs);

  Status configure(Mode mode);
  Status require_wal();
  Result<sqlite3_stmt*> prepared(const char* sql);

  sqlite3* database_;
  std::string vfs_;
  std::uint32_t log_pages_ = 0;
  std::atomic<bool> broken_off_{false};
  std::map<const char*, sqlite3_stmt*> statements_;
};

/// After this one the store is never written again: what is on the disk is no longer known (G12).
bool is_fatal(const Error& error);

}  // namespace skerry::store
