#include "agent/uplink/link.h"

#include <gtest/gtest.h>

#include "sim/fast_crypto.h"
#include "sim/sim_disk.h"
#include "sim/sim_random.h"

namespace skerry::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class CountingConnector final : public Connector {
 public:
  void dial(const std::string& address) override { dialled.push_back(address); }

  Status send(std::string_view bytes) override {
    sent += bytes;
    return {};
  }

  void hang_up() override { ++hang_ups; }

  std::vector<std::string> dialled;
  std::string sent;
  int hang_ups = 0;
};

class LinkTest : public ::testing::Test {
 protected:
  LinkTest() { reopen(); }

  void reopen() {
    link.reset();
    ledger = std::make_unique<Ledger>(Ledger::open(disk).value());
    intake = std::make_unique<Intake>(Intake::open(*ledger, crypto, {}, {}).value());
    outbox = std::make_unique<Outbox>(Outbox::open(*ledger).value());
    link = std::make_unique<Link>(Session::Outside{*ledger, *intake, *outbox, crypto},
                                  connector,
                                  random,
                                  Link::Options{.servers = {"one", "two"}});
  }

  /// Steps until it dials again; how long that took.
  milliseconds wait_for_dial() {
    const std::size_t before = connector.dialled.size();
    const Instant begin = now;
    while (connector.dialled.size() == before) {
      const auto wake = link->step(now).value();
      if (connector.dialled.size() == before) {
        now = std::max(now + milliseconds{1}, wake.value());
      }
    }
    return std::chrono::duration_cast<milliseconds>(now - begin);
  }

  sim::SimDisk disk;
  sim::FastCrypto crypto;
  sim::SimRandom random{5};
  CountingConnector connector;
  Instant now = Instant{} + std::chrono::hours{1};
  std::unique_ptr<Ledger> ledger;
  std::unique_ptr<Intake> intake;
  std::unique_ptr<Outbox> outbox;
  std::unique_ptr<Link> link;
};

TEST_F(LinkTest, TriesTheNextServerAfterAFailure) {
  wait_for_dial();
  link->on_closed({.code = {"refused"}}, now);
  wait_for_dial();
  EXPECT_EQ(connector.dialled, (std::vector<std::string>{"one", "two"}));
}

TEST_F(LinkTest, GivesUpADialThatIsNotAnswered) {
  wait_for_dial();
  EXPECT_GE(wait_for_dial(), seconds{45});
  EXPECT_EQ(link->last_error()->code, link_timed_out);
}

TEST_F(LinkTest, NeverWaitsLongerThanItsBackOffAllows) {
  for (int failure = 0; failure < 40; ++failure) {
    EXPECT_LE(wait_for_dial(), minutes{5});
    link->on_closed({.code = {"refused"}}, now);
  }
}

TEST_F(LinkTest, WaitsASecondAtMostAfterTheFirstFailureAndTwiceThatAfterEachMore) {
  wait_for_dial();
  for (milliseconds bound{1000}; bound < minutes{5}; bound *= 2) {
    link->on_closed({.code = {"refused"}}, now);
    EXPECT_LE(wait_for_dial(), bound);
  }
}

TEST_F(LinkTest, RemembersItsFailuresAcrossARestart) {
  for (int failure = 0; failure < 10; ++failure) {
    wait_for_dial();
    link->on_closed({.code = {"refused"}}, now);
  }
  ASSERT_TRUE(link->step(now));
  EXPECT_EQ((*ledger->get<Counter>(key::back_off).value()).value, 10U);
}

TEST_F(LinkTest, GivesUpAServerThatDoesNotProveItself) {
  wait_for_dial();
  ASSERT_TRUE(link->on_open({}, now));
  wait_for_dial();
  EXPECT_EQ(link->last_error()->code, link_timed_out);
  EXPECT_EQ(connector.hang_ups, 1);
}

TEST_F(LinkTest, EndsASessionThatIsSentRubbish) {
  wait_for_dial();
  ASSERT_TRUE(link->on_open({}, now));
  ASSERT_TRUE(link->on_bytes(std::string(64, '\xff'), now));
  ASSERT_TRUE(link->step(now));
  EXPECT_EQ(link->session(), nullptr);
  EXPECT_EQ(link->ended(), 1U);
}

}  // namespace
}  // namespace skerry::agent
