#include "unit/server/gateway/gateway_fixture.h"

namespace skerry::gateway {
namespace {

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

}  // namespace
}  // namespace skerry::gateway
