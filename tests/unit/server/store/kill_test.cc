#include <array>
#include <csignal>
#include <set>

#include <sys/wait.h>
#include <unistd.h>

#include "unit/server/store/store_fixture.h"

namespace skerry::store {

namespace {

/// The end of a pipe that what was acknowledged is written to, byte for byte as a client sees it.
struct AckLog {
  std::array<int, 2> ends = {-1, -1};

  AckLog() {
    if (::pipe(ends.data()) != 0) {
      std::abort();
    }
  }

  AckLog(const AckLog&) = delete;
  AckLog& operator=(const AckLog&) = delete;

  ~AckLog() {
    ::close(ends[0]);
    ::close(ends[1]);
  }

  /// How many numbers arrived whole; each is four bytes.
  std::uint32_t acknowledged() {
    ::close(std::exchange(ends[1], -1));
    std::uint32_t newest = 0;
    std::uint32_t number = 0;
    while (::read(ends[0], &number, sizeof(number)) == sizeof(number)) {
      newest = number;
    }
    return newest;
  }
};

class KillTest : public StoreTest {
 protected:
  static std::string name_of(int round, std::uint32_t number) {
    return std::to_string(round) + "-" + std::to_string(number);
  }

  static Change pair_of(const std::string& name) {
    Change change{.by = {.name = "user/ana"}};
    change.operations.push_back(PutObject{.kind = "Left", .name = name, .body = name});
    change.operations.push_back(PutObject{.kind = "Right", .name = name, .body = name});
    return change;
  }

  /// Writes groups of three changes until it is killed. Never returns.
  [[noreturn]] void write_until_killed(int round, const AckLog& log) {
    random.reseed(1000U + static_cast<std::uint64_t>(round));
    auto opened = Writer::open({.path = path(), .checkpoint_pages = 32}, environment());
    if (!opened) {
      ::_exit(1);
    }
    for (std::uint32_t number = 1;; number += 3) {
      for (std::uint32_t each = number; each < number + 3; ++each) {
        const Status queued = (*opened)->submit(
            pair_of(name_of(round, each)), [&log, each](const Result<Outcome>& outcome) {
              if (!outcome || ::write(log.ends[1], &each, sizeof(each)) != sizeof(each)) {
                ::_exit(2);
              }
            });
        if (!queued) {
          ::_exit(3);
        }
      }
      if (!(*opened)->step()) {
        ::_exit(4);
      }
    }
  }

  /// Kills the child after so many microseconds and waits for it.
  static void kill_after(pid_t child, unsigned microseconds) {
    ::usleep(microseconds);
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
  }

  /// Everything acknowledged is there; beyond it at most one group, and that whole.
  void expect_nothing_lost_or_invented(int round, std::uint32_t acknowledged) {
    std::uint32_t present = 0;
    for (std::uint32_t number = 1; number <= acknowledged + 6; ++number) {
      const bool left = reader->object("Left", name_of(round, number)).value().has_value();
      const bool right = reader->object("Right", name_of(round, number)).value().has_value();
      EXPECT_EQ(left, right) << "half of " << name_of(round, number);
      EXPECT_TRUE(left || number > acknowledged) << "lost " << name_of(round, number);
      EXPECT_EQ(left, number == present + 1 && left) << "out of order " << number;
      present += left ? 1U : 0U;
    }
    EXPECT_LE(present, (acknowledged + 2) / 3 * 3 + 3);
    EXPECT_EQ(present % 3, 0U) << "a group was torn";
    total_ += present;
  }

  std::uint64_t total_ = 0;
};

TEST_F(KillTest, LosesNoAcknowledgedChangeAndInventsNoneOverFiftyKills) {
  ASSERT_TRUE(writer->close());
  std::uint64_t acknowledged_in_all = 0;
  for (int round = 0; round < 50; ++round) {
    shut();
    AckLog log;
    const pid_t child = ::fork();
    if (child == 0) {
      write_until_killed(round, log);
    }
    kill_after(child, static_cast<unsigned>(1000 + random.below(40'000)));
    const std::uint32_t acknowledged = log.acknowledged();
    acknowledged_in_all += acknowledged;
    open();
    expect_nothing_lost_or_invented(round, acknowledged);
    ASSERT_TRUE(reader->verify_audit(crypto)) << "round " << round;
    EXPECT_EQ(reader->head().value().revision, 2 * total_);
  }
  EXPECT_TRUE(reader->check());
  EXPECT_GT(acknowledged_in_all, 50U) << "the children were killed before they did anything";
}

}  // namespace

}  // namespace skerry::store
