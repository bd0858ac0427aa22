#include "document/report.h"

#include <limits>

#include <gtest/gtest.h>

namespace skerry::document {
namespace {

TEST(LastNumber, IsItsOwnOfAnEvent) {
  EXPECT_EQ(last_number(Event{.number = {.start = 3, .seq = 7}}),
            (ReportNumber{.start = 3, .seq = 7}));
}

TEST(LastNumber, IsThatOfTheLastEntryOfAGap) {
  const ReportNumber first{.start = 3, .seq = 7};
  EXPECT_EQ(last_number(Event{.number = first, .code = "gap", .count = 1}), first);
  EXPECT_EQ(last_number(Event{.number = first, .code = "gap", .count = 5}),
            (ReportNumber{.start = 3, .seq = 11}));
}

TEST(LastNumber, NeverGoesBackWhateverAPeerCounts) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(last_number({.start = 3, .seq = 7}, most), (ReportNumber{.start = 3, .seq = most}));
}

}  // namespace
}  // namespace skerry::document
