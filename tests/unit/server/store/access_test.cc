#include "server/store/codes.h"
#include "unit/server/store/store_fixture.h"

namespace skerry::store {

namespace {

using Kind = TokenRow::Kind;

class AccessTest : public StoreTest {
 protected:
  Uuid add_token(TokenRow token) { return must(AddToken{.token = std::move(token)}).uid; }
};

TEST_F(AccessTest, OneOfTwoCallersTakesTheLastUse) {
  add_token({.kind = Kind::enrol, .hash = digest(1), .uses_left = 1, .body = "labels"});
  std::vector<Result<Outcome>> answers;
  for (int caller = 0; caller < 2; ++caller) {
    ASSERT_TRUE(writer->submit({.operations = {UseToken{.kind = Kind::enrol, .hash = digest(1)}}},
                               [&](const Result<Outcome>& answer) { answers.push_back(answer); }));
  }
  ASSERT_TRUE(writer->drain());
  ASSERT_EQ(answers.size(), 2U);
  ASSERT_TRUE(answers[0]);
  EXPECT_EQ(answers[0]->effects[0].data, "labels");
  ASSERT_FALSE(answers[1]);
  EXPECT_EQ(answers[1].error().code, token_refused);
}

TEST_F(AccessTest, GivesTheUseBackWhereTheRestOfTheChangeFails) {
  add_token({.kind = Kind::enrol, .hash = digest(1), .uses_left = 1});
  Change change;
  change.operations.push_back(UseToken{.kind = Kind::enrol, .hash = digest(1)});
  change.operations.push_back(DeleteUser{.name = "nobody"});
  EXPECT_FALSE(writer->apply(std::move(change)));
  EXPECT_TRUE(apply(UseToken{.kind = Kind::enrol, .hash = digest(1)}));
}

TEST_F(AccessTest, RefusesAnExpiredTokenAndOneOfAnotherKind) {
  add_token(
      {.kind = Kind::enrol, .hash = digest(1), .expires_at = clock.time + std::chrono::minutes(5)});
  EXPECT_FALSE(apply(UseToken{.kind = Kind::api, .hash = digest(1)}));
  EXPECT_TRUE(apply(UseToken{.kind = Kind::enrol, .hash = digest(1)}));
  clock.time += std::chrono::minutes(5);
  EXPECT_EQ(apply(UseToken{.kind = Kind::enrol, .hash = digest(1)}).error().code, token_refused);
  EXPECT_FALSE(reader->token(Kind::enrol, digest(1), clock.time).value());
}

TEST_F(AccessTest, SetupCodeNeverExpiresAndMakesOneUser) {
  add_token({.kind = Kind::setup, .hash = digest(1), .uses_left = 1});
  clock.time += std::chrono::years(10);
  Change change;
  change.operations.push_back(UseToken{.kind = Kind::setup, .hash = digest(1)});
  change.operations.push_back(PutUser{.user = {.name = "ana", .role = "admin"}, .if_absent = true});
  ASSERT_TRUE(writer->apply(change));
  EXPECT_FALSE(writer->apply(change));
  EXPECT_EQ(reader->users("", 10).value().size(), 1U);
}

TEST_F(AccessTest, RevokedTokenIsNotFoundAnyMoreButStaysListed) {
  const Uuid id = add_token({.kind = Kind::api, .hash = digest(1), .subject = "ana"});
  EXPECT_EQ(reader->token(Kind::api, digest(1), clock.time).value()->subject, "ana");
  must(RevokeToken{.id = id});
  EXPECT_FALSE(reader->token(Kind::api, digest(1), clock.time).value());
  const std::vector<TokenRow> listed = reader->tokens(Kind::api, {}, 10).value();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_TRUE(listed[0].revoked);
  EXPECT_FALSE(apply(RevokeToken{.id = id}));
}

TEST_F(AccessTest, ForgetsTokensThatNobodyCanUseAMonthLater) {
  add_token({.kind = Kind::session, .hash = digest(1), .expires_at = clock.time});
  add_token({.kind = Kind::session, .hash = digest(2), .uses_left = 1});
  const Uuid kept = add_token({.kind = Kind::session, .hash = digest(3)});
  must(UseToken{.kind = Kind::session, .hash = digest(2)});
  clock.time += std::chrono::days(29);
  must(Note{});
  EXPECT_EQ(reader->tokens(Kind::session, {}, 10).value().size(), 3U) << "what is gone is shown";
  clock.time += std::chrono::days(2);
  must(Note{});
  const std::vector<TokenRow> listed = reader->tokens(Kind::session, {}, 10).value();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].id, kept);
}

TEST_F(AccessTest, ForgetsARevokedTokenAMonthLaterHoweverLongItWasGoodFor) {
  const WallTime far = clock.time + std::chrono::days(365);
  const Uuid lasting = add_token({.kind = Kind::api, .hash = digest(1)});
  const Uuid long_lived = add_token({.kind = Kind::api, .hash = digest(2), .expires_at = far});
  const Uuid kept = add_token({.kind = Kind::api, .hash = digest(3), .expires_at = far});
  must(RevokeToken{.id = lasting});
  must(RevokeToken{.id = long_lived});
  clock.time += std::chrono::days(29);
  must(Note{});
  EXPECT_EQ(reader->tokens(Kind::api, {}, 10).value().size(), 3U);
  const std::size_t told = reader->audit(0, 100).value().size();
  clock.time += std::chrono::days(2);
  must(Note{});
  const std::vector<TokenRow> listed = reader->tokens(Kind::api, {}, 10).value();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].id, kept);
  EXPECT_EQ(reader->audit(0, 100).value().size(), told + 1) << "the audit keeps all of it";
}

TEST_F(AccessTest, OfTwoWhoGiveANameAtOnceOneIsRefused) {
  std::vector<Result<Outcome>> answers;
  for (std::uint8_t caller = 1; caller <= 2; ++caller) {
    ASSERT_TRUE(
        writer->submit({.operations = {AddToken{
                            .token = {.kind = Kind::api, .hash = digest(caller), .name = "ci"}}}},
                       [&](const Result<Outcome>& answer) { answers.push_back(answer); }));
  }
  ASSERT_TRUE(writer->drain());
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_TRUE(answers[0]);
  ASSERT_FALSE(answers[1]);
  EXPECT_EQ(answers[1].error().code, name_taken);
  // Of another kind, or once the first one is gone, the name is free.
  add_token({.kind = Kind::enrol, .hash = digest(3), .name = "ci"});
  must(RevokeToken{.id = answers[0]->effects[0].uid});
  add_token({.kind = Kind::api, .hash = digest(4), .name = "ci"});
}

TEST_F(AccessTest, SaysWhenATokenWasUsedAndAUserSignedIn) {
  must(PutUser{.user = {.name = "ana", .body = "labels"}});
  const Uuid id = add_token({.kind = Kind::api, .hash = digest(1), .subject = "ana"});
  EXPECT_EQ(reader->tokens(Kind::api, {}, 1).value().at(0).used_at, WallTime());
  EXPECT_EQ(reader->user("ana").value()->signed_in_at, WallTime());
  clock.time += std::chrono::minutes(1);
  must(NoteTokenUse{.id = id});
  add_token({.kind = Kind::session, .hash = digest(2), .subject = "ana"});
  EXPECT_EQ(reader->tokens(Kind::api, {}, 1).value().at(0).used_at, clock.time);
  EXPECT_EQ(reader->user("ana").value()->signed_in_at, clock.time);
  must(PutUser{.user = {.name = "ana", .password_hash = "new", .body = "others"}});
  EXPECT_EQ(reader->user("ana").value()->body, "others");
  EXPECT_EQ(reader->user("ana").value()->signed_in_at, clock.time);
}

TEST_F(AccessTest, DeletingAUserTakesItsTokensAlong) {
  must(PutUser{.user = {.name = "ana", .password_hash = "$argon2id$x", .role = "admin"}});
  add_token({.kind = Kind::session, .hash = digest(1), .subject = "ana"});
  must(DeleteUser{.name = "ana"});
  EXPECT_FALSE(reader->user("ana").value());
  EXPECT_FALSE(reader->token(Kind::session, digest(1), clock.time).value());
}

TEST_F(AccessTest, UserKeepsItsUidWhenItsPasswordChanges) {
  const Uuid uid = must(PutUser{.user = {.name = "ana", .password_hash = "one"}}).uid;
  EXPECT_EQ(must(PutUser{.user = {.name = "ana", .password_hash = "two"}}).uid, uid);
  EXPECT_EQ(reader->user("ana").value()->password_hash, "two");
}

TEST_F(AccessTest, AuditNeverHoldsASecretsHash) {
  add_token({.kind = Kind::api, .hash = digest(1), .body = "scope"});
  const AuditRow row = reader->audit(0, 1).value().at(0);
  EXPECT_EQ(row.kind, "ApiToken");
  EXPECT_TRUE(row.after.is_zero());
}

}  // namespace

}  // namespace skerry::store
