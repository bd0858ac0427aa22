#include "server/gateway/gateway.h"

#include <gtest/gtest.h>

#include "server/gateway/admission.h"
#include "server/store/codes.h"
#include "server/store/writer.h"
#include "sim/fast_crypto.h"
#include "sim/sim_clock.h"
#include "sim/sim_random.h"
#include "sim/sim_vfs.h"
#include "skerry/api/v1/access.pb.h"
#include "trust/sign.h"

namespace skerry::gateway {
namespace {

using std::chrono::minutes;

/// The peer's end: what the gateway said to it, and whether it ended the link.
class Peer final : public Connection {
 public:
  Status send(std::string_view bytes) override {
    if (is_slow && untaken + bytes.size() > 4 * wire::frame_bytes_max) {
      return fail({.kind = ErrorKind::exhausted, .code = store::queue_full});
    }
    untaken += is_slow ? bytes.size() : 0;
    reader_.feed(bytes);
    while (true) {
      const auto frame = reader_.next().value();
      if (!frame) {
        return {};
      }
      heard.push_back(wire::decode_message(*frame).value());
    }
  }

  [[nodiscard]] std::size_t queued() const override { return untaken; }

  void finish() override { is_finished = true; }

  template <class Message>
  [[nodiscard]] std::vector<Message> all() const {
    std::vector<Message> found;
    for (const wire::Message& message : heard) {
      if (const auto* wanted = std::get_if<Message>(&message)) {
        found.push_back(*wanted);
      }
    }
    return found;
  }

  [[nodiscard]] std::string goodbye() const {
    const auto said = all<wire::Bye>();
    return said.empty() ? "" : said.back().code;
  }

  Gateway::Number number = 0;
  KeyPair key;
  std::vector<wire::Message> heard;
  bool is_finished = false;
  /// Takes what is sent only when asked to.
  bool is_slow = false;
  std::size_t untaken = 0;

 private:
  wire::FrameReader reader_;
};

class GatewayTest : public ::testing::Test {
 protected:
  GatewayTest() {
    vfs.set_disk(disk);
    writer = store::Writer::open({.path = "store.db", .vfs = sim::SimVfs::name()},
                                 {.clock = &clock, .random = &random, .crypto = &crypto})
                 .value();
    reader = store::Reader::open("store.db", sim::SimVfs::name()).value();
    gateway = std::make_unique<Gateway>(Desk{
        .reader = reader.get(),
        .submit = [this](store::Change change,
                         store::Done done) { return submit(std::move(change), std::move(done)); },
        .signers = {.keys = &keys, .crypto = &crypto},
        .clock = &clock,
        .random = &random,
        .log = &log,
        .server_version = "test",
        .may_guess = [this](const std::string&) { return ++guesses <= 3; },
        .guessed = [this](const std::string&) { guesses = 0; }});
    add_token("once", false);
    add_token("ask", true);
  }

  ~GatewayTest() override {
    gateway.reset();
    reader.reset();
    writer.reset();
  }

  void add_token(const std::string& secret, bool needs_approval) {
    api::v1::EnrollmentToken token;
    token.mutable_spec()->set_approval_required(needs_approval);
    store::TokenRow row{.kind = store::TokenRow::Kind::enrol,
                        .hash = crypto.sha256(secret),
                        .uses_left = 1,
                        .body = token.SerializeAsString()};
    must(store::AddToken{.token = row});
  }

  Status submit(store::Change change, store::Done done) {
    if (store_trouble) {
      done(fail(*store_trouble));
      return {};
    }
    return writer->submit(std::move(change), std::move(done));
  }

  void must(store::Operation operation) {
    const auto outcome = writer->apply({.operations = {std::move(operation)}});
    ASSERT_TRUE(outcome) << to_string(outcome.error());
    settle();
  }

  void settle() {
    ASSERT_TRUE(writer->drain());
    ASSERT_TRUE(gateway->step(clock.now()));
    ASSERT_TRUE(writer->drain());
  }

  void open(Peer& peer) { peer.number = gateway->on_open(peer.key.public_key, "192.0.2.7", peer); }

  Peer& connect() {
    peers.push_back(std::make_unique<Peer>());
    peers.back()->key = crypto.generate().value();
    open(*peers.back());
    return *peers.back();
  }

  void say(const Peer& peer, const wire::Message& message) {
    gateway->on_bytes(peer.number, wire::encode_message(message));
    settle();
  }

  /// A site that was let in and has said hello.
  Peer& enrolled() {
    Peer& peer = connect();
    say(peer, wire::EnrolRequest{.token = "once", .name = "Till 1"});
    EXPECT_EQ(peer.all<wire::EnrolReply>().size(), 1U);
    say(peer, wire::AgentHello{.charter = {.term = 1, .seq = 1}});
    return peer;
  }

  [[nodiscard]] store::SiteRow row(const Peer& peer) const {
    return **reader->site_by_key(key_id(crypto, peer.key.public_key));
  }

  sim::FastCrypto crypto;
  trust::KeyRing keys = trust::make_keys(crypto).value();
  sim::SimClock clock;
  sim::SimRandom random{3};
  Log log{clock, [](LogLevel, std::string_view) {}};
  sim::SimDisk disk;
  sim::SimVfs vfs;
  std::unique_ptr<store::Writer> writer;
  /// What every change is answered with, where set.
  std::optional<Error> store_trouble;
  std::unique_ptr<store::Reader> reader;
  std::unique_ptr<Gateway> gateway;
  int guesses = 0;
  std::vector<std::unique_ptr<Peer>> peers;
};

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

/// Sites and servers whose numbers have not only risen.
class RestoredTest : public GatewayTest {
 protected:
  struct Signed {
    Digest digest = {};
    std::string envelope = {};
  };

  Signed manifest_by(const KeyPair& key, const Uuid& site, document::PlanNumber number) {
    const std::string payload = trust::manifest_payload({}, site, number);
    return {.digest = crypto.sha256(payload),
            .envelope = trust::sign(payload, key, crypto).value()};
  }

  Signed planned_for(const Peer& peer, document::PlanNumber number) {
    return manifest_by(keys.get(trust::KeyRole::planner), row(peer).id, number);
  }

  /// A site comes that says it has accepted this.
  void come_with(Peer& peer, document::PlanNumber floor, const Digest& manifest) {
    gateway->on_closed(peer.number);
    peer.heard.clear();
    open(peer);
    say(peer,
        wire::AgentHello{.floor = floor, .manifest = manifest, .charter = {.term = 1, .seq = 1}});
  }

  [[nodiscard]] store::PlannerRow planner() const {
    return *reader->planner(key_id(crypto, keys.get(trust::KeyRole::planner).public_key));
  }

  [[nodiscard]] int alarms() const {
    int found = 0;
    const std::vector<store::AuditRow> rows = reader->audit(0, 1000).value();
    for (const store::AuditRow& audited : rows) {
      found += audited.action == "alarm" ? 1 : 0;
    }
    return found;
  }
};

TEST_F(RestoredTest, IsBehindOnceASiteShowsWhatItsOwnKeySignedLater) {
  Peer& peer = enrolled();
  const Signed later = planned_for(peer, {.term = 1, .seq = 40});
  come_with(peer, {.term = 1, .seq = 40}, later.digest);
  ASSERT_EQ(peer.all<wire::Want>().size(), 1U);
  EXPECT_EQ(peer.all<wire::Want>()[0].digests, std::vector<Digest>{later.digest});
  EXPECT_FALSE(planner().is_behind());
  say(peer, wire::Blob{.digest = later.digest, .envelope = later.envelope});
  EXPECT_TRUE(planner().is_behind());
  EXPECT_EQ(planner().shown, 40U);
  EXPECT_EQ(reader->audit(0, 1000)->back().action, "behind");
  EXPECT_FALSE(peer.is_finished);
}

/// A server that was put back from a backup: it has another planner, and every site is at the next
/// term.
class AdoptingTest : public RestoredTest {
 protected:
  void put_trust() {
    must(store::PutTrust{.version = 1,
                         .envelope = trust::sign(trust::trust_payload(trust::first_trust(keys)),
                                                 keys.get(trust::KeyRole::root),
                                                 crypto)
                                         .value()});
  }

  /// The site of `peer`, told `before` by the planner that is gone by now.
  void restore(const Peer& peer, const Signed& before, document::PlanNumber number) {
    put_trust();
    keys.add(trust::KeyRole::planner, crypto.generate().value());
    must(charters::next_term({.keys = &keys, .crypto = &crypto}, row(peer)).value());
    must(store::LearnTold{.told = {.site = row(peer).number,
                                   .number = number,
                                   .digest = before.digest,
                                   .envelope = before.envelope}});
  }

  [[nodiscard]] Digest told(const Peer& peer) {
    return reader->told(row(peer).number).value()->digest;
  }
};

TEST_F(AdoptingTest, LearnsWhatASiteWasToldAfterTheBackup) {
  Peer& peer = enrolled();
  const document::Release made{.stack = "late", .workload = {.project = "late"}};
  const std::string release = trust::release_payload(made);
  const Digest release_digest = crypto.sha256(release);
  const std::string manifest =
      trust::manifest_payload({.stacks = {{.name = "late", .release = release_digest}}},
                              row(peer).id,
                              {.term = 1, .seq = 40});
  const Signed later{
      .digest = crypto.sha256(manifest),
      .envelope = trust::sign(manifest, keys.get(trust::KeyRole::planner), crypto).value()};
  restore(peer, planned_for(peer, {.term = 1, .seq = 30}), {.term = 1, .seq = 30});

  come_with(peer, {.term = 1, .seq = 40}, later.digest);
  ASSERT_EQ(peer.all<wire::Want>().size(), 1U);
  document::Report report{.number = {.start = 1, .seq = 1}, .accepted = {.term = 1, .seq = 40}};
  say(peer, wire::ReportMessage{.report = report});
  EXPECT_FALSE(reader->state(row(peer).number).value())
      << "the planner would take 1.40 for a manifest that it knows";
  say(peer, wire::Blob{.digest = later.digest, .envelope = later.envelope});
  EXPECT_EQ(told(peer), later.digest);
  EXPECT_EQ(reader->state(row(peer).number).value()->accepted, report.accepted);
  EXPECT_FALSE(planner().is_behind());

  ASSERT_EQ(peer.all<wire::Want>().size(), 2U);
  EXPECT_EQ(peer.all<wire::Want>()[1].digests, std::vector<Digest>{release_digest});
  const std::string by_author =
      trust::sign(release, keys.get(trust::KeyRole::author), crypto).value();
  say(peer, wire::Blob{.digest = release_digest, .envelope = by_author});
  EXPECT_EQ(reader->blob(release_digest).value(), by_author);
  EXPECT_FALSE(peer.is_finished);
}

TEST_F(AdoptingTest, LearnsFromAPlannerOfARestoreThatThisStoreHasNeverHeardOf) {
  Peer& peer = enrolled();
  const Signed before = planned_for(peer, {.term = 1, .seq = 30});
  const KeyPair unheard = crypto.generate().value();
  document::Charter charter{.site = row(peer).id,
                            .site_keys = {peer.key.public_key},
                            .planner = key_id(crypto, unheard.public_key),
                            .state = document::Charter::State::active,
                            .planner_keys = {unheard.public_key}};
  const document::PlanNumber number{.term = 2, .seq = 1};
  const std::string payload = trust::charter_payload(charter, number);
  const std::string envelope =
      trust::sign(payload, keys.get(trust::KeyRole::assign), crypto).value();
  const Signed later = manifest_by(unheard, row(peer).id, {.term = 2, .seq = 3});
  restore(peer, before, {.term = 1, .seq = 30});
  gateway->on_closed(peer.number);
  peer.heard.clear();
  open(peer);
  say(peer,
      wire::AgentHello{.floor = {.term = 2, .seq = 3},
                       .manifest = later.digest,
                       .charter = {.term = 2, .seq = 4},
                       .charter_digest = crypto.sha256(payload)});
  EXPECT_EQ(row(peer).term, 3U);
  ASSERT_EQ(peer.all<wire::Want>().size(), 1U);
  say(peer, wire::Blob{.digest = crypto.sha256(payload), .envelope = envelope});
  say(peer, wire::Blob{.digest = later.digest, .envelope = later.envelope});
  EXPECT_EQ(told(peer), later.digest);
}

TEST_F(AdoptingTest, LearnsNothingFromAForgedManifest) {
  Peer& peer = enrolled();
  const Signed before = planned_for(peer, {.term = 1, .seq = 30});
  const Signed forged =
      manifest_by(crypto.generate().value(), row(peer).id, {.term = 1, .seq = 40});
  restore(peer, before, {.term = 1, .seq = 30});
  come_with(peer, {.term = 1, .seq = 40}, forged.digest);
  say(peer, wire::Blob{.digest = forged.digest, .envelope = forged.envelope});
  EXPECT_EQ(told(peer), before.digest);
}

TEST_F(AdoptingTest, LearnsNothingFromTheManifestOfAnotherSite) {
  Peer& peer = enrolled();
  const Signed before = planned_for(peer, {.term = 1, .seq = 30});
  const Signed other =
      manifest_by(keys.get(trust::KeyRole::planner), Uuid{}, {.term = 1, .seq = 40});
  restore(peer, before, {.term = 1, .seq = 30});
  come_with(peer, {.term = 1, .seq = 40}, other.digest);
  say(peer, wire::Blob{.digest = other.digest, .envelope = other.envelope});
  EXPECT_EQ(told(peer), before.digest);
}

TEST_F(AdoptingTest, AsksNothingOfASiteThatHoldsWhatTheBackupSays) {
  Peer& peer = enrolled();
  const Signed before = planned_for(peer, {.term = 1, .seq = 30});
  restore(peer, before, {.term = 1, .seq = 30});
  come_with(peer, {.term = 1, .seq = 30}, before.digest);
  EXPECT_TRUE(peer.all<wire::Want>().empty());
  come_with(peer, {.term = 1, .seq = 20}, planned_for(peer, {.term = 1, .seq = 20}).digest);
  EXPECT_TRUE(peer.all<wire::Want>().empty());
}

TEST_F(AdoptingTest, GoesAboveACharterThatTheStoreHasForgotten) {
  Peer& peer = enrolled();
  gateway->on_closed(peer.number);
  open(peer);
  say(peer, wire::AgentHello{.charter = {.term = 5, .seq = 1}});
  EXPECT_EQ(row(peer).term, 6U);
  EXPECT_TRUE(row(peer).adopting);
}

TEST_F(RestoredTest, AsksNobodyTwiceForWhatItKnows) {
  Peer& peer = enrolled();
  const Signed later = planned_for(peer, {.term = 1, .seq = 40});
  come_with(peer, {.term = 1, .seq = 40}, later.digest);
  say(peer, wire::Blob{.digest = later.digest, .envelope = later.envelope});
  come_with(peer, {.term = 1, .seq = 40}, later.digest);
  EXPECT_TRUE(peer.all<wire::Want>().empty());
  come_with(peer, {.term = 1, .seq = 41}, later.digest);
  EXPECT_EQ(peer.all<wire::Want>().size(), 1U);
}

TEST_F(RestoredTest, ASitesWordAloneStopsNobody) {
  Peer& peer = enrolled();
  const document::PlanNumber far{.term = 1, .seq = 1ULL << 62U};
  const Signed own = manifest_by(peer.key, row(peer).id, far);
  come_with(peer, far, own.digest);
  say(peer, wire::Blob{.digest = own.digest, .envelope = own.envelope});
  EXPECT_FALSE(planner().is_behind());

  const Signed of_another =
      manifest_by(keys.get(trust::KeyRole::planner), Uuid{}, {.term = 1, .seq = 40});
  come_with(peer, far, of_another.digest);
  say(peer, wire::Blob{.digest = of_another.digest, .envelope = of_another.envelope});
  EXPECT_FALSE(planner().is_behind());

  come_with(peer, far, own.digest);
  say(peer, wire::Blob{.digest = own.digest, .envelope = "nothing"});
  EXPECT_FALSE(planner().is_behind());
  EXPECT_FALSE(peer.is_finished);
}

TEST_F(RestoredTest, AnOlderManifestThanTheSiteClaimsDoesNotStopTheRest) {
  Peer& peer = enrolled();
  const Signed old = planned_for(peer, {.term = 1, .seq = 0});
  come_with(peer, {.term = 1, .seq = 40}, old.digest);
  say(peer, wire::Blob{.digest = old.digest, .envelope = old.envelope});
  EXPECT_FALSE(planner().is_behind());
}

TEST_F(RestoredTest, EndsASiteThatShowsWhatNobodyAskedFor) {
  Peer& peer = enrolled();
  const Signed later = planned_for(peer, {.term = 1, .seq = 40});
  say(peer, wire::Blob{.digest = later.digest, .envelope = later.envelope});
  EXPECT_EQ(peer.goodbye(), "protocol_violation");
  EXPECT_FALSE(planner().is_behind());
}

TEST_F(RestoredTest, RaisesAnAlarmWhereASiteHoldsLessThanItOnceSaid) {
  Peer& peer = enrolled();
  say(peer,
      wire::ReportMessage{
          .report = {.number = {.start = 1, .seq = 1}, .accepted = {.term = 1, .seq = 5}}});
  come_with(peer, {.term = 1, .seq = 5}, {});
  EXPECT_EQ(alarms(), 0);
  come_with(peer, {.term = 1, .seq = 4}, {});
  EXPECT_EQ(alarms(), 1);
  EXPECT_FALSE(peer.is_finished);
}

TEST_F(RestoredTest, ASiteThatLostItsFloorIsNoAlarm) {
  Peer& peer = enrolled();
  say(peer,
      wire::ReportMessage{
          .report = {.number = {.start = 1, .seq = 1}, .accepted = {.term = 1, .seq = 5}}});
  gateway->on_closed(peer.number);
  open(peer);
  say(peer, wire::AgentHello{.charter = {.term = 1, .seq = 1}, .adopt_mode = true});
  EXPECT_EQ(alarms(), 0);
  EXPECT_EQ(row(peer).term, 2U);
}

TEST_F(RestoredTest, TellsASiteWhatItLostAndNothingOlderThanItHolds) {
  Peer& peer = enrolled();
  const Signed told = planned_for(peer, {.term = 1, .seq = 1});
  const Digest key = key_id(crypto, keys.get(trust::KeyRole::planner).public_key);
  must(store::CommitPlan{.planner = key,
                         .batches = {{.seq = 1, .size = 1}},
                         .told = {{.site = row(peer).number,
                                   .number = {.term = 1, .seq = 1},
                                   .digest = told.digest,
                                   .envelope = told.envelope}}});
  come_with(peer, {}, {});
  EXPECT_EQ(peer.all<wire::Document>().size(), 1U);
  come_with(peer, {.term = 1, .seq = 40}, crypto.sha256("later"));
  EXPECT_TRUE(peer.all<wire::Document>().empty());
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
