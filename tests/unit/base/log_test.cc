#include "base/log.h"

#include <vector>

#include <gtest/gtest.h>

namespace skerry {
namespace {

class StoppedClock : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return {}; }

  [[nodiscard]] WallTime wall() const override { return {}; }
};

class LogTest : public testing::Test {
 protected:
  StoppedClock clock_;
  std::vector<std::string> lines_;
  Log log_{clock_, [this](LogLevel, std::string_view line) { lines_.emplace_back(line); }};
};

TEST_F(LogTest, WritesOneJsonObjectALine) {
  log_.for_room("gateway").info("connected", {{"site", "store-1"}, {"sessions", 3}});
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_EQ(lines_[0],
            R"({"time":"1970-01-01T00:00:00.000Z","level":"info","room":"gateway",)"
            R"("event":"connected","site":"store-1","sessions":3})");
}

TEST_F(LogTest, EscapesWhatCouldForgeALine) {
  log_.warning("refused", {{"name", "a\n\x1b[31m\"b"}, {"raw", "\xff"}});
  EXPECT_NE(lines_[0].find(R"(a\n\u001b[31m\"b)"), std::string::npos);
  EXPECT_EQ(lines_[0].find('\n'), std::string::npos);
  EXPECT_NE(lines_[0].find("\xEF\xBF\xBD"), std::string::npos);
}

TEST_F(LogTest, CutsALineThatIsTooLong) {
  log_.info("long", {{"text", std::string(20000, 'x')}});
  EXPECT_LT(lines_[0].size(), 1000U);
  EXPECT_NE(lines_[0].find(R"("cut":true)"), std::string::npos);
}

}  // namespace
}  // namespace skerry
