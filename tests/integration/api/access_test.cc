#include "integration/api/server_fixture.h"
#include "server/auth/routes.h"

namespace skerry::api {
namespace {

using AccessTest = ApiTest;

std::string concrete(std::string_view pattern) {
  std::string path(pattern);
  if (const std::size_t at = path.find("{name}"); at != std::string::npos) {
    path.replace(at, 6, "nothing");
  }
  return path;
}

TEST_F(AccessTest, EveryRouteButTheOpenOnesWantsAGoodToken) {
  for (const auth::Route& route : auth::routes()) {
    const bool open = route.right == auth::Right::open;
    token.clear();
    const Answer without = ask(route.method, concrete(route.pattern));
    EXPECT_EQ(without.status == 401U, !open) << route.method << " " << route.pattern;
    token = "sk_" + std::string(64, '0');
    const Answer wrong = ask(route.method, concrete(route.pattern));
    EXPECT_EQ(wrong.status == 401U, !open) << route.method << " " << route.pattern;
  }
  set_up();
  const std::string good = token;
  for (const auth::Route& route : auth::routes()) {
    if (route.endpoint == auth::Endpoint::watch || route.endpoint == auth::Endpoint::logout) {
      continue;  // One has no end, the other ends the token; both have tests of their own.
    }
    const Answer answer = ask(route.method, concrete(route.pattern));
    EXPECT_NE(answer.status, 401U) << route.method << " " << route.pattern;
    EXPECT_LT(answer.status, 500U) << route.method << " " << route.pattern;
  }
}

TEST_F(AccessTest, ATokenInTheUrlIsRefusedEvenIfItIsGood) {
  set_up();
  EXPECT_EQ(ask("GET", "/api/v1/stacks?token=" + token).status, 401U);
  EXPECT_EQ(ask("GET", "/healthz?access_token=x").status, 401U);
}

TEST_F(AccessTest, TheSetupCodeWorksOnceAndThenThereIsNoSetup) {
  const std::string rest = R"(","user":"ana","password":"correct horse"})";
  EXPECT_EQ(post_json("/api/v1/setup", R"({"code":"AAAAA)" + rest).status, 403U);
  EXPECT_EQ(post_json("/api/v1/setup",
                      R"({"code":")" + setup_code + R"(","user":"ana","password":"short"})")
                .status,
            400U);
  std::string typed = setup_code;
  for (char& c : typed) {
    c = static_cast<char>(std::tolower(c));
  }
  EXPECT_EQ(post_json("/api/v1/setup", R"({"code":")" + typed + rest).status, 200U);
  EXPECT_EQ(post_json("/api/v1/setup", R"({"code":")" + setup_code + rest).status, 410U);
}

TEST_F(AccessTest, AWrongCodeIsSlowedDown) {
  unsigned last = 0;
  for (int i = 0; i < 25 && last != 429U; ++i) {
    last = post_json("/api/v1/setup", R"({"code":"A","user":"ana","password":"correct horse"})")
               .status;
  }
  EXPECT_EQ(last, 429U);
}

TEST_F(AccessTest, SigningInAndOut) {
  set_up();
  token.clear();
  const Answer in = post_json("/api/v1/login", R"({"user":"ana","password":"correct horse"})");
  ASSERT_EQ(in.status, 200U) << in.body;
  token = in.at("token");
  EXPECT_EQ(ask("GET", "/api/v1/whoami").at("user"), "ana");
  EXPECT_EQ(ask("POST", "/api/v1/logout").status, 204U);
  EXPECT_EQ(ask("GET", "/api/v1/whoami").status, 401U);
}

TEST_F(AccessTest, AnUnknownUserAndAWrongPasswordLookTheSame) {
  set_up();
  token.clear();
  const Answer wrong = post_json("/api/v1/login", R"({"user":"ana","password":"x"})");
  const Answer unknown = post_json("/api/v1/login", R"({"user":"bob","password":"x"})");
  EXPECT_EQ(wrong.status, 401U);
  EXPECT_EQ(unknown.status, 401U);
  EXPECT_EQ(wrong.at("detail"), unknown.at("detail"));
  EXPECT_EQ(wrong.at("code"), unknown.at("code"));
}

TEST_F(AccessTest, GuessingIsThrottledWhateverHeadersSayOfTheAddress) {
  set_up();
  token.clear();
  unsigned last = 0;
  int guesses = 0;
  for (; guesses < 40 && last != 429U; ++guesses) {
    last = post_json("/api/v1/login",
                     R"({"user":"bob","password":"x"})",
                     {{"x-forwarded-for", "10.0.0." + std::to_string(guesses)}})
               .status;
  }
  EXPECT_EQ(last, 429U);
  EXPECT_LE(guesses, 11);
}

TEST_F(AccessTest, AnApiTokenActsForItsUserUntilItIsDeleted) {
  set_up();
  const Answer made =
      post_json("/api/v1/apitokens",
                R"({"apiVersion":"skerry/v1","kind":"ApiToken","metadata":{"name":"ci"}})");
  ASSERT_EQ(made.status, 201U) << made.body;
  const std::string session = token;
  token = made.at("status.token");
  EXPECT_EQ(ask("GET", "/api/v1/whoami").at("kind"), "token");
  token = session;
  EXPECT_EQ(ask("DELETE", "/api/v1/apitokens/ci").status, 204U);
  token = made.at("status.token");
  EXPECT_EQ(ask("GET", "/api/v1/whoami").status, 401U);
}

TEST_F(AccessTest, ANewPasswordEndsTheOtherSessionsOfItsUser) {
  set_up();
  const std::string mine = token;
  const std::string other =
      post_json("/api/v1/login", R"({"user":"ana","password":"correct horse"})").at("token");
  EXPECT_EQ(put_yaml("/api/v1/users/ana",
                     "apiVersion: skerry/v1\nkind: User\nmetadata: {name: ana}\n"
                     "spec: {password: battery staple}\n")
                .status,
            200U);
  EXPECT_EQ(ask("GET", "/api/v1/whoami").status, 200U);
  token = other;
  EXPECT_EQ(ask("GET", "/api/v1/whoami").status, 401U);
  token.clear();
  EXPECT_EQ(post_json("/api/v1/login", R"({"user":"ana","password":"correct horse"})").status,
            401U);
  EXPECT_EQ(post_json("/api/v1/login", R"({"user":"ana","password":"battery staple"})").status,
            200U);
}

TEST_F(AccessTest, AConditionOnAUserHoldsOrIsRefused) {
  set_up();
  const std::string bob =
      "apiVersion: skerry/v1\nkind: User\nmetadata: {name: bob}\nspec: {password: battery "
      "staple}\n";
  const auto put = [&](const char* header, const std::string& value) {
    return put_yaml("/api/v1/users/bob", bob, {{header, value}}).status;
  };
  EXPECT_EQ(put("if-match", "*"), 412U);
  EXPECT_EQ(put("if-none-match", "*"), 201U);
  EXPECT_EQ(put("if-none-match", "*"), 412U);
  EXPECT_EQ(put("if-match", "*"), 200U);
  EXPECT_EQ(put("if-match", ask("GET", "/api/v1/users/bob").header("etag")), 400U);
  EXPECT_EQ(put("if-match", "\"17\""), 400U);
}

TEST_F(AccessTest, AUserKeepsWhatWasWrittenAndSaysWhenItSignedIn) {
  set_up();
  const std::string bob =
      "apiVersion: skerry/v1\nkind: User\nmetadata: {name: bob, labels: {team: retail}}\n"
      "spec: {displayName: Bob B., password: correct horse}\n";
  ASSERT_EQ(put_yaml("/api/v1/users/bob", bob).status, 201U);
  const Answer made = ask("GET", "/api/v1/users/bob");
  EXPECT_EQ(made.at("spec.displayName"), "Bob B.");
  EXPECT_EQ(made.at("metadata.labels.team"), "retail");
  EXPECT_EQ(made.at("status.lastLoginAt"), "");
  EXPECT_EQ(made.body.find("correct horse"), std::string::npos);
  const std::string quiet =
      "apiVersion: skerry/v1\nkind: User\nmetadata: {name: bob, labels: {team: retail}}\n"
      "spec: {displayName: Bob B.}\n";
  EXPECT_EQ(put_yaml("/api/v1/users/bob", quiet).header("skerry-outcome"), "unchanged");
  ASSERT_EQ(post_json("/api/v1/login", R"({"user":"bob","password":"correct horse"})").status,
            200U);
  EXPECT_NE(ask("GET", "/api/v1/users/bob").at("status.lastLoginAt"), "");
}

TEST_F(AccessTest, ADisabledUsersTokensStopWorking) {
  set_up();
  const Answer made = put_yaml("/api/v1/users/bob",
                               "apiVersion: skerry/v1\nkind: User\nmetadata: {name: bob}\n"
                               "spec: {password: battery staple}\n");
  ASSERT_EQ(made.status, 201U) << made.body;
  EXPECT_EQ(made.body.find("battery"), std::string::npos);
  const std::string admin = token;
  token = post_json("/api/v1/login", R"({"user":"bob","password":"battery staple"})").at("token");
  EXPECT_EQ(ask("GET", "/api/v1/whoami").at("user"), "bob");
  const std::string of_bob = std::exchange(token, admin);
  EXPECT_EQ(put_yaml("/api/v1/users/bob",
                     "apiVersion: skerry/v1\nkind: User\nmetadata: {name: bob}\n"
                     "spec: {disabled: true}\n")
                .status,
            200U);
  token = of_bob;
  EXPECT_EQ(ask("GET", "/api/v1/whoami").status, 401U);
}

TEST_F(AccessTest, WhatIsDeniedIsInTheAuditButAFloodOfItIsNot) {
  set_up();
  const std::string good = std::exchange(token, "sk_wrong");
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(ask("GET", "/api/v1/stacks").status, 401U);
  }
  token = good;
  // The rows are written behind the answers, and in their order: this comes after all of them.
  ASSERT_EQ(put_yaml("/api/v1/stacks/hello", hello_stack).status, 201U);
  const Answer audit = ask("GET", "/api/v1/audit?limit=1000");
  ASSERT_EQ(audit.status, 200U);
  std::size_t denied = 0;
  for (std::size_t at = 0; (at = audit.body.find("deny: unauthenticated", at)) != std::string::npos;
       ++at) {
    ++denied;
  }
  EXPECT_GE(denied, 1U);
  EXPECT_LE(denied, 11U);
}

}  // namespace
}  // namespace skerry::api
