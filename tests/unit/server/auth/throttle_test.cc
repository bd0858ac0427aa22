#include "server/auth/throttle.h"

#include <gtest/gtest.h>

namespace skerry::auth {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class ThrottleTest : public ::testing::Test {
 protected:
  std::optional<milliseconds> attempt(std::string_view key = "ana") {
    return throttle.attempt(key, now);
  }

  /// As often as nothing is asked for it.
  void use_up(std::string_view key = "ana") {
    for (int i = 0; i < 3; ++i) {
      ASSERT_FALSE(attempt(key));
    }
  }

  Throttle throttle{{.free = 3, .keys_max = 4}};
  Instant now{std::chrono::hours(1)};
};

TEST_F(ThrottleTest, LetsPeopleMistype) {
  use_up();
  EXPECT_EQ(attempt(), seconds(1));
}

TEST_F(ThrottleTest, AsksForTwiceTheTimeWithEachUpToItsMost) {
  use_up();
  for (const int wait : {1, 2, 4, 8, 16, 32, 60, 60}) {
    EXPECT_EQ(attempt(), seconds(wait));
    now += seconds(wait);
    EXPECT_FALSE(attempt()) << wait;
  }
}

TEST_F(ThrottleTest, DoesNotCountAttemptsWhileItAsksToWait) {
  use_up();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(attempt(), seconds(1));
  }
  now += milliseconds(999);
  EXPECT_EQ(attempt(), milliseconds(1));
  now += milliseconds(1);
  EXPECT_FALSE(attempt());
}

TEST_F(ThrottleTest, KeepsKeysApart) {
  use_up("ana");
  EXPECT_FALSE(attempt("bob"));
}

TEST_F(ThrottleTest, ForgetsWhatWasGoodAndWhatIsLongAgo) {
  use_up();
  throttle.succeed("ana");
  use_up();
  now += minutes(15) + seconds(1);
  use_up();
}

TEST_F(ThrottleTest, HoldsNoMoreKeysThanItsBoundAndDropsTheQuietest) {
  use_up("first");
  now += seconds(1);
  ASSERT_FALSE(attempt("first"));
  for (int i = 0; i < 1000; ++i) {
    now += milliseconds(1);
    static_cast<void>(attempt("key " + std::to_string(i)));
    static_cast<void>(attempt("first"));
  }
  EXPECT_EQ(throttle.size(), 4U);
}

}  // namespace
}  // namespace skerry::auth
