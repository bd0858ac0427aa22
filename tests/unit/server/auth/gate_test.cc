#include "server/auth/gate.h"

#include "server/auth/codes.h"
#include "server/auth/tokens.h"
#include "unit/server/store/store_fixture.h"

namespace skerry::auth {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using store::TokenRow;

constexpr std::string_view home = "192.0.2.7";
constexpr Route reading{.right = Right::read};

/// The gate over a real store, with one admin.
class GateTest : public store::StoreTest {
 protected:
  GateTest() { put_user({.name = "ana", .password_hash = "one", .role = "admin"}); }

  void put_user(store::UserRow user, const Uuid& session = {}) {
    must(store::PutUser{.user = std::move(user), .session = session});
  }

  struct Token {
    std::string text = {};
    Uuid id = {};
  };

  Token add_token(TokenRow::Kind kind, std::optional<WallTime> expires_at = {}) {
    const NewToken made = make_token(kind, random, crypto);
    const Uuid id = must(store::AddToken{.token = {.kind = kind,
                                                   .hash = made.hash,
                                                   .subject = "ana",
                                                   .expires_at = expires_at}})
                        .uid;
    return {.text = std::string(made.text.reveal()), .id = id};
  }

  Token sign_in() { return add_token(TokenRow::Kind::session, clock.time + session_idle_max); }

  Result<Permit> admit(const std::string& token, const Route& route = reading) {
    const std::string header = "Bearer " + token;
    return gate.admit(route, {.authorization = &header, .address = home});
  }

  /// A request as the API serves it: admitted, and its use written down.
  Result<Permit> use(const std::string& token) {
    Result<Permit> permit = admit(token);
    if (permit) {
      if (std::optional<store::Change> change = gate.note_use(*permit)) {
        EXPECT_TRUE(writer->apply(*std::move(change)));
      }
    }
    return permit;
  }

  static ErrorCode code_of(const Result<Permit>& permit) {
    return permit ? ErrorCode{} : permit.error().code;
  }

  Gate gate{*reader, clock, crypto};
};

TEST_F(GateTest, LetsAStrangerInWhereARouteSaysOpenAlone) {
  EXPECT_TRUE(gate.admit({.right = Right::open}, {.address = home}));
  EXPECT_EQ(code_of(gate.admit(reading, {.address = home})), unauthenticated);
  EXPECT_EQ(code_of(gate.admit({}, {.address = home})), unauthenticated);
}

TEST_F(GateTest, ARoleThatIsNotKnownHasNoRight) {
  const Token session = sign_in();
  put_user({.name = "ana", .password_hash = "one", .role = "auditor"}, session.id);
  const Result<Permit> permit = admit(session.text);
  ASSERT_EQ(code_of(permit), forbidden);
  EXPECT_EQ(permit.error().field_path, "read");
}

TEST_F(GateTest, SaysWhoWasAdmittedAndHow) {
  const Permit permit = admit(sign_in().text).value();
  EXPECT_EQ(permit.user(), "ana");
  EXPECT_EQ(permit.actor().name, "user/ana");
  EXPECT_EQ(permit.actor().method, "session");
  EXPECT_EQ(permit.actor().source, home);
  EXPECT_EQ(admit(add_token(TokenRow::Kind::api).text)->actor().method, "token");
}

TEST_F(GateTest, RefusesATokenThatStoodInAUrlEvenAtAnOpenRoute) {
  EXPECT_EQ(code_of(gate.admit({.right = Right::open}, {.token_in_url = true})), token_in_url);
}

TEST_F(GateTest, ATokenThatLetsASiteInActsForNobody) {
  EXPECT_EQ(code_of(admit(add_token(TokenRow::Kind::enrol).text)), unauthenticated);
}

TEST_F(GateTest, ASetupCodeActsForNobody) {
  SetupOffer offer = offer_setup(random, crypto);
  ASSERT_TRUE(writer->apply(std::move(offer.change)));
  EXPECT_EQ(code_of(admit(std::string(offer.code.reveal()))), unauthenticated);
}

TEST_F(GateTest, ATokenIsNoGoodForAKindItIsNotOf) {
  const Token session = sign_in();
  EXPECT_EQ(code_of(admit("sk_" + session.text.substr(4))), unauthenticated);
}

TEST_F(GateTest, KnowsNoOtherSchemeThanBearer) {
  const std::string header = "Basic " + sign_in().text;
  EXPECT_EQ(code_of(gate.admit(reading, {.authorization = &header})), unauthenticated);
}

TEST_F(GateTest, ASessionThatIsNotUsedEnds) {
  const Token session = sign_in();
  clock.time += session_idle_max - minutes(1);
  EXPECT_TRUE(admit(session.text));
  clock.time += minutes(1);
  EXPECT_EQ(code_of(admit(session.text)), unauthenticated);
}

TEST_F(GateTest, ASessionThatIsUsedGoesOn) {
  const Token session = sign_in();
  for (int hour = 0; hour < 10; ++hour) {
    clock.time += hours(1);
    EXPECT_TRUE(use(session.text)) << hour;
  }
}

TEST_F(GateTest, ASessionEndsAfterItsLifeHoweverOftenItIsUsed) {
  const Token session = sign_in();
  const WallTime end = clock.time + session_life;
  while (clock.time < end) {
    ASSERT_TRUE(use(session.text)) << to_rfc3339(clock.time);
    clock.time += minutes(30);
  }
  EXPECT_EQ(code_of(use(session.text)), unauthenticated);
}

TEST_F(GateTest, AnEndedSessionDoesNotComeBackByItsUse) {
  const Token session = sign_in();
  const Permit permit = admit(session.text).value();
  clock.time += session_idle_max;
  ASSERT_TRUE(writer->apply(*gate.note_use(permit)));
  EXPECT_EQ(code_of(admit(session.text)), unauthenticated);
}

TEST_F(GateTest, DoesNotWriteDownEveryUseOfASession) {
  const Token session = sign_in();
  EXPECT_FALSE(gate.note_use(admit(session.text).value()));
  clock.time += minutes(10);
  EXPECT_TRUE(gate.note_use(admit(session.text).value()));
}

TEST_F(GateTest, AnApiTokenHasNoIdleLimit) {
  const Token token = add_token(TokenRow::Kind::api, clock.time + hours(720));
  clock.time += hours(719);
  EXPECT_TRUE(admit(token.text));
}

TEST_F(GateTest, SaysWhenAnApiTokenWasUsedButNotAtEveryUse) {
  const Token token = add_token(TokenRow::Kind::api, clock.time + hours(720));
  ASSERT_TRUE(writer->apply(*gate.note_use(admit(token.text).value())));
  EXPECT_EQ(reader->tokens(TokenRow::Kind::api, {}, 1).value().at(0).used_at, clock.time);
  clock.time += minutes(4);
  EXPECT_FALSE(gate.note_use(admit(token.text).value()));
  clock.time += minutes(1);
  EXPECT_TRUE(gate.note_use(admit(token.text).value()));
}

TEST_F(GateTest, ANewPasswordEndsTheOtherSessions) {
  const Token mine = sign_in();
  const Token other = sign_in();
  const Token program = add_token(TokenRow::Kind::api);
  put_user({.name = "ana", .password_hash = "two", .role = "admin"}, mine.id);
  EXPECT_TRUE(admit(mine.text));
  EXPECT_EQ(code_of(admit(other.text)), unauthenticated);
  EXPECT_TRUE(admit(program.text));
}

TEST_F(GateTest, AUserThatChangesOtherwiseKeepsItsSessions) {
  const Token session = sign_in();
  put_user({.name = "ana", .password_hash = "one", .role = "admin"});
  EXPECT_TRUE(admit(session.text));
}

TEST_F(GateTest, ASessionOfAUserThatWasDisabledDoesNotComeBackWithTheUser) {
  const Token session = sign_in();
  put_user({.name = "ana", .password_hash = "one", .role = "admin", .disabled = true});
  EXPECT_EQ(code_of(admit(session.text)), unauthenticated);
  put_user({.name = "ana", .password_hash = "one", .role = "admin"});
  EXPECT_EQ(code_of(admit(session.text)), unauthenticated);
}

TEST_F(GateTest, WhatGoesOnIsAdmittedAgainOnlyAsLongAsItIsPermitted) {
  const Token session = sign_in();
  const Permit permit = admit(session.text).value();
  EXPECT_TRUE(gate.admit_again(permit));
  must(store::RevokeToken{.id = session.id});
  EXPECT_EQ(code_of(gate.admit_again(permit)), unauthenticated);
}

TEST_F(GateTest, SlowsGuessesAtTheSetupCodeByAddress) {
  int guesses = 0;
  while (gate.may_guess("", home) && guesses < 1000) {
    ++guesses;
  }
  EXPECT_EQ(guesses, 20);
  EXPECT_GE(gate.retry_after(), seconds(1));
  EXPECT_TRUE(gate.may_guess("", "198.51.100.1"));
  clock.time += gate.retry_after();
  EXPECT_TRUE(gate.may_guess("", home));
}

TEST_F(GateTest, SlowsGuessesAtAnAccountFromManyAddresses) {
  int guesses = 0;
  while (gate.may_guess("ana", "192.0.2." + std::to_string(guesses)) && guesses < 200) {
    ++guesses;
  }
  EXPECT_EQ(guesses, 10);
  EXPECT_EQ(gate.may_guess("ana", "203.0.113.1").error().code, throttled);
}

TEST_F(GateTest, AStrangersGuessesDoNotHoldBackWhoHasSignedInFromThere) {
  gate.guessed("ana", home);
  for (int i = 0; i < 50; ++i) {
    static_cast<void>(gate.may_guess("ana", "198.51.100." + std::to_string(i)));
  }
  EXPECT_TRUE(gate.may_guess("ana", home));
}

TEST_F(GateTest, AGoodGuessForgetsTheBadOnes) {
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(gate.may_guess("ana", home));
  }
  gate.guessed("ana", home);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(gate.may_guess("bob", home)) << i;
  }
}

TEST_F(GateTest, CountsTheDenialsItDoesNotWriteDown) {
  const Error error{.kind = ErrorKind::denied, .code = unauthenticated};
  const Caller caller{.address = home};
  int written = 0;
  for (int i = 0; i < 100; ++i) {
    written += gate.note_denied(caller, "GET /", error) ? 1 : 0;
  }
  EXPECT_EQ(written, 10);
  clock.time += minutes(2);
  const std::optional<store::Change> next = gate.note_denied(caller, "GET /", error);
  ASSERT_TRUE(next);
  EXPECT_EQ(std::get<store::Note>(next->operations.front()).result,
            "unauthenticated, and 90 more were denied");
}

}  // namespace
}  // namespace skerry::auth
