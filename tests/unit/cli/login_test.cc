#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <stdlib.h>

#include "cli/config.h"
#include "cli/run.h"
#include "fake_outside.h"

namespace skerry::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

const std::string pin(64, 'b');

class LoginTest : public testing::Test {
 protected:
  LoginTest() {
    std::string pattern = (fs::temp_directory_path() / "skerry-login-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    world_.variables["SKERRY_CONFIG"] = path();
  }

  ~LoginTest() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return folder_ + "/config.yaml"; }

  int run_words(const std::vector<std::string>& words) {
    Outside outside = world_.outside();
    return run(words, outside);
  }

  int log_in() {
    world_.terminal.in_tty = true;
    world_.terminal.answers = {"hunter2"};
    world_.server.replies.push_back(
        client::Reply{.status = 200, .body = R"({"token":"session-secret"})"});
    return run_words({"login", "edge.example:8443", "--pin", pin, "--user", "ana"});
  }

  [[nodiscard]] std::string said() const {
    return world_.terminal.written_out + world_.terminal.written_err;
  }

  std::string folder_;
  FakeWorld world_;
};

TEST_F(LoginTest, KeepsTheTokenInAContextOfItsOwn) {
  ASSERT_EQ(log_in(), 0) << said();
  const auto config = load_config(path());
  ASSERT_TRUE(config);
  EXPECT_EQ(config->current, "edge.example:8443");
  const Context& context = config->contexts.at("edge.example:8443");
  EXPECT_EQ(context.server.url, "https://edge.example:8443");
  EXPECT_EQ(context.server.pin, pin);
  EXPECT_EQ(context.user, "ana");
  EXPECT_EQ(context.token.reveal(), "session-secret");
}

TEST_F(LoginTest, SendsThePasswordAndShowsNoSecret) {
  ASSERT_EQ(log_in(), 0);
  ASSERT_EQ(world_.server.asked.size(), 1U);
  EXPECT_THAT(world_.server.asked[0].body, HasSubstr("hunter2"));
  EXPECT_THAT(world_.server.asked[0].line, Not(HasSubstr("hunter2")));
  EXPECT_THAT(said(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(said(), Not(HasSubstr("session-secret")));
}

TEST_F(LoginTest, SpeaksToThePinnedKeyOnly) {
  ASSERT_EQ(log_in(), 0);
  ASSERT_EQ(world_.server.connected.size(), 1U);
  EXPECT_EQ(world_.server.connected[0].pin, pin);
}

TEST_F(LoginTest, AsksNobodyWithoutAPin) {
  EXPECT_EQ(run_words({"login", "edge.example:8443", "--user", "ana"}), 2);
  EXPECT_TRUE(world_.server.connected.empty());
}

TEST_F(LoginTest, SaysWhichWordIsNoFingerprint) {
  EXPECT_EQ(run_words({"login", "edge.example:8443", "--pin", "3b7e...", "--user", "ana"}), 2);
  EXPECT_THAT(said(), HasSubstr("\"3b7e...\" is no fingerprint"));
}

TEST_F(LoginTest, KeepsNothingWhereTheServerRefuses) {
  world_.terminal.in_tty = true;
  world_.server.replies.push_back(client::Reply{.status = 401});
  EXPECT_EQ(run_words({"login", "edge.example:8443", "--pin", pin, "--user", "ana"}), 4);
  EXPECT_FALSE(fs::exists(path()));
}

TEST_F(LoginTest, TakesATokenFromStandardInputOnceTheServerKnowsIt) {
  world_.terminal.input = "  api-secret\n";
  world_.server.replies.push_back(client::Reply{.status = 200, .body = R"({"user":"ci"})"});
  ASSERT_EQ(run_words({"login", "edge.example:8443", "--pin", pin, "--token-stdin"}), 0) << said();
  EXPECT_EQ(world_.server.asked[0].token, "api-secret");
  EXPECT_EQ(load_config(path())->contexts.at("edge.example:8443").token.reveal(), "api-secret");
  EXPECT_THAT(said(), Not(HasSubstr("api-secret")));
}

TEST_F(LoginTest, TakesThePasswordFromStandardInputWhereNobodyCanBeAsked) {
  world_.terminal.input = "hunter2\n";
  world_.server.replies.push_back(
      client::Reply{.status = 200, .body = R"({"token":"session-secret"})"});
  ASSERT_EQ(run_words({"login", "edge.example:8443", "--pin", pin, "--user", "ana"}), 0) << said();
  EXPECT_THAT(world_.server.asked[0].body, HasSubstr("hunter2"));
  EXPECT_THAT(said(), Not(HasSubstr("hunter2")));
}

TEST_F(LoginTest, SetUpTakesCodeAndPasswordFromStandardInput) {
  world_.terminal.input = "CODE-1\nhunter2\n";
  world_.server.replies.push_back(
      client::Reply{.status = 201, .body = R"({"token":"session-secret"})"});
  ASSERT_EQ(run_words({"setup", "edge.example:8443", "--pin", pin}), 0) << said();
  EXPECT_THAT(world_.server.asked[0].body, HasSubstr("CODE-1"));
  EXPECT_THAT(said(), Not(HasSubstr("CODE-1")));
  EXPECT_THAT(said(), Not(HasSubstr("hunter2")));
}

TEST_F(LoginTest, SetUpAsksTwiceForANewPassword) {
  world_.terminal.in_tty = true;
  world_.terminal.answers = {"CODE-1", "one", "another"};
  EXPECT_EQ(run_words({"setup", "edge.example:8443", "--pin", pin}), 2);
  EXPECT_TRUE(world_.server.asked.empty());
}

TEST_F(LoginTest, LogoutForgetsTheTokenEvenWhereTheServerIsAway) {
  ASSERT_EQ(log_in(), 0);
  world_.server.replies.push_back(client::Reply{.status = 503});
  EXPECT_EQ(run_words({"logout"}), 10);
  EXPECT_TRUE(load_config(path())->contexts.at("edge.example:8443").token.empty());
}

TEST_F(LoginTest, ContextsAreListedUsedAndForgotten) {
  ASSERT_EQ(log_in(), 0);
  EXPECT_EQ(run_words({"context", "list"}), 0);
  EXPECT_THAT(world_.terminal.written_out, HasSubstr("https://edge.example:8443"));
  EXPECT_EQ(run_words({"context", "use", "other"}), 3);
  EXPECT_EQ(run_words({"context", "use", "edge.example:8443"}), 0);
  EXPECT_EQ(run_words({"context", "delete", "edge.example:8443"}), 0);
  EXPECT_TRUE(load_config(path())->contexts.empty());
}

}  // namespace
}  // namespace skerry::cli
