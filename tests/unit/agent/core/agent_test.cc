#include "agent/core/agent.h"

#include "agent/core/install_id.h"
#include "trust/codes.h"
#include "trust/opened.h"
#include "unit/agent/core/scripted_server.h"

namespace skerry::agent {
namespace {

namespace refusal = trust::refusal;
using std::chrono::minutes;
using std::chrono::seconds;

using AgentCore = CoreTest;

std::string flip_last(std::string bytes) {
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  return bytes;
}

TEST_F(AgentCore, SaysNothingOfItselfBeforeTheServerIsTrusted) {
  connect();
  ASSERT_EQ(connector.said.size(), 1U);
  EXPECT_EQ(std::get<wire::TrustRequest>(connector.said[0]).version, 0U);
}

TEST_F(AgentCore, EndsTheSessionOfAServerThatNoRootVouchesFor) {
  connect();
  sim::FastCrypto other_crypto(99);
  const trust::KeyRing others = trust::make_keys(other_crypto).value();
  const std::string theirs = trust::sign(trust::trust_payload(trust::first_trust(others)),
                                         others.get(trust::KeyRole::root),
                                         other_crypto)
                                 .value();
  connector.said.clear();
  say(wire::Document{.envelope = theirs});
  say(wire::TrustEnd{});
  EXPECT_EQ(connector.said.size(), 0U);
  EXPECT_EQ(agent->link().last_error()->code, server_not_trusted);
}

TEST_F(AgentCore, ShowsItsTokenToATrustedServerAlone) {
  connect();
  say(wire::Document{.envelope = trust_envelope()});
  connector.said.clear();
  say(wire::TrustEnd{});
  const auto asked = connector.take<wire::EnrolRequest>();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].token, "token");
  EXPECT_EQ(asked[0].name, "till");
}

TEST_F(AgentCore, GreetsAsSoonAsItHasItsCharter) {
  enrol();
  EXPECT_TRUE(agent->link().is_steady());
  EXPECT_EQ(agent->intake().anchors().site, site);
  EXPECT_FALSE(connector.take<wire::ReportMessage>().empty());
}

TEST_F(AgentCore, RunsWhatItsManifestSays) {
  enrol();
  tell({.term = 1, .seq = 1}, {release_of("web:1")});
  EXPECT_TRUE(runs("pos", "web"));
  EXPECT_EQ(agent->report().accepted, (document::PlanNumber{.term = 1, .seq = 1}));
}

TEST_F(AgentCore, ComesUpAloneAfterARestart) {
  enrol();
  tell({.term = 1, .seq = 1}, {release_of("web:1")});
  runtime.kill("pos", "web");
  restart();
  run_for(seconds{30});
  EXPECT_TRUE(runs("pos", "web"));
}

TEST_F(AgentCore, RefusesAnOlderManifestAndChangesNothing) {
  enrol();
  tell({.term = 1, .seq = 2}, {release_of("web:1")});
  tell({.term = 1, .seq = 1}, {});
  EXPECT_EQ(refused(refusal::rollback), 1U);
  EXPECT_TRUE(runs("pos", "web"));
}

TEST_F(AgentCore, TellsTheServerOfARefusal) {
  enrol();
  tell({.term = 1, .seq = 2}, {release_of("web:1")});
  connector.said.clear();
  say(wire::Document{.envelope = manifest_envelope({.term = 1, .seq = 2}, {})});
  bool told = false;
  for (const auto& batch : connector.take<wire::EventBatch>()) {
    told = told || std::ranges::any_of(batch.events, [](const document::Event& event) {
             return event.code == refusal::equivocation.name;
           });
  }
  EXPECT_TRUE(told);
  EXPECT_EQ(refused(refusal::equivocation), 1U);
}

TEST_F(AgentCore, TakesAGoodCopyOfAReleaseAfterASpoiledOne) {
  enrol();
  const document::Release release = release_of("web:1");
  say(wire::Document{.envelope = manifest_envelope({.term = 1, .seq = 1}, {release})});
  say(wire::Blob{.digest = digest_of(release), .envelope = flip_last(release_envelope(release))});
  say(wire::Blob{.digest = digest_of(release), .envelope = release_envelope(release)});
  run_for(seconds{30});
  EXPECT_TRUE(runs("pos", "web"));
}

TEST_F(AgentCore, AsksForARefusedReleaseAgainInANewSession) {
  enrol();
  const document::Release release = release_of("web:1");
  say(wire::Document{.envelope = manifest_envelope({.term = 1, .seq = 1}, {release})});
  for (int spoiled = 0; spoiled < 4; ++spoiled) {
    say(wire::Blob{.digest = digest_of(release), .envelope = "spoiled"});
    agent->on_closed({.code = {"cut"}});
    connect();
    connector.said.clear();
    greet();
    EXPECT_EQ(connector.take<wire::Want>().size(), 1U) << spoiled;
  }
  say(wire::Blob{.digest = digest_of(release), .envelope = release_envelope(release)});
  run_for(seconds{30});
  EXPECT_TRUE(runs("pos", "web")) << "spoiled copies must not quarantine a good one";
}

TEST_F(AgentCore, KeepsWhatRunsWhereAReleaseIsAboveItsCeiling) {
  enrol();
  tell({.term = 1, .seq = 1}, {release_of("web:1")});
  tell({.term = 1, .seq = 2}, {release_of("web:1", true)});
  EXPECT_EQ(refused(refusal::ceiling), 1U);
  EXPECT_TRUE(runs("pos", "web"));
}

TEST_F(AgentCore, StopsWhatANewManifestLeavesOut) {
  enrol();
  tell({.term = 1, .seq = 1}, {release_of("web:1")});
  tell({.term = 1, .seq = 2}, {});
  EXPECT_EQ(runtime.find("pos", "web"), nullptr);
}

TEST_F(AgentCore, ActsOnAManifestWhoseSessionEndedInTheSameBreath) {
  enrol();
  tell({.term = 1, .seq = 1}, {release_of("web:1")});
  connector.is_stuck = true;
  say(wire::Document{.envelope = manifest_envelope({.term = 1, .seq = 2}, {})});
  run_for(seconds{30});
  EXPECT_EQ(runtime.find("pos", "web"), nullptr);
}

TEST_F(AgentCore, SendsItsReportAgainInEachSession) {
  enrol();
  say(wire::Bye{.code = "busy", .message = "later"});
  connect();
  connector.said.clear();
  greet();
  EXPECT_EQ(connector.take<wire::ReportMessage>().size(), 1U);
}

TEST_F(AgentCore, TellsAllItKeepsWhereItsServerKnowsALaterPast) {
  enrol();
  agent->on_closed({.code = {"cut"}});
  restart();
  agent->set_paused(true);
  connect();
  connector.said.clear();
  say(wire::ServerHello{
      .protocol = 1, .report = {.start = 9, .seq = 4}, .event = {.start = 9, .seq = 100}});
  EXPECT_TRUE(was_told("paused", 10));
}

TEST_F(AgentCore, TellsAllItKeepsWhereItsServerKnowsItsOwnStartFromAnotherLife) {
  enrol();
  agent->on_closed({.code = {"cut"}});
  restart();
  agent->set_paused(true);
  const std::uint64_t start = agent->ledger().start_counter();
  connect();
  connector.said.clear();
  say(wire::ServerHello{.protocol = 1, .event = {.start = start, .seq = 1}});
  EXPECT_TRUE(was_told("paused", start + 1));
}

TEST_F(AgentCore, KeepsItsNumbersWhereTheServerKnowsWhatItSaid) {
  enrol();
  agent->set_paused(true);
  run_for(seconds{1});
  const std::uint64_t start = agent->ledger().start_counter();
  const document::ReportNumber last = agent->outbox().last();
  const document::ReportNumber report = connector.take<wire::ReportMessage>().back().report.number;
  agent->on_closed({.code = {"cut"}});
  connect();
  say(wire::ServerHello{.protocol = 1, .report = report, .event = last});
  EXPECT_EQ(agent->ledger().start_counter(), start);
  EXPECT_EQ(agent->outbox().size(), 0U);
}

TEST_F(AgentCore, TakesTheNewKeyItAskedFor) {
  enrol();
  ASSERT_TRUE(agent->begin_rekey());
  connector.said.clear();
  run_for(seconds{1});
  const auto asked = connector.take<wire::RekeyRequest>();
  ASSERT_EQ(asked.size(), 1U);
  const auto envelope = document::decode<document::Envelope>(asked[0].envelope).value();
  const auto payload = document::decode<document::Payload>(envelope.payload).value();
  const PublicKey next = document::decode<document::Rekey>(payload.body).value().new_key;
  say(wire::Document{.envelope = charter_envelope(next, {.term = 1, .seq = 2})});
  EXPECT_EQ(agent->key().public_key, next);
  EXPECT_FALSE(agent->link().is_steady()) << "a new identity needs a new session";
}

TEST_F(AgentCore, KnowsItsNewKeyAlsoWhenTheCharterComesAfterARestart) {
  enrol();
  ASSERT_TRUE(agent->begin_rekey());
  const PublicKey before = agent->key().public_key;
  restart();
  connect();
  greet();
  connector.said.clear();
  agent->on_closed({.code = {"cut"}});
  const PublicKey next = agent->key().public_key;
  ASSERT_NE(next, before) << "it tries the key that the server may know by now";
  connect();
  greet();
  say(wire::Document{.envelope = charter_envelope(next, {.term = 1, .seq = 2})});
  EXPECT_EQ(agent->key().public_key, next);
  say(wire::Document{.envelope = charter_envelope(next, {.term = 1, .seq = 3})});
  EXPECT_EQ(agent->intake().anchors().charter->number.number.seq, 3U);
}

TEST_F(AgentCore, TriesItsOtherKeyAlsoWhereTheServerSaidGoodbye) {
  enrol();
  ASSERT_TRUE(agent->begin_rekey());
  const PublicKey before = agent->key().public_key;
  say(wire::Bye{.code = "unknown_site", .message = "no site with this key"});
  run_for(seconds{1});
  EXPECT_NE(agent->key().public_key, before);
}

TEST_F(AgentCore, KeepsRunningAfterItsCharterHasEnded) {
  enrol();
  tell({.term = 1, .seq = 1}, {release_of("web:1")});
  say(wire::Document{.envelope = charter_envelope(agent->key().public_key,
                                                  {.term = 1, .seq = 2},
                                                  document::Charter::State::ended)});
  say(wire::Document{.envelope = manifest_envelope({.term = 1, .seq = 2}, {})});
  run_for(minutes{10});
  EXPECT_EQ(refused(refusal::bad_signature), 1U);
  EXPECT_TRUE(runs("pos", "web"));
}

TEST_F(AgentCore, TouchesNothingOnceItsFloorIsLost) {
  enrol();
  tell({.term = 1, .seq = 1}, {release_of("web:1")});
  agent.reset();
  ASSERT_TRUE(disk.remove("floor"));
  restart();
  runtime.kill("pos", "web");
  run_for(minutes{10});
  EXPECT_FALSE(runs("pos", "web")) << "adopt mode observes";
  connect();
  greet();
  say(wire::Document{.envelope = manifest_envelope({.term = 1, .seq = 9}, {})});
  EXPECT_EQ(refused(refusal::trust_gap), 1U);
  say(wire::Document{.envelope = charter_envelope(agent->key().public_key, {.term = 2, .seq = 1})});
  tell({.term = 2, .seq = 10}, {release_of("web:1")});
  EXPECT_FALSE(agent->intake().in_adopt_mode());
  EXPECT_TRUE(runs("pos", "web"));
}

TEST_F(AgentCore, ObservesAndAsksAnewWhereItsLedgerIsDamaged) {
  enrol();
  tell({.term = 1, .seq = 3}, {release_of("web:1")});
  const std::string before = runtime.find("pos", "web")->id;
  agent.reset();
  ASSERT_TRUE(disk.open("ledger", Disk::Create::no).value()->write(60, "damage"));
  restart();
  run_for(minutes{10});
  EXPECT_EQ(agent->intake().anchors().floor.number.seq, 3U);
  EXPECT_TRUE(has_condition("LedgerDamaged"));
  EXPECT_TRUE(has_event("ledger_damaged"));
  EXPECT_EQ(runtime.find("pos", "web")->id, before);
  enrol();
  tell({.term = 1, .seq = 2}, {});
  EXPECT_EQ(refused(refusal::rollback), 1U);
  tell({.term = 1, .seq = 3}, {release_of("web:1")});
  EXPECT_FALSE(has_condition("LedgerDamaged"));
  EXPECT_EQ(runtime.find("pos", "web")->id, before) << "what runs as wanted is not touched";
  EXPECT_TRUE(runs("pos", "web"));
}

TEST_F(AgentCore, AsksForItsNewKeyOnceItHasACharterAgain) {
  enrol();
  ASSERT_TRUE(agent->begin_rekey());
  agent.reset();
  ASSERT_TRUE(disk.open("ledger", Disk::Create::no).value()->write(60, "damage"));
  options.token = {};
  restart();
  connect();
  say(wire::Document{.envelope = trust_envelope()});
  say(wire::TrustEnd{});
  greet();
  connector.said.clear();
  run_for(seconds{1});
  EXPECT_TRUE(connector.take<wire::RekeyRequest>().empty());
  say(wire::Document{.envelope = charter_envelope(agent->key().public_key, {.term = 1, .seq = 1})});
  run_for(seconds{1});
  EXPECT_EQ(connector.take<wire::RekeyRequest>().size(), 1U);
}

TEST_F(AgentCore, SaysThatItHasNoManifestAndNotThatItsFloorIsLost) {
  enrol();
  const auto conditions = agent->report().conditions;
  ASSERT_EQ(conditions.size(), 1U);
  EXPECT_EQ(conditions.front().code, "NoManifest");
}

TEST_F(AgentCore, TellsOfAPauseOnceAndOfNoneThatIsOneAlready) {
  enrol();
  agent->set_paused(false);
  agent->set_paused(true);
  agent->set_paused(true);
  auto events = agent->outbox().next({}, 100).value();
  std::erase_if(events, [](const auto& event) { return event.code == "runtime_up"; });
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events.front().code, "paused");
  EXPECT_EQ(events.front().event_class, document::Event::Class::security);
}

TEST_F(AgentCore, RecoversFromAFullDiskByANewSession) {
  enrol();
  disk.set_faults({.capacity_bytes = 1});
  say(wire::Document{.envelope = manifest_envelope({.term = 1, .seq = 1}, {})});
  EXPECT_EQ(agent->link().last_error()->code, disk_full);
  EXPECT_TRUE(agent->intake().refusals().empty()) << "a full disk is no refusal";
  disk.set_faults({});
  connect();
  greet();
  tell({.term = 1, .seq = 1}, {release_of("web:1")});
  EXPECT_TRUE(runs("pos", "web"));
}

TEST_F(AgentCore, KeepsItsWorkloadsOnAFullDisk) {
  enrol();
  tell({.term = 1, .seq = 1}, {release_of("web:1")});
  disk.set_faults({.capacity_bytes = disk.used_bytes()});
  for (int i = 0; i < 10; ++i) {
    runtime.remove("pos", "web");
    restart();
    run_for(minutes{1});
    EXPECT_TRUE(runs("pos", "web")) << i;
  }
}

TEST_F(AgentCore, BeginsAStackOnADiskThatIsFullByNow) {
  enrol();
  const document::Release release = release_of("web:1");
  say(wire::Document{.envelope = manifest_envelope({.term = 1, .seq = 1}, {release})});
  say(wire::Blob{.digest = digest_of(release), .envelope = release_envelope(release)});
  disk.set_faults({.capacity_bytes = disk.used_bytes()});
  run_for(minutes{1});
  EXPECT_TRUE(runs("pos", "web"));
}

TEST_F(AgentCore, DoesNotBlameAManifestForAFullDisk) {
  enrol();
  // More than what is dead in the ledger by the last attempt.
  std::vector<document::Release> releases{release_of("web:1")};
  for (int which = 0; which < 60; ++which) {
    releases.push_back(release_of("web:1"));
    releases.back().stack = "pos-" + std::to_string(which);
    releases.back().workload.project = releases.back().stack;
  }
  for (int attempt = 0; attempt < 4; ++attempt) {
    // Room for the counted attempt, not for the manifest behind it.
    disk.set_faults({.capacity_bytes = disk.used_bytes() + 150});
    say(wire::Document{.envelope = manifest_envelope({.term = 1, .seq = 1}, releases)});
    EXPECT_EQ(agent->link().last_error()->code, disk_full);
    disk.set_faults({});
    connect();
    greet();
  }
  tell({.term = 1, .seq = 1}, releases);
  EXPECT_EQ(refused(refusal::quarantined), 0U);
  EXPECT_TRUE(runs("pos", "web"));
}

TEST_F(AgentCore, CallsItselfStaleAndRunsOn) {
  enrol();
  const document::Release release = release_of("web:1");
  tell({.term = 1, .seq = 1}, {release});
  document::Manifest manifest{.stacks = {{.name = "pos",
                                          .release = digest_of(release),
                                          .drift = document::DriftMode::enforce}},
                              .stale_after_s = 60};
  say(wire::Document{.envelope =
                         sign_by(trust::KeyRole::planner,
                                 trust::manifest_payload(manifest, site, {.term = 1, .seq = 2}))});
  agent->on_closed({.code = {"cut"}});
  run_for(minutes{2});
  EXPECT_TRUE(has_condition("Stale"));
  EXPECT_TRUE(runs("pos", "web"));
  runtime.kill("pos", "web");
  run_for(minutes{1});
  EXPECT_TRUE(runs("pos", "web")) << "a stale site repairs itself";
}

TEST_F(AgentCore, MakesItsInstallIdOnce) {
  sim::SimDisk fresh;
  const Result<Uuid> made = open_install_id(fresh, random, clock);
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_EQ(open_install_id(fresh, random, clock).value(), *made);
}

TEST_F(AgentCore, TakesALostOrDamagedInstallIdFromItsLedger) {
  agent.reset();
  options.install_id = open_install_id(disk, random, clock).value();
  restart();
  enrol();
  tell({.term = 1, .seq = 1}, {release_of("web:1")});
  agent.reset();
  for (const char* damaged : {"", "not an id", "00000000-0000-0000-0000-000000000000"}) {
    ASSERT_TRUE(write_atomically(disk, "install-id", damaged));
    EXPECT_EQ(open_install_id(disk, random, clock).value(), options.install_id) << damaged;
  }
  ASSERT_TRUE(disk.remove("install-id"));
  EXPECT_EQ(open_install_id(disk, random, clock).value(), options.install_id);
  EXPECT_EQ(read_whole(disk, "install-id", 64).value(), to_string(options.install_id));
}

TEST_F(AgentCore, KeepsACopyOfItsInstallIdAlsoInANewLedger) {
  agent.reset();
  options.install_id = open_install_id(disk, random, clock).value();
  ASSERT_TRUE(disk.remove("ledger"));
  restart();
  agent.reset();
  ASSERT_TRUE(disk.remove("install-id"));
  EXPECT_EQ(open_install_id(disk, random, clock).value(), options.install_id);
}

TEST_F(AgentCore, GuessesNoInstallIdWhereASiteThatRunsHasLostIt) {
  enrol();
  tell({.term = 1, .seq = 1}, {release_of("web:1")});
  agent.reset();
  EXPECT_EQ(open_install_id(disk, random, clock).error().code, install_id_lost);
  ASSERT_TRUE(disk.remove("ledger"));
  EXPECT_EQ(open_install_id(disk, random, clock).error().code, install_id_lost)
      << "the floor knows";
  EXPECT_FALSE(disk.open("install-id", Disk::Create::no));
}

TEST_F(AgentCore, SaysHowToJoinWhereItNeverDid) {
  sim::SimDisk empty;
  const auto enrolment = read_enrolment(empty);
  ASSERT_FALSE(enrolment);
  EXPECT_EQ(enrolment.error().code, not_enrolled);
  EXPECT_NE(enrolment.error().hint.find("skerry-agent enrol"), std::string::npos);
}

TEST_F(AgentCore, RefusesToJoinASecondInstallation) {
  const Enrolment other{.servers = {"one:443"}, .root = digest_of(release_of("other"))};
  enrol();
  agent.reset();
  EXPECT_EQ(write_enrolment(disk, other).error().code.name, "enrolled_elsewhere");
  EXPECT_EQ(read_enrolment(disk)->root, id_of(trust::KeyRole::root));
}

TEST_F(AgentCore, JoinsUnderTheRightRootAfterAWrongOne) {
  const Enrolment right = read_enrolment(disk).value();
  Enrolment wrong = right;
  wrong.root = digest_of(release_of("other"));
  agent.reset();
  ASSERT_TRUE(write_enrolment(disk, wrong)) << "nobody has taken it in yet";
  restart();
  connect();
  say(wire::Document{.envelope = trust_envelope()});
  EXPECT_EQ(agent->link().last_error()->code, server_not_trusted);
  agent.reset();
  ASSERT_TRUE(write_enrolment(disk, right));
  restart();
  enrol();
  EXPECT_TRUE(agent->link().is_steady());
}

TEST_F(AgentCore, SaysThatItsEnrolmentIsDamagedAndTakesItAnew) {
  const Enrolment right = read_enrolment(disk).value();
  for (const char* damaged : {"", "damage"}) {
    ASSERT_TRUE(write_atomically(disk, "enrolment", damaged));
    EXPECT_EQ(read_enrolment(disk).error().code, enrolment_damaged) << damaged;
  }
  ASSERT_TRUE(write_enrolment(disk, right));
  EXPECT_TRUE(read_enrolment(disk));
}

TEST_F(CoreTest, ShowsItsManifestToAServerThatWantsToSeeIt) {
  enrol();
  const document::Release release = release_of("web:1");
  tell({.term = 1, .seq = 7}, {release});
  const Digest held =
      trust::open_envelope(manifest_envelope({.term = 1, .seq = 7}, {release}), crypto)->digest;
  connector.said.clear();
  say(wire::Want{.digests = {held, crypto.sha256("another")}});
  const std::vector<wire::Blob> shown = connector.take<wire::Blob>();
  ASSERT_EQ(shown.size(), 2U);
  EXPECT_EQ(trust::open_envelope(shown[0].envelope, crypto)->digest, held);
  EXPECT_TRUE(shown[1].envelope.empty());
}

}  // namespace
}  // namespace skerry::agent
