#include "server/gateway/gateway.h"

#include "unit/server/gateway/gateway_fixture.h"

namespace skerry::gateway {
namespace {

using std::chrono::minutes;

TEST_F(GatewayTest, LetsASiteInWithATokenOnce) {
  Peer& first = connect();
  say(first, wire::EnrolRequest{.token = "once", .name = "Till 1"});
  ASSERT_EQ(first.all<wire::EnrolReply>().size(), 1U);
  EXPECT_EQ(first.all<wire::EnrolReply>()[0].state, wire::EnrolReply::State::accepted);
  Peer& second = connect();
  say(second, wire::EnrolRequest{.token = "once", .name = "Till 2"});
  EXPECT_EQ(second.all<wire::EnrolReply>().at(0).state, wire::EnrolReply::State::refused);
  EXPECT_TRUE(second.is_finished);
}

TEST_F(GatewayTest, CountsGuessesAtATokenAndForgetsThemAtAGoodOne) {
  const auto answer_to = [&](const std::string& token) {
    Peer& peer = connect();
    say(peer, wire::EnrolRequest{.token = token, .name = "Till 1"});
    return peer.all<wire::EnrolReply>().at(0);
  };
  answer_to("guess");
  answer_to("guess");
  EXPECT_EQ(answer_to("once").state, wire::EnrolReply::State::accepted);
  for (int which = 0; which < 3; ++which) {
    EXPECT_EQ(answer_to("guess").code, "token_refused");
  }
  EXPECT_EQ(answer_to("ask").code, "too_many_attempts") << "a good one is no better then";
}

TEST_F(GatewayTest, GivesTheSameAnswerToASiteWhoseAnswerWasLost) {
  Peer& peer = connect();
  say(peer, wire::EnrolRequest{.token = "once", .name = "Till 1"});
  gateway->on_closed(peer.number);
  open(peer);
  say(peer, wire::EnrolRequest{.token = "once", .name = "Till 1"});
  const auto replies = peer.all<wire::EnrolReply>();
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[0].charter, replies[1].charter);
}

TEST_F(GatewayTest, AnswersOnceASiteIsApproved) {
  Peer& peer = connect();
  say(peer, wire::EnrolRequest{.token = "ask", .name = "till"});
  EXPECT_EQ(peer.all<wire::EnrolReply>().at(0).state, wire::EnrolReply::State::waiting);
  must(charters::first({.keys = &keys, .crypto = &crypto}, row(peer).id, peer.key.public_key)
           .value());
  EXPECT_EQ(peer.all<wire::EnrolReply>().back().state, wire::EnrolReply::State::accepted);
}

TEST_F(GatewayTest, SurvivesOneThatHangsUpBeforeItsHello) {
  Peer& peer = connect();
  say(peer, wire::EnrolRequest{.token = "once", .name = "till"});
  gateway->on_closed(peer.number);
  must(charters::rekeyed(
           {.keys = &keys, .crypto = &crypto}, row(peer), crypto.generate()->public_key)
           .value());
  EXPECT_EQ(gateway->links(), 0U);
}

TEST_F(GatewayTest, EndsAStrangerThatDoesNotGreetFirst) {
  Peer& peer = connect();
  say(peer, wire::Want{});
  EXPECT_EQ(peer.goodbye(), "protocol_violation");
  EXPECT_TRUE(peer.is_finished);
}

TEST_F(GatewayTest, TellsOnceWhenAPeerIsKnownAsASite) {
  Peer& waiting = connect();
  say(waiting, wire::EnrolRequest{.token = "ask", .name = "till"});
  say(waiting, wire::Beat{});
  EXPECT_EQ(waiting.greeted, 0);
  Peer& site = enrolled();
  say(site, wire::Beat{});
  EXPECT_EQ(site.greeted, 1);
}

TEST_F(GatewayTest, KnowsNoSiteByAKeyThatIsNotItsOwn) {
  Peer& peer = connect();
  say(peer, wire::AgentHello{});
  EXPECT_EQ(peer.goodbye(), "unknown_site");
}

TEST_F(GatewayTest, AcknowledgesEventsThatAreStored) {
  Peer& peer = enrolled();
  say(peer,
      wire::EventBatch{.events = {{.number = {.start = 1, .seq = 1}, .code = "tick"},
                                  {.number = {.start = 1, .seq = 2}, .code = "gap", .count = 5}}});
  ASSERT_EQ(peer.all<wire::EventAck>().size(), 1U);
  EXPECT_EQ(peer.all<wire::EventAck>()[0].number.seq, 6U);
  EXPECT_EQ(reader->events_position(row(peer).number)->seq, 6U);
}

TEST_F(GatewayTest, SendsAllReleasesThatASiteLacksAsItTakesThem) {
  Peer& peer = enrolled();
  wire::Want want;
  for (int which = 0; which < 12; ++which) {
    const std::string bytes(1'000'000, static_cast<char>('a' + which));
    want.digests.push_back(crypto.sha256(bytes));
    want.digests.push_back(crypto.sha256(bytes));
    must(store::PutBlob{.digest = want.digests.back(), .bytes = bytes});
  }
  peer.is_slow = true;
  say(peer, want);
  for (int round = 0; round < 12; ++round) {
    peer.untaken = 0;
    gateway->on_drained(peer.number);
  }
  EXPECT_FALSE(peer.is_finished);
  EXPECT_EQ(peer.all<wire::Blob>().size(), 12U) << "each once";
}

TEST_F(GatewayTest, EndsAStrangerThatAsksWithoutEnd) {
  Peer& peer = connect();
  std::string requests;
  for (int which = 0; which < 1000; ++which) {
    requests += wire::encode_message(wire::TrustRequest{});
  }
  gateway->on_bytes(peer.number, requests);
  EXPECT_EQ(peer.goodbye(), "protocol_violation");
  EXPECT_LT(peer.all<wire::TrustEnd>().size(), 100U);
}

TEST_F(GatewayTest, EndsASiteThatGreetsTwice) {
  Peer& peer = enrolled();
  say(peer, wire::AgentHello{.charter = {.term = 1, .seq = 1}});
  EXPECT_EQ(peer.goodbye(), "protocol_violation");
}

TEST_F(GatewayTest, EndsTheSessionOfASiteWhoseReportWasLost) {
  Peer& peer = enrolled();
  store_trouble = Error{.kind = ErrorKind::unavailable, .code = store::queue_full};
  say(peer, wire::ReportMessage{.report = {.number = {.start = 1, .seq = 1}}});
  EXPECT_TRUE(peer.is_finished) << "it would not say it again in this session";
  EXPECT_EQ(peer.goodbye(), "queue_full");
  EXPECT_GT(peer.all<wire::Bye>().back().retry_after_s, 0U);
}

TEST_F(GatewayTest, ReplacesTheSessionOfASiteThatComesAgain) {
  Peer& peer = enrolled();
  Peer again;
  again.key = peer.key;
  open(again);
  say(again, wire::AgentHello{});
  EXPECT_EQ(peer.goodbye(), "superseded");
  EXPECT_FALSE(again.is_finished);
  gateway->on_closed(peer.number);
  EXPECT_TRUE(gateway->presence().at(row(peer).number).connected);
}

TEST_F(GatewayTest, CutsALiveSessionOfARevokedSite) {
  Peer& peer = enrolled();
  must(charters::ended({.keys = &keys, .crypto = &crypto}, row(peer)).value());
  EXPECT_EQ(peer.goodbye(), "revoked");
  EXPECT_TRUE(peer.is_finished);
}

TEST_F(GatewayTest, TellsThePresenceOfTheSiteThatChangedAlone) {
  std::vector<std::pair<store::SiteNumber, bool>> told;
  gateway->on_presence_changed([&](store::SiteNumber site, const Gateway::Presence& presence) {
    told.emplace_back(site, presence.connected);
  });
  Peer& peer = enrolled();
  const store::SiteNumber number = row(peer).number;
  gateway->on_closed(peer.number);
  EXPECT_EQ(told,
            (std::vector<std::pair<store::SiteNumber, bool>>{{number, true}, {number, false}}));
}

TEST_F(GatewayTest, ForgetsThePresenceOfARevokedSite) {
  Peer& peer = enrolled();
  must(charters::ended({.keys = &keys, .crypto = &crypto}, row(peer)).value());
  gateway->on_closed(peer.number);
  EXPECT_TRUE(gateway->presence().empty());
}

TEST_F(GatewayTest, ForgetsThePresenceOfASiteThatIsRevokedWhileItIsAway) {
  Peer& peer = enrolled();
  gateway->on_closed(peer.number);
  must(charters::ended({.keys = &keys, .crypto = &crypto}, row(peer)).value());
  EXPECT_TRUE(gateway->presence().empty());
}

TEST_F(GatewayTest, EndsTheOldSessionOfASiteThatWasRekeyed) {
  Peer& peer = enrolled();
  const KeyPair next = crypto.generate().value();
  const document::Rekey rekey{.site = row(peer).id, .new_key = next.public_key};
  say(peer,
      wire::RekeyRequest{
          .envelope =
              trust::sign(trust::rekey_payload(rekey, {.term = 1, .seq = 1}), peer.key, crypto)
                  .value()});
  EXPECT_EQ(peer.all<wire::Document>().size(), 1U) << "the charter that names the next key";
  EXPECT_EQ(peer.goodbye(), "rekeyed");
  say(peer, wire::ReportMessage{});
  Peer again;
  again.key = next;
  open(again);
  say(again, wire::AgentHello{.charter = {.term = 1, .seq = 2}});
  EXPECT_EQ(again.all<wire::ServerHello>().size(), 1U);
}

TEST_F(GatewayTest, KeepsTheSessionWhereARekeyIsRefused) {
  Peer& peer = enrolled();
  say(peer, wire::RekeyRequest{.envelope = "nothing"});
  EXPECT_FALSE(peer.is_finished);
}

TEST_F(GatewayTest, GivesASiteWithoutAFloorItsNextTerm) {
  Peer again;
  again.key = enrolled().key;
  open(again);
  say(again, wire::AgentHello{.charter = {.term = 1, .seq = 1}, .adopt_mode = true});
  EXPECT_EQ(row(again).term, 2U);
  EXPECT_TRUE(row(again).adopting);
  EXPECT_EQ(again.all<wire::Document>().size(), 1U);
}

TEST_F(GatewayTest, SaysWhereItHasNoSuchRelease) {
  Peer& peer = enrolled();
  say(peer, wire::Want{.digests = {crypto.sha256("release")}});
  ASSERT_EQ(peer.all<wire::Blob>().size(), 1U);
  EXPECT_TRUE(peer.all<wire::Blob>()[0].envelope.empty());
}

TEST_F(GatewayTest, DropsASiteThatWentSilent) {
  Peer& peer = enrolled();
  clock.advance(minutes(13));
  settle();
  EXPECT_EQ(peer.goodbye(), "silent");
}

TEST(Admission, MakesAnObjectsNameOfWhatAMachineCallsItself) {
  EXPECT_EQ(object_name("Till 1"), "till-1");
  EXPECT_EQ(object_name("--"), "site");
  EXPECT_EQ(object_name(""), "site");
  EXPECT_LE(object_name(std::string(500, 'a')).size(), 48U);
}

}  // namespace
}  // namespace skerry::gateway
