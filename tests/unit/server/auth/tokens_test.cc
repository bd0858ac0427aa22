#include "server/auth/tokens.h"

#include <regex>

#include "unit/server/store/store_fixture.h"

namespace skerry::auth {
namespace {

using store::TokenRow;
using TokensTest = store::StoreTest;

TEST_F(TokensTest, AreKnownByTheirPrefixAndHaveTheBitsTheyPromise) {
  const std::regex api("sk_[0-9a-f]{64}");
  const std::regex session("sks_[0-9a-f]{64}");
  const std::regex enrol("ske_[0-9a-f]{64}");
  const auto text = [&](TokenRow::Kind kind) {
    return std::string(make_token(kind, random, crypto).text.reveal());
  };
  EXPECT_TRUE(std::regex_match(text(TokenRow::Kind::api), api));
  EXPECT_TRUE(std::regex_match(text(TokenRow::Kind::session), session));
  EXPECT_TRUE(std::regex_match(text(TokenRow::Kind::enrol), enrol));
  EXPECT_NE(text(TokenRow::Kind::api), text(TokenRow::Kind::api));
}

TEST_F(TokensTest, AreKeptByTheHashOfAllTheirText) {
  const NewToken made = make_token(TokenRow::Kind::api, random, crypto);
  EXPECT_EQ(made.hash, crypto.sha256(made.text.reveal()));
}

TEST_F(TokensTest, OnlyThoseThatActForAUserAreTakenForOne) {
  EXPECT_EQ(kind_of_token("sk_00"), TokenRow::Kind::api);
  EXPECT_EQ(kind_of_token("sks_00"), TokenRow::Kind::session);
  EXPECT_EQ(kind_of_token("ske_00"), TokenRow::Kind::unspecified);
  EXPECT_EQ(kind_of_token("7KQ2M-00000-00000-00000"), TokenRow::Kind::unspecified);
  EXPECT_EQ(kind_of_token(""), TokenRow::Kind::unspecified);
}

TEST_F(TokensTest, ASetupCodeIsFourGroupsWithoutLettersThatPeopleMistake) {
  const std::regex code("([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}");
  for (int i = 0; i < 50; ++i) {
    const NewToken made = make_setup_code(random, crypto);
    EXPECT_TRUE(std::regex_match(std::string(made.text.reveal()), code)) << made.text.reveal();
  }
}

TEST_F(TokensTest, ASetupCodeIsTheSameHoweverItIsTyped) {
  const Digest hash = hash_of_setup_code("7KQ2M-ABCDE-01234-VWXYZ", crypto);
  EXPECT_EQ(hash_of_setup_code("7kq2mabcde01234vwxyz", crypto), hash);
  EXPECT_EQ(hash_of_setup_code(" 7KQ2M ABCDE 01234 VWXYZ ", crypto), hash);
  EXPECT_NE(hash_of_setup_code("7KQ2M-ABCDE-01234-VWXYY", crypto), hash);
}

TEST_F(TokensTest, ASetupCodeIsGoodUntilItIsUsedHoweverLate) {
  SetupOffer offer = offer_setup(random, crypto);
  const Digest hash = hash_of_setup_code(offer.code.reveal(), crypto);
  ASSERT_TRUE(writer->apply(std::move(offer.change)));
  clock.time += std::chrono::years(10);
  EXPECT_TRUE(reader->token(TokenRow::Kind::setup, hash, clock.time).value());
  must(store::UseToken{.kind = TokenRow::Kind::setup, .hash = hash});
  EXPECT_FALSE(reader->token(TokenRow::Kind::setup, hash, clock.time).value());
}

TEST_F(TokensTest, ALaterSetupCodeLeavesTheEarlierOneGood) {
  SetupOffer first = offer_setup(random, crypto);
  const Digest hash = hash_of_setup_code(first.code.reveal(), crypto);
  ASSERT_TRUE(writer->apply(std::move(first.change)));
  ASSERT_TRUE(writer->apply(offer_setup(random, crypto).change));
  EXPECT_TRUE(reader->token(TokenRow::Kind::setup, hash, clock.time).value());
}

}  // namespace
}  // namespace skerry::auth
