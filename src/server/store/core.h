#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "server/store/lock.h"
#include "server/store/sqlite.h"
#include "server/store/transaction.h"
#include "server/store/writer.h"

namespace skerry::store {

/// What a `Writer` is made of. Private to the room.
class Writer::Core {
 public:
  static Result<std::unique_ptr<Core>> open(Options options, Environment environment);

  Status submit(Change change, Done done);
  Result<bool> step();
  Status mark_clean();

  [[nodiscard]] bool was_unclean() const { return unclean_; }

  [[nodiscard]] std::uint64_t commits() const { return commits_; }

 private:
  struct Waiting {
    Change change = {};
    Done done = {};
    /// Set once it has run; an answer only after the commit.
    std::optional<Result<Outcome>> outcome = {};
  };

  Core(Options options, Environment environment, FileLock lock);

  Status begin();
  std::vector<Waiting> take_group();
  [[nodiscard]] bool is_waiting() const;

  /// Everything between BEGIN and COMMIT; an error fails the whole group.
  Status commit_group(std::vector<Waiting>& group);
  Status run_group(std::vector<Waiting>& group);
  Status run_alone(Waiting& waiting);
  /// After a failure: back to what is committed, or the end of this store.
  void give_up(const Error& error);
  void fail_all(std::vector<Waiting>& group, const Error& error);

  Status housekeep(const std::vector<Waiting>& group);
  Status prune_events(const std::vector<Waiting>& group);
  Status checkpoint_if_due();
  void log_trouble(std::string_view event, const Error& error) const;

  // The lock is let go last, after the connection is closed.
  FileLock lock_;
  Options options_;
  Environment environment_;
  std::unique_ptr<Connection> connection_;
  Counters counters_;
  std::array<std::deque<Waiting>, 3> lanes_;
  /// Why this store is dead.
  std::optional<Error> death_;
  std::uint64_t commits_ = 0;
  std::uint64_t events_unpruned_ = 0;
  WallTime forgot_at_ = {};
  bool unclean_ = false;
};

}  // namespace skerry::store
