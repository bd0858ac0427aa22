#include "server/api/codes.h"
#include "unit/server/api/call_fixture.h"

namespace skerry::api {
namespace {

using ConditionsTest = CallTest;

TEST_F(ConditionsTest, AreNoneWithoutAHeader) {
  const Conditions conditions = conditions_of(call({})).value();
  EXPECT_FALSE(conditions.if_match);
  EXPECT_FALSE(conditions.if_absent);
  EXPECT_FALSE(conditions.if_any);
}

TEST_F(ConditionsTest, TakeTheRevisionOfAnEtagOfAWriteAndOfARead) {
  EXPECT_EQ(conditions_of(call({{"if-match", "\"17\""}}))->if_match, 17U);
  EXPECT_EQ(conditions_of(call({{"if-match", "\"17-0123456789abcdef\""}}))->if_match, 17U);
  EXPECT_EQ(conditions_of(call({{"if-match", "17"}}))->if_match, 17U);
}

TEST_F(ConditionsTest, KnowAnyAndNone) {
  EXPECT_TRUE(conditions_of(call({{"if-match", "*"}}))->if_any);
  EXPECT_TRUE(conditions_of(call({{"if-none-match", "*"}}))->if_absent);
}

TEST_F(ConditionsTest, RefuseWhatCouldNeverHoldRatherThanIgnoreIt) {
  for (const char* etag : {"\"-0123456789012345\"",
                           "",
                           "\"\"",
                           "\"x\"",
                           "W/\"17\"",
                           "\"-17\"",
                           "\"17\", \"18\"",
                           "\"1.5\""}) {
    const auto conditions = conditions_of(call({{"if-match", etag}}));
    ASSERT_FALSE(conditions) << etag;
    EXPECT_EQ(conditions.error().code, bad_parameter) << etag;
  }
  EXPECT_FALSE(conditions_of(call({{"if-none-match", "\"17\""}})));
}

TEST(Etag, OfAReadTellsBytesApartAndKeepsTheRevisionInFront) {
  Digest bytes;
  bytes.bytes.fill(0xab);
  const std::string revision = "\"17\"";
  EXPECT_EQ(etag_of(&revision, bytes).value, "\"17-abababababababab\"");
  EXPECT_EQ(etag_of(nullptr, bytes).value, "\"-abababababababab\"");
  Digest other = bytes;
  other.bytes[0] = 0;
  EXPECT_NE(etag_of(&revision, other).value, etag_of(&revision, bytes).value);
}

TEST(Etag, IsNamedByAListWeaklyOrByAStar) {
  EXPECT_TRUE(names_etag("\"a\"", "\"a\""));
  EXPECT_TRUE(names_etag("\"b\" , W/\"a\"", "\"a\""));
  EXPECT_TRUE(names_etag("*", "\"a\""));
  EXPECT_FALSE(names_etag("\"b\"", "\"a\""));
  EXPECT_FALSE(names_etag("a", "\"a\""));
  EXPECT_FALSE(names_etag("", "\"a\""));
  EXPECT_FALSE(names_etag(" , ", "\"a\""));
}

}  // namespace
}  // namespace skerry::api
