#include "agent/reconciler/reconciler.h"

#include <gtest/gtest.h>

#include "site_fixture.h"

namespace skerry::agent {
namespace {

using document::WorkloadState;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// A shop with one service, applied and known to be good.
class SettledShop : public testing::Test {
 protected:
  SettledShop() {
    site.runtime.put_image("web:1", {.id = "id-web-1"});
    auto web = service("web", "web:1");
    web.environment = {{"MODE", {.literal = "live"}}};
    web.resources.memory_limit_bytes = 1000;
    shop = site.release("shop", 1, {web});
    site.settle({shop});
    site.journal.events.clear();
    site.run_for(milliseconds{50});
    deeds_before = site.runtime.history().size();
  }

  [[nodiscard]] std::vector<std::string> deeds() const {
    const auto& all = site.runtime.history();
    return {all.begin() + static_cast<std::ptrdiff_t>(deeds_before), all.end()};
  }

  milliseconds until_healthy() {
    return site.run_until(
        [&] { return site.is_running("shop", "web") && site.reconciler->state().drift.empty(); },
        minutes{5});
  }

  Site site;
  document::StackAssignment shop;
  std::size_t deeds_before = 0;
};

TEST_F(SettledShop, IsHealthyAndLeftAlone) {
  site.run_for(minutes{10});
  EXPECT_EQ(site.state("shop"), WorkloadState::healthy);
  EXPECT_TRUE(site.status("shop").reasons.empty());
  EXPECT_TRUE(deeds().empty());
}

TEST_F(SettledShop, RunsAgainPromptlyAfterAKill) {
  ASSERT_TRUE(site.runtime.kill("shop", "web"));
  EXPECT_LT(until_healthy(), milliseconds{200});
  EXPECT_EQ(deeds(), std::vector<std::string>{"start_container shop/web"});
  const auto* event = site.journal.find("drift_reverted");
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->field, "state");
  EXPECT_EQ(event->wanted, "running");
  EXPECT_EQ(event->found, "exited");
}

TEST_F(SettledShop, RunsAgainPromptlyAfterACrash) {
  site.run_for(minutes{2});
  ASSERT_TRUE(site.runtime.crash("shop", "web", 139));
  EXPECT_LT(until_healthy(), milliseconds{200});
  EXPECT_EQ(site.journal.count("container_restarted"), 1U);
  EXPECT_EQ(site.journal.count("drift_reverted"), 0U);
}

TEST_F(SettledShop, IsStartedAfterAStopByHand) {
  ASSERT_TRUE(site.runtime.stop("shop", "web"));
  EXPECT_LT(until_healthy(), milliseconds{200});
}

TEST_F(SettledShop, IsMadeAgainAfterARemovalByHand) {
  ASSERT_TRUE(site.runtime.remove("shop", "web"));
  EXPECT_LT(until_healthy(), milliseconds{200});
  EXPECT_EQ(deeds(),
            (std::vector<std::string>{"create_container shop/web", "start_container shop/web"}));
  const auto* event = site.journal.find("drift_reverted");
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->field, "container");
}

TEST_F(SettledShop, IsToldOfThoughARemovalByHandWasSeenHalfDone) {
  ASSERT_TRUE(site.runtime.begin_removal("shop", "web"));
  EXPECT_LT(until_healthy(), milliseconds{200});
  std::vector<std::string> told;
  for (const auto& event : site.journal.events) {
    told.push_back(event.code + " " + event.field + " " + event.wanted + " " + event.found);
  }
  EXPECT_EQ(told,
            (std::vector<std::string>{"drift_reverted state running dead",
                                      "drift_reverted container running missing"}));
}

TEST_F(SettledShop, IsToldOfALimitThatNobodyWants) {
  ASSERT_TRUE(site.runtime.edit("shop", "web", "pids_limit", "20"));
  EXPECT_LT(until_healthy(), milliseconds{300});
  const auto* event = site.journal.find("drift_reverted");
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->field, "pids_limit");
  EXPECT_EQ(event->wanted, "none");
  EXPECT_EQ(event->found, "20");
}

TEST_F(SettledShop, IsReplacedBackWhenReplacedByHand) {
  ASSERT_TRUE(site.runtime.replace("shop", "web", "environment.MODE", "test"));
  EXPECT_LT(until_healthy(), milliseconds{300});
  EXPECT_EQ(site.runtime.find("shop", "web")->fields.at("environment.MODE"), "live");
  EXPECT_EQ(site.journal.count("drift_reverted"), 1U) << "its own removal is no drift";
  EXPECT_EQ(site.journal.find("drift_reverted")->found, "test");
  EXPECT_EQ(site.journal.find("drift_reverted")->wanted, "live");
}

TEST_F(SettledShop, HasItsLimitPutRightInPlace) {
  const std::string id = site.runtime.find("shop", "web")->id;
  ASSERT_TRUE(site.runtime.edit("shop", "web", "memory_limit_bytes", "2000"));
  EXPECT_LT(until_healthy(), milliseconds{200});
  EXPECT_EQ(site.runtime.find("shop", "web")->id, id);
  EXPECT_EQ(deeds(), std::vector<std::string>{"update_container shop/web"});
}

TEST_F(SettledShop, IsPutBackOnItsNetwork) {
  ASSERT_TRUE(site.runtime.edit("shop", "web", "networks.shop_default", ""));
  EXPECT_LT(until_healthy(), milliseconds{200});
  EXPECT_EQ(deeds(), std::vector<std::string>{"connect_network shop/web"});
}

TEST_F(SettledShop, LosesASecondContainer) {
  ASSERT_TRUE(site.runtime.duplicate("shop", "web"));
  site.run_for(seconds{1});
  EXPECT_EQ(site.runtime.observed().containers.size(), 1U);
  EXPECT_TRUE(site.is_running("shop", "web"));
}

TEST_F(SettledShop, IsOnlyReportedOnInReportMode) {
  shop.drift = document::DriftMode::report;
  site.desire({shop});
  site.run_for(seconds{1});
  ASSERT_TRUE(site.runtime.edit("shop", "web", "environment.MODE", "test"));
  site.run_for(minutes{1});
  EXPECT_TRUE(deeds().empty());
  ASSERT_EQ(site.reconciler->state().drift.size(), 1U);
  EXPECT_EQ(site.reconciler->state().drift.front().found, "test");
  EXPECT_EQ(site.journal.count("drift_found"), 1U);
  EXPECT_EQ(site.journal.count("drift_reverted"), 0U);
  ASSERT_TRUE(site.runtime.remove("shop", "web"));
  site.run_for(minutes{1});
  EXPECT_TRUE(deeds().empty());
  EXPECT_EQ(site.state("shop"), WorkloadState::stopped);
}

TEST_F(SettledShop, IsNotTouchedByANewAgentProcess) {
  site.restart_agent();
  site.run_for(minutes{5});
  EXPECT_TRUE(deeds().empty());
  EXPECT_TRUE(site.is_good("shop", 1));
  EXPECT_EQ(site.state("shop"), WorkloadState::healthy);
}

TEST_F(SettledShop, IsAdoptedByAnAgentThatLostItsLedger) {
  site.journal.records.clear();
  site.journal.site_record = {};
  site.runtime.put_image("web:1", {.id = "id-web-moved"});  // The tag has moved since.
  site.restart_agent();
  site.run_for(minutes{5});
  EXPECT_EQ(deeds(), std::vector<std::string>());
  EXPECT_TRUE(site.is_good("shop", 1));
}

TEST_F(SettledShop, IsNotTouchedWithoutAManifest) {
  Reconciler lost({site.runtime, site.journal, site.crypto});
  site.journal.records.clear();
  site.runtime.kill("shop", "web");
  for (int i = 0; i < 100; ++i) {
    site.now += milliseconds{100};
    site.runtime.step(site.now);
    lost.step(site.now);
  }
  EXPECT_TRUE(deeds().empty());
  ASSERT_FALSE(lost.state().conditions.empty());
}

TEST_F(SettledShop, RunsOnWhileTheEngineIsDown) {
  site.runtime.stop_engine(FakeRuntime::Containers::keep_running);
  site.run_for(seconds{30});
  ASSERT_FALSE(site.reconciler->state().conditions.empty());
  EXPECT_EQ(site.reconciler->state().conditions.front().code, "RuntimeDown");
  EXPECT_EQ(site.state("shop"), WorkloadState::healthy) << "what was last known";
  site.runtime.start_engine();
  site.run_for(minutes{1});
  EXPECT_TRUE(site.reconciler->state().conditions.empty());
  EXPECT_TRUE(deeds().empty());
}

TEST_F(SettledShop, ComesUpAfterTheEngineStoppedIt) {
  site.runtime.stop_engine(FakeRuntime::Containers::stop);
  site.run_for(seconds{30});
  site.runtime.start_engine();
  EXPECT_LT(until_healthy(), milliseconds{500});
  EXPECT_EQ(deeds(), std::vector<std::string>{"start_container shop/web"});
}

TEST_F(SettledShop, IsHealthyAsSoonAsItRunsAfterTheEngineStoppedIt) {
  site.runtime.stop_engine(FakeRuntime::Containers::stop);
  site.run_for(seconds{30});
  site.runtime.start_engine();
  const auto is_healthy = [&] {
    return site.is_running("shop", "web") && site.state("shop") == WorkloadState::healthy;
  };
  EXPECT_LT(site.run_until(is_healthy, minutes{5}), milliseconds{500});
}

TEST_F(SettledShop, IsNotSlowedDownByThePastOfAnotherConfiguration) {
  ASSERT_TRUE(site.runtime.crash("shop", "web", 139));
  until_healthy();
  ASSERT_EQ(site.state("shop"), WorkloadState::starting) << "not believed yet";
  auto web = service("web", "web:1");
  web.environment = {{"MODE", {.literal = "test"}}};
  site.desire({site.release("shop", 2, {web})});
  const auto is_healthy = [&] {
    return site.is_running("shop", "web") && site.state("shop") == WorkloadState::healthy &&
           site.runtime.find("shop", "web")->fields.at("environment.MODE") == "test";
  };
  EXPECT_LT(site.run_until(is_healthy, minutes{5}), milliseconds{500});
}

TEST_F(SettledShop, IsMadeAgainAfterTheEngineLostIt) {
  site.runtime.stop_engine(FakeRuntime::Containers::lose);
  site.run_for(seconds{1});
  site.runtime.start_engine();
  EXPECT_LT(until_healthy(), milliseconds{500});
}

TEST_F(SettledShop, IsNotTouchedWhileListsLie) {
  site.runtime.faults().lists_are_empty = true;
  site.runtime.scan();
  site.run_for(minutes{1});
  site.runtime.faults() = {.lists_fail = true};
  site.runtime.scan();
  site.run_for(minutes{1});
  EXPECT_TRUE(deeds().empty());
  EXPECT_TRUE(site.journal.site_record.removals.empty());
  EXPECT_EQ(site.state("shop"), WorkloadState::healthy);
}

TEST_F(SettledShop, OutlivesAGhost) {
  site.runtime.add_ghost({.id = "ghost",
                          .stack = "shop",
                          .service = "web",
                          .state = reconcile::ContainerState::exited});
  site.run_for(seconds{5});
  EXPECT_TRUE(site.is_running("shop", "web"));
  EXPECT_EQ(deeds(), std::vector<std::string>{"remove_container shop/web"});
}

TEST_F(SettledShop, IsNotTouchedWhilePaused) {
  site.reconciler->set_paused(true);
  site.runtime.kill("shop", "web");
  site.run_for(minutes{1});
  EXPECT_TRUE(deeds().empty());
  site.restart_agent();
  site.run_for(minutes{1});
  EXPECT_TRUE(deeds().empty()) << "a pause outlives the agent";
  site.reconciler->set_paused(false);
  EXPECT_LT(until_healthy(), milliseconds{200});
}

TEST_F(SettledShop, GoesInTwoStepsWhenTheManifestLeavesItOut) {
  bool had_list_before_deeds = false;
  site.journal.on_write = [&](const std::string& what) {
    had_list_before_deeds = had_list_before_deeds || (what == "site" && deeds().empty());
  };
  site.desire({});
  site.run_for(seconds{5});
  EXPECT_TRUE(had_list_before_deeds);
  EXPECT_EQ(
      deeds(),
      (std::vector<std::string>{
          "stop_container shop/web", "remove_container shop/web", "remove_network shop/default"}));
  EXPECT_TRUE(site.journal.records.empty());
  EXPECT_TRUE(site.journal.site_record.removals.empty());
  EXPECT_EQ(site.journal.count("stack_removed"), 1U);
}

TEST_F(SettledShop, IsFinishedRemovingByTheNextProcess) {
  site.desire({});
  site.run_for(milliseconds{3});
  site.restart_agent();
  site.run_for(seconds{5});
  EXPECT_EQ(site.runtime.find("shop", "web"), nullptr);
  EXPECT_TRUE(site.journal.site_record.removals.empty());
}

TEST_F(SettledShop, RunsOnWhileTheNextReleaseCannotBePulled) {
  site.runtime.put_image("web:2", {.id = "", .is_local = false});
  site.desire({site.release("shop", 2, {service("web", "web:2")})});
  site.run_for(seconds{20});
  EXPECT_TRUE(site.is_running("shop", "web"));
  EXPECT_EQ(site.status("shop").release, digest(1));
  EXPECT_EQ(site.status("shop").wanted, digest(2));
  EXPECT_EQ(site.state("shop"), WorkloadState::pulling);
  EXPECT_EQ(site.journal.count("image_pull_failed"), 1U) << "told once, not at every try";
  site.runtime.kill("shop", "web");
  EXPECT_LT(until_healthy(), milliseconds{200}) << "the old release is still looked after";
  site.runtime.put_image("web:2", {.id = "id-web-2", .is_local = false});
  site.run_for(minutes{2});
  EXPECT_TRUE(site.is_good("shop", 2));
  EXPECT_EQ(site.runtime.find("shop", "web")->image_id, "id-web-2");
}

TEST_F(SettledShop, WaitsForAReleaseThatHasNotArrived) {
  auto next = shop;
  next.release = digest(9);
  site.desire({next});
  site.run_for(minutes{10});
  EXPECT_TRUE(site.is_running("shop", "web"));
  EXPECT_TRUE(deeds().empty());
  EXPECT_EQ(site.state("shop"), WorkloadState::pending);
  EXPECT_EQ(site.status("shop").reasons.front().code, "ReleaseMissing");
}

TEST_F(SettledShop, GoesBackToTheLastGoodReleaseWhenTheNextCannotBeMade) {
  site.runtime.put_image("web:2", {.id = "id-web-2", .create_error = "no such device"});
  site.desire({site.release("shop", 2, {service("web", "web:2")})});
  site.run_for(minutes{2});
  EXPECT_EQ(site.state("shop"), WorkloadState::rolled_back);
  EXPECT_EQ(site.runtime.find("shop", "web")->image_id, "id-web-1");
  EXPECT_TRUE(site.is_running("shop", "web"));
  EXPECT_EQ(site.journal.records["shop"].quarantined, Revision{.release = digest(2)});
  EXPECT_EQ(site.journal.count("release_quarantined"), 1U);
  const auto deeds_then = deeds();
  site.restart_agent();
  site.run_for(minutes{30});
  EXPECT_EQ(deeds(), deeds_then) << "not tried again until there is a new release";
  site.runtime.put_image("web:3", {.id = "id-web-3"});
  site.desire({site.release("shop", 3, {service("web", "web:3")})});
  site.run_for(minutes{2});
  EXPECT_TRUE(site.is_good("shop", 3));
}

TEST_F(SettledShop, GoesBackWhenTheNextReleaseIsNotHealthyInTime) {
  site.runtime.put_image("web:2", {.id = "id-web-2", .has_health = true, .is_unhealthy = true});
  site.desire({site.release("shop", 2, {service("web", "web:2")})});
  site.run_for(minutes{4});
  EXPECT_EQ(site.state("shop"), WorkloadState::unhealthy);
  site.run_for(minutes{2});
  EXPECT_EQ(site.state("shop"), WorkloadState::rolled_back);
  EXPECT_EQ(site.runtime.find("shop", "web")->image_id, "id-web-1");
}

TEST_F(SettledShop, TriesAGivenUpReleaseAgainWithOtherSlotValues) {
  auto next = site.release("shop", 2, {service("web", "web:2")});
  next.slot_values = {"/dev/typo"};
  site.journal.releases[digest(2)].workload.slots = {{.expression = "${DEVICE}"}};
  site.runtime.put_image("web:2", {.id = "id-web-2", .create_error = "no such device"});
  site.desire({next});
  site.run_for(minutes{2});
  ASSERT_EQ(site.state("shop"), WorkloadState::rolled_back);
  site.runtime.put_image("web:2", {.id = "id-web-2"});
  site.run_for(minutes{10});
  ASSERT_EQ(site.state("shop"), WorkloadState::rolled_back) << "the same values are not tried";
  next.slot_values = {"/dev/right"};
  site.desire({next});
  site.run_for(minutes{2});
  EXPECT_EQ(site.state("shop"), WorkloadState::healthy);
  EXPECT_TRUE(site.is_good("shop", 2));
}

TEST_F(SettledShop, GoesBackWhenTheAgentDiesThreeTimesApplying) {
  site.runtime.put_image("web:2",
                         {.id = "id-web-2", .has_health = true, .health_after = minutes{4}});
  site.desire({site.release("shop", 2, {service("web", "web:2")})});
  for (int i = 0; i < 3; ++i) {
    site.run_for(seconds{5});
    EXPECT_EQ(site.journal.records["shop"].attempts, static_cast<std::uint32_t>(i + 1));
    site.restart_agent();
  }
  site.run_for(seconds{30});
  EXPECT_EQ(site.journal.records["shop"].quarantined, Revision{.release = digest(2)});
  EXPECT_EQ(site.state("shop"), WorkloadState::rolled_back);
}

TEST_F(SettledShop, DoesNotBlameAReleaseForPowerCutsThatAreFarApart) {
  site.runtime.put_image("web:2",
                         {.id = "id-web-2", .has_health = true, .health_after = minutes{4}});
  site.desire({site.release("shop", 2, {service("web", "web:2")})});
  site.run_for(seconds{5});
  site.reconciler->set_paused(true);
  for (int i = 0; i < 5; ++i) {
    site.restart_agent();
    site.run_for(minutes{10});
  }
  site.reconciler->set_paused(false);
  site.run_for(minutes{5});
  EXPECT_TRUE(site.is_good("shop", 2));
}

TEST_F(SettledShop, DoesNotCountACleanStopOfTheAgent) {
  site.runtime.put_image("web:2",
                         {.id = "id-web-2", .has_health = true, .health_after = minutes{4}});
  site.desire({site.release("shop", 2, {service("web", "web:2")})});
  for (int i = 0; i < 5; ++i) {
    site.run_for(seconds{5});
    site.reconciler->stop();
    site.restart_agent();
  }
  site.run_for(minutes{5});
  EXPECT_TRUE(site.is_good("shop", 2));
}

TEST_F(SettledShop, WritesTheAttemptDownBeforeTheFirstDeed) {
  site.runtime.put_image("web:2", {.id = "id-web-2"});
  bool was_written_first = false;
  site.journal.on_write = [&](const std::string&) { was_written_first |= deeds().empty(); };
  site.desire({site.release("shop", 2, {service("web", "web:2")})});
  site.run_until([&] { return !deeds().empty(); }, seconds{5});
  EXPECT_TRUE(was_written_first);
  ASSERT_TRUE(site.journal.records["shop"].applying);
  EXPECT_EQ(site.journal.records["shop"].applying->revision.release, digest(2));
}

TEST_F(SettledShop, KeepsItsImageWhenAnUnrelatedEditMeetsAMovedTag) {
  site.runtime.put_image("web:1-again", {.id = "id-web-1"});
  auto web = service("web", "web:1");
  web.environment = {{"MODE", {.literal = "night"}}};
  site.settle({site.release("shop", 2, {web})});
  EXPECT_EQ(site.runtime.find("shop", "web")->image_id, "id-web-1");
  EXPECT_EQ(site.runtime.find("shop", "web")->fields.at("environment.MODE"), "night");
}

TEST_F(SettledShop, DoesNotRepairForEverWhatDoesNotLast) {
  for (int i = 0; i < 200; ++i) {
    site.runtime.edit("shop", "web", "memory_limit_bytes", "2000");
    site.run_for(milliseconds{100});
  }
  EXPECT_LT(deeds().size(), 12U);
}

TEST(Reconciler, StartsDependenciesFirst) {
  Site site;
  site.runtime.put_image("web:1", {.id = "id-web"});
  site.runtime.put_image("db:1", {.id = "id-db", .has_health = true, .health_after = seconds{3}});
  auto web = service("web", "web:1");
  web.depends_on = {
      {.service = "db", .condition = document::Dependency::Condition::healthy, .required = true}};
  site.desire({site.release("shop", 1, {web, service("db", "db:1")})});
  site.run_for(seconds{2});
  EXPECT_TRUE(site.is_running("shop", "db"));
  EXPECT_EQ(site.runtime.find("shop", "web"), nullptr);
  site.run_for(seconds{3});
  EXPECT_TRUE(site.is_running("shop", "web"));
}

TEST(Reconciler, RunsAOneShotOnceARelease) {
  Site site;
  site.runtime.put_image("migrate:1", {.id = "id-m", .exits_after = seconds{2}});
  site.runtime.put_image("web:1", {.id = "id-web"});
  auto migrate = service("migrate", "migrate:1");
  migrate.one_shot = true;
  auto web = service("web", "web:1");
  web.depends_on = {{.service = "migrate",
                     .condition = document::Dependency::Condition::completed_successfully,
                     .required = true}};
  site.settle({site.release("shop", 1, {migrate, web})});
  ASSERT_TRUE(site.is_good("shop", 1));
  site.runtime.remove("shop", "migrate");
  site.restart_agent();
  site.run_for(minutes{1});
  EXPECT_EQ(site.runtime.find("shop", "migrate"), nullptr);
  EXPECT_TRUE(site.is_running("shop", "web"));
}

TEST(Reconciler, SlowsACrashLoopDown) {
  Site site;
  site.runtime.put_image("web:1",
                         {.id = "id-web", .exits_after = milliseconds{10}, .exit_code = 1});
  site.desire({site.release("shop", 1, {service("web", "web:1")})});
  site.run_for(minutes{5});
  EXPECT_EQ(site.state("shop"), WorkloadState::failed);
  const auto starts = site.journal.count("container_restarted");
  EXPECT_GE(starts, 6U);
  EXPECT_LE(starts, 10U);
  site.run_for(minutes{60});
  EXPECT_LE(site.journal.count("container_restarted") - starts, 13U);
}

TEST(Reconciler, KeepsTryingAFirstReleaseThatFails) {
  Site site;
  site.runtime.put_image("web:1", {.id = "id-web", .create_error = "no such device"});
  site.desire({site.release("shop", 1, {service("web", "web:1")})});
  site.run_for(minutes{20});
  EXPECT_EQ(site.state("shop"), WorkloadState::failed);
  EXPECT_EQ(site.status("shop").reasons.back().message, "no such device");
  site.runtime.put_image("web:1", {.id = "id-web"});
  site.run_for(minutes{6});
  EXPECT_TRUE(site.is_good("shop", 1));
}

TEST(Reconciler, LooksAfterAFirstReleaseThroughAnyNumberOfPowerCuts) {
  Site site;
  site.runtime.put_image("web:1", {.id = "id-web"});
  site.runtime.put_image("db:1", {.id = "id-db", .has_health = true, .is_unhealthy = true});
  site.desire({site.release("shop", 1, {service("web", "web:1"), service("db", "db:1")})});
  for (int i = 0; i < 5; ++i) {
    site.run_for(seconds{30});
    site.restart_agent();
  }
  site.run_for(seconds{30});
  EXPECT_EQ(site.state("shop"), WorkloadState::unhealthy);
  EXPECT_EQ(site.journal.count("release_quarantined"), 0U);
  ASSERT_TRUE(site.runtime.kill("shop", "web"));
  site.run_for(seconds{1});
  EXPECT_TRUE(site.is_running("shop", "web"));
}

TEST(Reconciler, HoldsNoStackBackForAnother) {
  Site site;
  site.runtime.put_image("slow:1", {.id = "id-slow", .is_local = false, .pull_takes = minutes{10}});
  site.runtime.put_image("web:1", {.id = "id-web"});
  site.desire({site.release("bar", 1, {service("till", "slow:1")}),
               site.release("shop", 2, {service("web", "web:1")})});
  site.run_for(seconds{1});
  EXPECT_TRUE(site.is_running("shop", "web"));
  EXPECT_EQ(site.state("bar"), WorkloadState::pulling);
  site.run_for(minutes{11});
  EXPECT_TRUE(site.is_good("bar", 1));
}

TEST(Reconciler, ConvergesOnAnEngineThatFailsOftenOnceItIsWell) {
  Site site;
  for (const char* image : {"a:1", "b:1", "c:1"}) {
    site.runtime.put_image(image, {.id = std::string("id-") + image, .is_local = false});
  }
  site.runtime.faults().deeds_fail_percent = 50;
  site.desire(
      {site.release("shop", 1, {service("a", "a:1"), service("b", "b:1"), service("c", "c:1")})});
  site.run_for(minutes{1});
  site.runtime.faults() = {};
  site.run_for(minutes{6});
  EXPECT_TRUE(site.is_good("shop", 1));
}

}  // namespace
}  // namespace skerry::agent
