#include "agent/local/local_server.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "os/unix_socket.h"
#include "unit/os/loop_fixture.h"
#include "unit/os/temporary_directory.h"
#include "wire/frame.h"
#include "wire/local.h"

namespace skerry::agent::local {
namespace {

class LocalServerTest : public os::LoopTest {
 protected:
  void SetUp() override {
    os::LoopTest::SetUp();
    auto made = LocalServer::create(loop(), path(), [](const std::string& verb) {
      return Result<std::string>("{\"verb\": \"" + verb + "\"}");
    });
    ASSERT_TRUE(made) << to_string(made.error());
    server_ = *std::move(made);
  }

  [[nodiscard]] std::string path() const { return directory_.path() + "/agent.sock"; }

  [[nodiscard]] os::UnixClient connect() const {
    return os::UnixClient::connect(path(), std::chrono::seconds(20)).value();
  }

  /// What the agent answers while its loop turns; empty where it hung up.
  std::string ask(os::UnixClient& client, const std::string& verb) {
    std::atomic<bool> done = false;
    std::string answer;
    std::thread program([&] {
      if (client.send(wire::encode_local(wire::LocalRequest{.verb = verb}))) {
        answer = client.receive(1000).value_or("");
      }
      done = true;
    });
    EXPECT_TRUE(run_until([&] { return done.load(); }));
    program.join();
    return answer;
  }

 private:
  os::TemporaryDirectory directory_;
  std::unique_ptr<LocalServer> server_;
};

TEST_F(LocalServerTest, AnswersThoughOthersHoldTheirConnectionsAndSayNothing) {
  std::vector<os::UnixClient> idle;
  for (int which = 0; which < 12; ++which) {
    idle.push_back(connect());
  }
  os::UnixClient asking = connect();
  EXPECT_NE(ask(asking, "status").find("status"), std::string::npos);
}

TEST_F(LocalServerTest, EndsTheConnectionThatWasSilentLongest) {
  std::vector<os::UnixClient> all;
  for (int which = 0; which < 8; ++which) {
    all.push_back(connect());
  }
  // The first is the oldest, and no longer the one that was silent longest.
  EXPECT_NE(ask(all[0], "floor"), "");
  all.push_back(connect());
  EXPECT_NE(ask(all[8], "status"), "");
  EXPECT_NE(ask(all[0], "floor"), "");
  EXPECT_EQ(ask(all[1], "floor"), "");
}

}  // namespace
}  // namespace skerry::agent::local
