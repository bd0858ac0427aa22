#include "resource/units.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "resource/names.h"

namespace skerry::resource {
namespace {

constexpr std::int64_t greatest = (std::int64_t{1} << 53U) - 1;

TEST(Units, ReadsDurations) {
  EXPECT_EQ(parse_duration("5m"), 300'000);
  EXPECT_EQ(parse_duration("1h30m"), 5'400'000);
  EXPECT_EQ(parse_duration("1d2h3m4s5ms"), 93'784'005);
  EXPECT_EQ(parse_duration("0s"), 0);
  EXPECT_EQ(parse_duration("90m"), 5'400'000);
  for (const std::string_view bad : {"",
                                     "5",
                                     "m",
                                     "5 m",
                                     "5m ",
                                     "1.5h",
                                     "-5m",
                                     "+5m",
                                     "5M",
                                     "5min",
                                     "1m1h",
                                     "1m1m",
                                     "9007199254740992ms",
                                     "104249991375d"}) {
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
  }
}

TEST(Units, WritesDurationsShort) {
  EXPECT_EQ(format_duration(0), "0s");
  EXPECT_EQ(format_duration(5'400'000), "1h30m");
  EXPECT_EQ(format_duration(172'800'000), "48h");
  EXPECT_EQ(format_duration(250), "250ms");
}

TEST(Units, ReadsSizes) {
  EXPECT_EQ(parse_size("64Mi"), 64 << 20);
  EXPECT_EQ(parse_size("10G"), 10'000'000'000);
  EXPECT_EQ(parse_size("1k"), 1000);
  EXPECT_EQ(parse_size("512"), 512);
  for (const std::string_view bad : {"", "Mi", "64 Mi", "64mi", "64MB", "-1", "1.5Gi", "8192Ti"}) {
    EXPECT_EQ(parse_size(bad), std::nullopt) << bad;
  }
}

RC_GTEST_PROP(Units, EveryDurationReadsBack, ()) {
  const auto value = *rc::gen::inRange<std::int64_t>(0, greatest);
  RC_ASSERT(parse_duration(format_duration(value)) == value);
}

RC_GTEST_PROP(Units, EverySizeReadsBack, ()) {
  const auto value = *rc::gen::inRange<std::int64_t>(0, greatest) >> *rc::gen::inRange(0, 50);
  RC_ASSERT(parse_size(format_size(value)) == value);
}

TEST(Names, AreDnsNames) {
  EXPECT_EQ(name_problem("store-0417.eu"), "");
  EXPECT_EQ(name_problem("0"), "");
  EXPECT_EQ(name_problem(std::string(63, 'a')), "");
  EXPECT_EQ(name_problem(""), "is empty");
  EXPECT_NE(name_problem(std::string(64, 'a')), "");
  EXPECT_NE(name_problem("a-"), "");
}

TEST(Names, OfLabelsFollowKubernetes) {
  EXPECT_EQ(label_key_problem("app"), "");
  EXPECT_EQ(label_key_problem("example.com/App_1.x"), "");
  EXPECT_EQ(label_key_problem("skerry/arch"), "");
  EXPECT_NE(label_key_problem("Example.com/app"), "");
  EXPECT_NE(label_key_problem("a/b/c"), "");
  EXPECT_NE(label_key_problem(""), "");
  EXPECT_EQ(label_value_problem(""), "");
  EXPECT_EQ(label_value_problem("A.b_c-1"), "");
  EXPECT_NE(label_value_problem("-a"), "");
  EXPECT_NE(label_value_problem("a\n"), "");
}

TEST(Names, OfVariablesLeaveTheSitesOwnAlone) {
  EXPECT_EQ(variable_problem("_A1"), "");
  EXPECT_NE(variable_problem("1A"), "");
  EXPECT_NE(variable_problem("SKERRY_SITE_NAME"), "");
  EXPECT_NE(variable_problem(""), "");
}

}  // namespace
}  // namespace skerry::resource
