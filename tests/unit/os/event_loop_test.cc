#include "os/event_loop.h"

#include <array>
#include <atomic>
#include <csignal>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/codes.h"
#include "os/signals.h"
#include "unit/os/loop_fixture.h"

namespace skerry::os {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

class EventLoopTest : public LoopTest {};

struct Pair {
  Descriptor a;
  Descriptor b;
};

Pair make_pair() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

void send_byte(const Descriptor& end) {
  ASSERT_EQ(::send(end.get(), "x", 1, MSG_NOSIGNAL), 1);
}

TEST_F(EventLoopTest, CallsTimersInOrderOfTimeThenOfCreation) {
  std::vector<int> calls;
  const Instant base = loop().now();
  const Timer late = loop().at(base + milliseconds(3), [&] { calls.push_back(3); });
  const Timer first = loop().at(base + milliseconds(1), [&] { calls.push_back(1); });
  const Timer second = loop().at(base + milliseconds(1), [&] { calls.push_back(2); });
  ASSERT_TRUE(run_until([&] { return calls.size() == 3; }));
  EXPECT_THAT(calls, ElementsAre(1, 2, 3));
  EXPECT_GE(loop().now(), base + milliseconds(3));
  EXPECT_FALSE(late.pending());
}

TEST_F(EventLoopTest, NeverCallsATimerThatWasCancelledEvenByAnotherOfTheSameMoment) {
  bool wrong = false;
  bool done = false;
  const Instant due = loop().now();
  Timer victim;
  const Timer killer = loop().at(due, [&] { victim.cancel(); });
  victim = loop().at(due, [&] { wrong = true; });
  const Timer last = loop().at(due + milliseconds(2), [&] { done = true; });
  ASSERT_TRUE(run_until([&] { return done; }));
  EXPECT_FALSE(wrong);
}

TEST_F(EventLoopTest, KeepsTimerOrderUnderRandomCancelling) {
  std::mt19937 random(7);
  const Instant base = loop().now();
  std::vector<Timer> timers(500);
  std::vector<Instant> called;
  std::size_t kept = 0;
  for (Timer& timer : timers) {
    const Instant due = base + std::chrono::microseconds(random() % 5000);
    timer = loop().at(due, [&called, due] { called.push_back(due); });
  }
  for (Timer& timer : timers) {
    if (random() % 2 == 0) {
      timer.cancel();
    } else {
      ++kept;
    }
  }
  ASSERT_TRUE(run_until([&] { return called.size() == kept; }));
  EXPECT_TRUE(std::is_sorted(called.begin(), called.end()));
}

TEST_F(EventLoopTest, LetsATimerReplaceItself) {
  int calls = 0;
  Timer timer;
  std::function<void()> again = [&] {
    if (++calls < 3) {
      timer = loop().after(milliseconds(0), again);
    }
  };
  timer = loop().after(milliseconds(0), again);
  EXPECT_TRUE(run_until([&] { return calls == 3; }));
}

TEST_F(EventLoopTest, DoesNotWakeWhenNothingIsDue) {
  const Timer hour = loop().after(seconds(3600), [] {});
  bool done = false;
  const Timer soon = loop().after(milliseconds(50), [&] { done = true; });
  const std::uint64_t before = loop().wakeups();
  while (!done) {
    loop().run_once(std::nullopt);
  }
  EXPECT_EQ(loop().wakeups() - before, 1U);
}

TEST_F(EventLoopTest, DoesNotSpinAfterTheLastTimerHasRun) {
  bool done = false;
  const Timer soon = loop().after(milliseconds(1), [&] { done = true; });
  ASSERT_TRUE(run_until([&] { return done; }));
  const Instant before = loop().now();
  loop().run_once(milliseconds(30));
  EXPECT_GE(loop().now() - before, milliseconds(29));
}

TEST(RoundedUp, MovesADueTimeToTheNextMultiple) {
  const Instant start{};
  EXPECT_EQ(rounded_up(start + milliseconds(1), seconds(1)), start + seconds(1));
  EXPECT_EQ(rounded_up(start + seconds(1), seconds(1)), start + seconds(1));
}

TEST_F(EventLoopTest, CallsAWatchWhenItsDescriptorIsReady) {
  const Pair pair = make_pair();
  std::vector<Readiness> seen;
  auto watch = loop().watch(pair.a.get(), {.readable = true}, [&](Readiness ready) {
    seen.push_back(ready);
    char byte = 0;
    EXPECT_EQ(::read(pair.a.get(), &byte, 1), 1);
  });
  ASSERT_TRUE(watch.has_value());
  send_byte(pair.b);
  ASSERT_TRUE(run_until([&] { return !seen.empty(); }));
  EXPECT_THAT(seen, ElementsAre(Readiness{.readable = true, .writable = false}));
}

TEST_F(EventLoopTest, DoesNotCallAWatchThatAnotherCallbackRemovedInTheSameRound) {
  const Pair one = make_pair();
  const Pair two = make_pair();
  Result<Watch> first;
  Result<Watch> second;
  int calls = 0;
  const auto remove_other = [&](Result<Watch>& other) {
    return [&](Readiness) {
      ++calls;
      other->stop();
    };
  };
  first = loop().watch(one.a.get(), {.readable = true}, remove_other(second));
  second = loop().watch(two.a.get(), {.readable = true}, remove_other(first));
  send_byte(one.b);
  send_byte(two.b);
  loop().run_once(milliseconds(100));
  EXPECT_EQ(calls, 1);
}

TEST_F(EventLoopTest, DoesNotMistakeANewWatchForTheOldOneOfItsSlot) {
  const Pair one = make_pair();
  const Pair two = make_pair();
  const Pair quiet = make_pair();
  Result<Watch> first;
  Result<Watch> second;
  bool wrong = false;
  int calls = 0;
  const auto swap_other = [&](Result<Watch>& other) {
    return [&](Readiness) {
      ++calls;
      other->stop();
      *other = *loop().watch(quiet.a.get(), {.readable = true}, [&](Readiness) { wrong = true; });
    };
  };
  first = loop().watch(one.a.get(), {.readable = true}, swap_other(second));
  second = loop().watch(two.a.get(), {.readable = true}, swap_other(first));
  send_byte(one.b);
  send_byte(two.b);
  loop().run_once(milliseconds(100));
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(wrong);
}

TEST_F(EventLoopTest, LetsACallbackDestroyItsOwnWatchAndGoOnUsingItsCaptures) {
  const Pair pair = make_pair();
  auto holder = std::make_unique<Watch>();
  std::string after;
  const std::string captured(100, 'c');
  auto made = loop().watch(pair.a.get(), {.readable = true}, [&, captured](Readiness) {
    holder.reset();
    after = captured;
  });
  *holder = *std::move(made);
  send_byte(pair.b);
  ASSERT_TRUE(run_until([&] { return holder == nullptr; }));
  EXPECT_EQ(after, captured);
  loop().run_once(milliseconds(0));
}

TEST_F(EventLoopTest, LeavesAHungUpDescriptorAloneWhileNothingIsWanted) {
  Pair pair = make_pair();
  int calls = 0;
  auto watch = loop().watch(pair.a.get(), {.readable = true}, [&](Readiness ready) {
    EXPECT_TRUE(ready.readable);
    ++calls;
  });
  ASSERT_TRUE(watch->set({}).has_value());
  pair.b.reset();
  loop().run_once(milliseconds(20));
  EXPECT_EQ(calls, 0);
  ASSERT_TRUE(watch->set({.readable = true}).has_value());
  EXPECT_TRUE(run_until([&] { return calls > 0; }));
}

TEST_F(EventLoopTest, RunsWhatOtherThreadsPostInTheirOrder) {
  std::map<int, std::vector<int>> seen;
  const std::thread::id here = std::this_thread::get_id();
  std::vector<std::thread> threads;
  for (int name = 0; name < 4; ++name) {
    threads.emplace_back([&, name] {
      for (int i = 0; i < 1000; ++i) {
        EXPECT_TRUE(loop()
                        .post([&seen, here, name, i] {
                          EXPECT_EQ(std::this_thread::get_id(), here);
                          seen[name].push_back(i);
                        })
                        .has_value());
      }
    });
  }
  EXPECT_TRUE(run_until([&] {
    return seen.size() == 4 &&
           seen[0].size() + seen[1].size() + seen[2].size() + seen[3].size() == 4000;
  }));
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const auto& [name, numbers] : seen) {
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  }
}

TEST_F(EventLoopTest, RefusesToQueueWithoutBound) {
  Status status;
  for (std::size_t i = 0; i < EventLoop::posted_max && status; ++i) {
    status = loop().post([] {});
  }
  ASSERT_TRUE(status.has_value());
  status = loop().post([] {});
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, queue_full);
}

TEST_F(EventLoopTest, StopsFromAnotherThread) {
  std::thread stopper([&] { loop().stop(); });
  loop().run();
  stopper.join();
}

TEST_F(EventLoopTest, TurnsASignalIntoACall) {
  int seen = 0;
  const auto signals = Signals::create(loop(), {SIGUSR1}, [&](int number) { seen = number; });
  ASSERT_TRUE(signals.has_value());
  ASSERT_EQ(::kill(::getpid(), SIGUSR1), 0);
  EXPECT_TRUE(run_until([&] { return seen == SIGUSR1; }));
}

}  // namespace
}  // namespace skerry::os
