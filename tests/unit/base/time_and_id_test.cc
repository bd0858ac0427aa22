#include <algorithm>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/uuid.h"

namespace skerry {
namespace {

class CountingRandom : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    std::ranges::generate(out, [this] { return next_++; });
  }

 private:
  std::uint8_t next_ = 0;
};

TEST(Rfc3339, RoundTrips) {
  const WallTime time = parse_rfc3339("2026-03-02T14:02:07.123Z").value();
  EXPECT_EQ(to_rfc3339(time), "2026-03-02T14:02:07.123Z");
  EXPECT_EQ(to_rfc3339(parse_rfc3339("2024-02-29T00:00:00Z").value()), "2024-02-29T00:00:00.000Z");
}

TEST(Rfc3339, RefusesDaysAndHoursThatDoNotExist) {
  EXPECT_FALSE(parse_rfc3339("2026-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-02-28T24:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-02-28 10:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-02-28T10:00:00"));
}

TEST(Uuid, IsVersion7AndSortsByTime) {
  CountingRandom random;
  const Uuid early = make_uuid(WallTime(std::chrono::milliseconds(1000)), random);
  const Uuid late = make_uuid(WallTime(std::chrono::milliseconds(2000)), random);
  EXPECT_LT(early, late);
  EXPECT_EQ(to_string(early)[14], '7');
  EXPECT_EQ(parse_uuid(to_string(late)).value(), late);
}

TEST(Uuid, RefusesAnotherShape) {
  EXPECT_FALSE(parse_uuid("018f4e2a7c3b7def8123456789abcdef"));
  EXPECT_FALSE(parse_uuid("018f4e2a-7c3b-7def-8123-456789abcdeg"));
  EXPECT_FALSE(uuid_from_bytes("short"));
}

TEST(Random, StaysBelowTheBound) {
  CountingRandom random;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LT(random.below(7), 7U);
  }
}

}  // namespace
}  // namespace skerry
