#include "server/store/core.h"

#include <algorithm>
#include <utility>

#include "base/disk.h"
#include "server/store/codes.h"
#include "server/store/schema.h"

namespace skerry::store {

namespace {

/// How often idempotency keys and tokens past their time are looked for.
constexpr std::chrono::minutes forget_every{10};
/// How long a token is still listed that nobody can use any more.
constexpr std::chrono::days tokens_kept{30};
/// How many new events are worth a look at the retention cap.
constexpr std::uint64_t prune_every = 1024;

}  // namespace

Writer::Core::Core(Options options, Environment environment, FileLock lock)
    : lock_(std::move(lock)), options_(std::move(options)), environment_(environment) {}

Result<std::unique_ptr<Writer::Core>> Writer::Core::open(Options options, Environment environment) {
  FileLock lock;
  if (options.vfs.empty()) {
    if (options.absent == Options::Absent::refuse) {
      SKERRY_CHECK(require_file(options.path));
    }
    SKERRY_TRY(lock, FileLock::acquire(options.path));
  }
  std::unique_ptr<Core> core(new Core(std::move(options), environment, std::move(lock)));
  SKERRY_CHECK(core->begin());
  return core;
}

Status Writer::Core::begin() {
  SKERRY_TRY(connection_, Connection::open(options_.path, options_.vfs, Connection::Mode::write));
  SKERRY_CHECK(prepare_schema(*connection_, options_, *environment_.random));
  SKERRY_TRY(counters_, read_counters(*connection_));
  {
    SKERRY_TRY(Query clean, connection_->query("SELECT clean FROM head"));
    SKERRY_TRY(const bool row, clean.next());
    unclean_ = !row || !clean.flag(0);
  }
  SKERRY_CHECK(connection_->run("UPDATE head SET clean = 0"));
  if (environment_.log != nullptr) {
    environment_.log->info("store_opened",
                           {{"sqlite", sqlite_version()},
                            {"revision", counters_.revision},
                            {"clean", unclean_ ? "no" : "yes"}});
  }
  return {};
}

Status Writer::Core::submit(Change change, Done done) {
  if (death_) {
    return fail(*death_);
  }
  std::deque<Waiting>& lane = lanes_.at(static_cast<std::size_t>(change.lane));
  if (lane.size() >= options_.lane_max) {
    return fail(refusal(ErrorKind::exhausted, queue_full, "too many changes are waiting"));
  }
  lane.push_back({.change = std::move(change), .done = std::move(done)});
  return {};
}

bool Writer::Core::is_waiting() const {
  return std::ranges::any_of(lanes_, [](const auto& lane) { return !lane.empty(); });
}

std::vector<Writer::Core::Waiting> Writer::Core::take_group() {
  std::vector<Waiting> group;
  for (std::deque<Waiting>& lane : lanes_) {
    while (!lane.empty() && group.size() < options_.group_max) {
      group.push_back(std::move(lane.front()));
      lane.pop_front();
    }
  }
  return group;
}

Result<bool> Writer::Core::step() {
  if (death_) {
    return fail(*death_);
  }
  std::vector<Waiting> group = take_group();
  if (group.empty()) {
    return false;
  }
  if (Status committed = commit_group(group); !committed) {
    give_up(committed.error());
    fail_all(group, committed.error());
  }
  for (Waiting& waiting : group) {
    waiting.done(*waiting.outcome);
  }
  if (!death_) {
    if (Status moved = checkpoint_if_due(); !moved) {
      give_up(moved.error());
    }
  }
  return death_ ? Result<bool>(fail(*death_)) : Result<bool>(is_waiting());
}

Status Writer::Core::commit_group(std::vector<Waiting>& group) {
  SKERRY_CHECK(connection_->run("BEGIN IMMEDIATE"));
  const Counters before = counters_;
  SKERRY_CHECK(run_group(group));
  SKERRY_CHECK(housekeep(group));
  if (counters_ != before) {
    SKERRY_CHECK(write_counters(*connection_, counters_));
  }
  SKERRY_CHECK(connection_->run("COMMIT"));
  ++commits_;
  return {};
}

Status Writer::Core::run_group(std::vector<Waiting>& group) {
  for (Waiting& waiting : group) {
    SKERRY_CHECK(run_alone(waiting));
  }
  return {};
}

Status Writer::Core::run_alone(Waiting& waiting) {
  SKERRY_CHECK(connection_->run("SAVEPOINT change"));
  const Counters before = counters_;
  waiting.outcome = Transaction(*connection_, environment_, counters_).run(waiting.change);
  if (!*waiting.outcome) {
    const Error& error = waiting.outcome->error();
    // A full disk can end the whole transaction; then nothing of the group is there any more.
    if (is_fatal(error) || !connection_->in_transaction()) {
      return fail(error);
    }
    counters_ = before;
    SKERRY_CHECK(connection_->run("ROLLBACK TO change"));
  }
  return connection_->run("RELEASE change");
}

void Writer::Core::fail_all(std::vector<Waiting>& group, const Error& error) {
  for (Waiting& waiting : group) {
    waiting.outcome = fail(error);
  }
}

void Writer::Core::give_up(const Error& error) {
  if (connection_->in_transaction()) {
    static_cast<void>(connection_->run("ROLLBACK"));
  }
  Result<Counters> committed = read_counters(*connection_);
  if (!is_fatal(error) && committed) {
    counters_ = *committed;
    log_trouble("store_commit_failed", error);
    return;
  }
  death_ = is_fatal(error) ? error : committed.error();
  log_trouble("store_dead", *death_);
  for (std::deque<Waiting>& lane : lanes_) {
    std::deque<Waiting> waiting = std::exchange(lane, {});
    for (Waiting& each : waiting) {
      each.done(fail(*death_));
    }
  }
}

Status Writer::Core::housekeep(const std::vector<Waiting>& group) {
  const WallTime now = environment_.clock->wall();
  // Also when the clock was set back.
  if (now >= forgot_at_ + forget_every || now < forgot_at_) {
    forgot_at_ = now;
    SKERRY_CHECK(forget_outcomes(*connection_, now));
    SKERRY_CHECK(forget_tokens(*connection_, now - tokens_kept));
  }
  return prune_events(group);
}

Status Writer::Core::prune_events(const std::vector<Waiting>& group) {
  for (const Waiting& waiting : group) {
    for (const Operation& operation : waiting.change.operations) {
      const auto* added = std::get_if<AddEvents>(&operation);
      events_unpruned_ += added != nullptr ? added->events.size() : 0;
    }
  }
  if (events_unpruned_ < prune_every) {
    return {};
  }
  events_unpruned_ = 0;
  SKERRY_CHECK(
      connection_->run("UPDATE head SET events_pruned ="
                       " max(events_pruned, (SELECT coalesce(max(id), 0) FROM event) - ?)",
                       options_.events_max));
  return connection_->run("DELETE FROM event WHERE id <= (SELECT events_pruned FROM head)");
}

// Moving the log costs two syncs, so it waits until there is something to move. Where a reader
// holds on to an old snapshot the log grows; beyond four times its size it is pressed harder.
Status Writer::Core::checkpoint_if_due() {
  const std::uint32_t pages = connection_->log_pages();
  if (pages < options_.checkpoint_pages) {
    return {};
  }
  const auto effort = pages < 4 * options_.checkpoint_pages ? Connection::Effort::passive
                                                            : Connection::Effort::truncate;
  const Result<Connection::Checkpoint> moved = connection_->checkpoint(effort);
  if (!moved && !is_fatal(moved.error())) {
    log_trouble("store_checkpoint_delayed", moved.error());
    return {};
  }
  return moved ? Status() : fail(moved.error());
}

Status Writer::Core::mark_clean() {
  if (death_) {
    return fail(*death_);
  }
  SKERRY_CHECK(connection_->run("UPDATE head SET clean = 1"));
  const Result<Connection::Checkpoint> moved =
      connection_->checkpoint(Connection::Effort::truncate);
  // A reader that is still open only means a longer log to read at the next start.
  if (!moved && is_fatal(moved.error())) {
    return fail(moved.error());
  }
  return {};
}

void Writer::Core::log_trouble(std::string_view event, const Error& error) const {
  if (environment_.log != nullptr) {
    environment_.log->error(event, {{"code", error.code.name}, {"reason", error.message}});
  }
}

}  // namespace skerry::store
