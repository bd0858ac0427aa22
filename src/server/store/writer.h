#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "server/store/change.h"

namespace skerry::store {

struct Options {
  /// The database's file; its neighbours "-wal", "-shm" and "-lock" belong to it too.
  std::string path = {};
  /// What is done where there is no store, or an empty file.
  enum class Absent : std::uint8_t { make, refuse };
  Absent absent = Absent::make;
  /// The SQLite VFS to use; empty is the system's. With another one neither the lock file nor the
  /// file system is looked at: whoever brings a disk answers for it.
  std::string vfs = {};
  /// Changes taken into one transaction at most; bounds how long an admin waits behind a storm.
  std::size_t group_max = 2048;
  /// Changes waiting in each lane at most; beyond that `submit` refuses with `queue_full`.
  std::size_t lane_max = 16384;
  /// Beyond this many pages of 4 KiB the log is moved into the database.
  std::uint32_t checkpoint_pages = 4096;
  /// Events kept; the oldest go first.
  std::uint64_t events_max = 1'000'000;
};

/// What the store needs from outside; everything outlives it.
struct Environment {
  const Clock* clock = nullptr;
  Random* random = nullptr;
  const Crypto* crypto = nullptr;
  const Log* log = nullptr;
};

/// The one writer of a store. It also does every checkpoint, which keeps clear of the WAL-reset
/// defect of SQLite 3.7.0 to 3.51.2.
///
/// Driven by steps and used by one thread: the process loops `step` on a thread of its own and
/// hands changes over to it, the simulator calls `step` directly.
class Writer {
 public:
  /// Opens or makes the store, and migrates an older one after a backup beside it.
  ///
  /// @return `store_locked`, `store_shared`, `store_unknown`, `store_lost`, `schema_too_new`,
  ///         `store_corrupt`, or what the disk said
  static Result<std::unique_ptr<Writer>> open(Options options, Environment environment);

  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();

  /// Queues a change. On an error (`queue_full`, or the store is dead) `done` is never called.
  Status submit(Change change, Done done);

  /// Commits what waits, up to `group_max` changes, in one transaction with one sync, then answers
  /// each. A change whose precondition fails is undone alone.
  ///
  /// @return whether more waits; an error once the store is dead, and then the process must end
  Result<bool> step();

  /// Steps until nothing waits; what waits was submitted by the caller.
  Status drain();

  /// Submits one change and steps until it is answered: for start-up and tests.
  Result<Outcome> apply(Change change);

  /// The last run did not end by `close`: run `Reader::check` in the background.
  [[nodiscard]] bool was_unclean() const;

  /// Transactions committed since it was opened.
  [[nodiscard]] std::uint64_t commits() const;

  /// Commits what waits and marks a clean stop.
  Status close();

 private:
  class Core;

  explicit Writer(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
};

/// "3.40.1": the SQLite that is linked, for the start-up line.
std::string sqlite_version();

}  // namespace skerry::store
