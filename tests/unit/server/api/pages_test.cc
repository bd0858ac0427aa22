#include "server/api/codes.h"
#include "server/api/lists.h"
#include "unit/server/api/call_fixture.h"

namespace skerry::api {
namespace {

using PagesTest = CallTest;

TEST(Cursor, LeadsBackToAnyKey) {
  for (const std::string key : {"a", "web.eu-1", "\xc3\xa9", "n:n:", "17"}) {
    EXPECT_EQ(key_of(cursor_to(key)).value(), key);
  }
  EXPECT_EQ(key_of("").value(), "");
}

TEST(Cursor, OfAnotherMakeIsRefused) {
  for (const char* cursor : {"zz", "61", "n:a", "6e3", "6e3a6", "6E3A61 "}) {
    const Result<std::string> key = key_of(cursor);
    ASSERT_FALSE(key) << cursor;
    EXPECT_EQ(key.error().code, bad_cursor) << cursor;
  }
}

TEST(Limit, IsFromOneToAThousand) {
  EXPECT_EQ(limit_of("1"), 1U);
  EXPECT_EQ(limit_of("1000"), 1000U);
  for (const char* text :
       {"0", "1001", "-1", "+1", " 1", "1e3", "0x10", "", "99999999999999999999"}) {
    EXPECT_EQ(limit_of(text), 0U) << text;
  }
}

TEST_F(PagesTest, AreAHundredLongUnlessTheyAreToldOtherwise) {
  EXPECT_EQ(page_of(call({}))->limit, 100U);
  EXPECT_EQ(page_of(call({}, {{"limit", "7"}}))->limit, 7U);
  EXPECT_EQ(page_of(call({}, {{"limit", "0"}})).error().code, bad_parameter);
}

TEST_F(PagesTest, BeginBehindTheirCursor) {
  EXPECT_EQ(page_of(call({}, {{"cursor", cursor_to("web")}}))->after, "web");
  EXPECT_EQ(page_of(call({}, {{"cursor", "x"}})).error().code, bad_cursor);
}

TEST_F(PagesTest, ChooseByEitherWordForASelector) {
  const resource::Labels store{{"type", "store"}};
  EXPECT_TRUE(page_of(call({}, {{"selector", "type=store"}}))->selector->matches(store));
  EXPECT_TRUE(page_of(call({}, {{"labelSelector", "type in (store)"}}))->selector->matches(store));
  EXPECT_FALSE(page_of(call({}, {{"selector", "type!=store"}}))->selector->matches(store));
  EXPECT_FALSE(page_of(call({}, {{"selector", "=="}})));
}

}  // namespace
}  // namespace skerry::api
