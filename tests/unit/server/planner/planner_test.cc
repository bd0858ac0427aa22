#include "server/planner/planner.h"

#include "server/recovery/recovery.h"
#include "unit/server/planner/planner_fixture.h"

namespace skerry::planner {

namespace {

using Names = std::vector<std::string>;
using document::PlanNumber;

/// Slots whose values take that much at every site.
std::vector<document::Slot> slots_of(std::size_t size_bytes) {
  return {{.expression = "${NOBODY_SETS_THIS:-" + std::string(size_bytes / 4, 'x') + "}"},
          {.expression = "${NOBODY_SETS_THIS:-" + std::string(size_bytes / 4, 'x') + "}"},
          {.expression = "${NOBODY_SETS_THIS:-" + std::string(size_bytes / 4, 'x') + "}"},
          {.expression = "${NOBODY_SETS_THIS:-" + std::string(size_bytes / 4, 'x') + "}"}};
}

TEST_F(PlannerTest, TellsASiteTheStacksThatNameIt) {
  const store::SiteNumber shop = add_site(1, "shop");
  const store::SiteNumber mast = add_site(2, "mast");
  put_stack("web", {"shop"});
  put_stack("cam", {"shop", "mast"});
  settle();
  EXPECT_EQ(stacks_told(shop), (Names{"cam", "web"}));
  EXPECT_EQ(stacks_told(mast), Names{"cam"});
  EXPECT_EQ(told(shop).first.term, 1U);
}

TEST_F(PlannerTest, MakesNoNewManifestWhereNothingChangesForTheSite) {
  const store::SiteNumber shop = add_site(1, "shop");
  const store::SiteNumber mast = add_site(2, "mast");
  put_stack("web", {"shop"});
  settle();
  const PlanNumber before = told(mast).first;
  put_stack("web", {"shop"}, 2);
  settle();
  EXPECT_EQ(told(mast).first, before);
  EXPECT_GT(told(shop).first, before);
}

TEST_F(PlannerTest, MakesNoNewManifestAfterARestart) {
  const store::SiteNumber shop = add_site(1, "shop");
  put_stack("web", {"shop"});
  settle();
  const PlanNumber before = told(shop).first;
  restart();
  settle();
  EXPECT_EQ(told(shop).first, before);
  EXPECT_EQ(planner->step().value(), Planner::Progress::idle);
}

TEST_F(PlannerTest, SaysUpToWhereEverySiteHasBeenTold) {
  add_site(1, "shop");
  put_stack("web", {"shop"});
  settle();
  EXPECT_EQ(planner->planned(), reader->head()->revision);
  put_stack("web", {"shop"}, 2);
  const std::uint64_t newest = reader->head()->revision;
  EXPECT_LT(planner->planned(), newest);
  settle();
  EXPECT_EQ(planner->planned(), newest);
}

TEST_F(PlannerTest, DeletedStackLeavesTheManifest) {
  const store::SiteNumber shop = add_site(1, "shop");
  put_stack("web", {"shop"});
  put_stack("cam", {"shop"});
  settle();
  must(store::DeleteObject{.kind = "Stack", .name = "web"});
  settle();
  EXPECT_EQ(stacks_told(shop), Names{"cam"});
}

TEST_F(PlannerTest, NeverDropsAStackBecauseItsReleaseCannotBeRead) {
  const store::SiteNumber shop = add_site(1, "shop");
  const Digest release = put_stack("web", {"shop"});
  put_stack("cam", {"shop"});
  settle();
  must(store::PutObject{.kind = "Release", .name = "web", .body = "rubbish"});
  put_stack("cam", {"shop"}, 2);
  settle();
  ASSERT_EQ(stacks_told(shop), (Names{"cam", "web"}));
  EXPECT_EQ(told(shop).second.stacks[1].release, release);
  EXPECT_TRUE(planner->unreadable().contains("web"));
}

TEST_F(PlannerTest, LeavesASiteAloneWhoseObjectIsGone) {
  const store::SiteNumber shop = add_site(1, "shop");
  put_stack("web", {"shop"});
  settle();
  const PlanNumber before = told(shop).first;
  must(store::DeleteObject{.kind = "Site", .name = "shop"});
  put_stack("web", {"shop"}, 2);
  settle();
  EXPECT_EQ(told(shop).first, before);
}

TEST_F(PlannerTest, TellsNothingToASiteWithoutACharterOrOfAnotherPlanner) {
  const store::SiteNumber waiting = must(store::AddSite{.id = site_id(1), .key = digest(1)}).site;
  describe_site(1, "shop");
  const store::SiteNumber foreign = add_site(2, "mast");
  must(store::SetCharter{.site = site_id(2),
                         .term = 2,
                         .seq = 1,
                         .envelope = "charter",
                         .key = digest(2),
                         .planner = digest(99)});
  put_stack("web", {"shop", "mast"});
  settle();
  EXPECT_FALSE(reader->told(waiting).value());
  EXPECT_FALSE(reader->told(foreign).value());
}

TEST_F(PlannerTest, NumbersManifestsByTheirBatchAndChainsBatches) {
  for (std::uint8_t which = 1; which <= 3; ++which) {
    add_site(which, "site" + std::to_string(which));
  }
  settle();
  put_stack("web", {"site1"});
  settle();
  const Digest key_name = key_id(crypto, key.public_key);
  const store::BatchRow first = reader->batch(key_name, 1).value().value();
  const store::BatchRow second = reader->batch(key_name, 2).value().value();
  EXPECT_EQ(first.size, 3U);
  EXPECT_EQ(second.size, 1U);
  EXPECT_EQ(second.previous, first.hash);
  EXPECT_EQ(told(1).first, (PlanNumber{.term = 1, .seq = 2}));
  EXPECT_EQ(told(2).first, (PlanNumber{.term = 1, .seq = 1}));
}

TEST_F(PlannerTest, SplitsManySitesIntoBatches) {
  for (int which = 0; which < 300; ++which) {
    Uuid id = site_id(7);
    Digest identity = digest(7);
    id.bytes[0] = identity.bytes[0] = static_cast<std::uint8_t>(which);
    id.bytes[1] = identity.bytes[1] = static_cast<std::uint8_t>(which >> 8);
    store::Change change;
    change.operations = {
        store::AddSite{.id = id, .key = identity},
        store::SetCharter{.site = id,
                          .term = 1,
                          .seq = 1,
                          .envelope = "charter",
                          .key = identity,
                          .planner = key_id(crypto, key.public_key)},
        store::PutObject{.kind = "Site", .name = "site" + std::to_string(which), .uid = id}};
    ASSERT_TRUE(writer->submit(std::move(change),
                               [](const Result<store::Outcome>& done) { EXPECT_TRUE(done); }));
  }
  ASSERT_TRUE(writer->drain());
  settle();
  EXPECT_EQ(reader->told_since(0, 1000).value().size(), 300U);
  EXPECT_EQ(reader->planner(key_id(crypto, key.public_key)).value().seq, 2U);
  EXPECT_EQ(told(300).first.seq, 2U);
}

TEST_F(PlannerTest, LooksAtSoManySitesInARoundAndGoesOnInTheNext) {
  for (std::uint8_t which = 1; which <= 5; ++which) {
    add_site(which, "site" + std::to_string(which));
  }
  restart({.sites_max = 2});
  std::vector<std::size_t> told;
  while (planner->step().value() != Planner::Progress::idle) {
    ASSERT_TRUE(writer->drain());
    told.push_back(reader->told_since(0, 10).value().size());
  }
  EXPECT_EQ(told, (std::vector<std::size_t>{2, 4, 5}));

  // Where nothing is to be told it takes as many rounds.
  restart({.sites_max = 2});
  int rounds = 1;
  for (; planner->step().value() != Planner::Progress::idle; ++rounds) {
  }
  EXPECT_EQ(rounds, 3);
}

TEST_F(PlannerTest, SignsSoManyBytesInARoundAndGoesOnInTheNext) {
  for (std::uint8_t which = 1; which <= 3; ++which) {
    add_site(which, "site" + std::to_string(which));
  }
  put_stack("web", {"site1", "site2", "site3"}, 1, slots_of(100'000));
  restart({.manifest_bytes_max = 150'000});
  std::vector<std::size_t> told;
  while (planner->step().value() != Planner::Progress::idle) {
    ASSERT_TRUE(writer->drain());
    told.push_back(reader->told_since(0, 10).value().size());
  }
  EXPECT_EQ(told, (std::vector<std::size_t>{2, 3}));
}

TEST_F(PlannerTest, EqualInputsGiveEqualPayloads) {
  const NewManifest manifest{.site = 1,
                             .id = site_id(1),
                             .term = 1,
                             .manifest = {.stacks = {{.name = "web", .release = digest(5)}}}};
  const store::PlannerRow before{.key = key_id(crypto, key.public_key), .seq = 7};
  const store::CommitPlan one = sign_plan({manifest}, before, key, crypto).value();
  const store::CommitPlan two = sign_plan({manifest}, before, key, crypto).value();
  EXPECT_EQ(one.told[0].digest, two.told[0].digest);
  EXPECT_EQ(one.told[0].number.seq, 8U);
}

TEST_F(PlannerTest, RestartAfterAnyStepEndsAtTheSameManifests) {
  const store::SiteNumber shop = add_site(1, "shop");
  const store::SiteNumber mast = add_site(2, "mast");
  put_stack("web", {"shop"});
  // The planner dies after each of its steps, with its last change committed or lost.
  for (int round = 0; round < 8; ++round) {
    ASSERT_TRUE(planner->step());
    if (round % 2 == 1) {
      ASSERT_TRUE(writer->drain());
      restart();
    } else {
      // The change was queued and never committed: the whole process dies.
      reader.reset();
      writer.reset();
      writer = store::Writer::open({.path = path()},
                                   {.clock = &clock, .random = &random, .crypto = &crypto})
                   .value();
      reader = store::Reader::open(path()).value();
      restart();
    }
  }
  settle();
  EXPECT_EQ(stacks_told(shop), Names{"web"});
  EXPECT_EQ(told(shop).first, (PlanNumber{.term = 1, .seq = 1}));
  EXPECT_EQ(told(mast).first, (PlanNumber{.term = 1, .seq = 1}));
}

TEST_F(PlannerTest, TwoPlannersOfOneKeyFenceEachOther) {
  const store::SiteNumber shop = add_site(1, "shop");
  put_stack("web", {"shop"});
  Planner twin(planner_environment());
  ASSERT_TRUE(planner->step());
  ASSERT_TRUE(twin.step());
  ASSERT_TRUE(writer->drain());
  for (int round = 0; round < 4; ++round) {
    ASSERT_TRUE(planner->step());
    ASSERT_TRUE(twin.step());
    ASSERT_TRUE(writer->drain());
  }
  EXPECT_EQ(told(shop).first, (PlanNumber{.term = 1, .seq = 1}));
}

TEST_F(PlannerTest, CharterThatOvertakesAPlanFencesItOff) {
  const store::SiteNumber shop = add_site(1, "shop");
  put_stack("web", {"shop"});
  std::vector<std::pair<store::Change, store::Done>> held_up;
  Environment environment = planner_environment();
  environment.submit = [&](store::Change change, store::Done done) {
    held_up.emplace_back(std::move(change), std::move(done));
    return Status();
  };
  planner = std::make_unique<Planner>(environment);
  ASSERT_EQ(planner->step().value(), Planner::Progress::waiting);
  charter(1, 2);
  ASSERT_TRUE(writer->submit(std::move(held_up[0].first), std::move(held_up[0].second)));
  ASSERT_TRUE(writer->drain());
  EXPECT_FALSE(reader->told(shop).value());
  // The planner looks again and numbers in the new term.
  ASSERT_EQ(planner->step().value(), Planner::Progress::waiting);
  ASSERT_TRUE(writer->submit(std::move(held_up[1].first), std::move(held_up[1].second)));
  ASSERT_TRUE(writer->drain());
  EXPECT_EQ(told(shop).first, (PlanNumber{.term = 2, .seq = 1}));
}

TEST_F(PlannerTest, SignsNothingOnceItIsBehind) {
  const store::SiteNumber shop = add_site(1, "shop");
  settle();
  const PlanNumber before = told(shop).first;
  must(store::MarkBehind{
      .planner = key_id(crypto, key.public_key), .site = site_id(1), .seq_shown = 40});
  put_stack("web", {"shop"});
  settle();
  EXPECT_TRUE(planner->is_behind());
  EXPECT_EQ(told(shop).first, before);
  restart();
  settle();
  EXPECT_EQ(told(shop).first, before);
}

TEST_F(PlannerTest, KeepsAsToldAStackThatCannotBePlacedAnyMore) {
  const store::SiteNumber shop = add_site(1, "shop");
  const Digest running = put_stack("web", {"shop"});
  settle();
  put_stack("web", {"shop"}, 2, {{.expression = "${NAME:?is not set}"}});
  const Digest other = put_stack("cam", {"shop"});
  settle();
  ASSERT_EQ(stacks_told(shop), (Names{"cam", "web"}));
  EXPECT_EQ(told(shop).second.stacks[0].release, other);
  EXPECT_EQ(told(shop).second.stacks[1].release, running);
  EXPECT_EQ(planner->held().at(shop).code, "PlacingFailed");
}

TEST_F(PlannerTest, NeverTellsASiteMoreThanItReads) {
  const store::SiteNumber shop = add_site(1, "shop");
  put_stack("web", {"shop"}, 1, slots_of(700'000));
  settle();
  put_stack("cam", {"shop"}, 1, slots_of(800'000));
  const Digest small = put_stack("zoo", {"shop"});
  settle();
  ASSERT_EQ(stacks_told(shop), (Names{"web", "zoo"}));
  EXPECT_EQ(told(shop).second.stacks[1].release, small);
  EXPECT_EQ(planner->held().at(shop).code, "PlacingFailed");
  EXPECT_EQ(planner->held().at(shop).subject, "stack cam");
}

TEST_F(PlannerTest, KeepsAsToldAStackThatGrowsTheManifestTooFar) {
  const store::SiteNumber shop = add_site(1, "shop");
  const Digest before = put_stack("cam", {"shop"});
  put_stack("web", {"shop"}, 1, slots_of(700'000));
  settle();
  put_stack("cam", {"shop"}, 2, slots_of(800'000));
  settle();
  ASSERT_EQ(stacks_told(shop), (Names{"cam", "web"}));
  EXPECT_EQ(told(shop).second.stacks[0].release, before);
}

TEST_F(PlannerTest, NeverTellsASiteMoreValuesThanItReads) {
  const store::SiteNumber shop = add_site(1, "shop");
  // Each release alone is far below its own cap.
  put_stack("cam", {"shop"}, 1, std::vector<document::Slot>(15'000, {.expression = "${A}"}));
  put_stack("web", {"shop"}, 1, std::vector<document::Slot>(14'000, {.expression = "${A}"}));
  put_stack("zoo", {"shop"}, 1, std::vector<document::Slot>(14'000, {.expression = "${A}"}));
  put_stack("elk", {"shop"}, 1, std::vector<document::Slot>(14'000, {.expression = "${A}"}));
  settle();
  EXPECT_EQ(stacks_told(shop), (Names{"elk", "web", "zoo"}));
}

TEST_F(PlannerTest, SaysAnewWhatCannotBeReadBack) {
  const store::SiteNumber shop = add_site(1, "shop");
  const NewManifest damaged{
      .site = shop,
      .id = site_id(1),
      .term = 1,
      .manifest = {.stacks = {{.name = "web",
                               .release = digest(5),
                               .slot_values = {std::string(2'000'000, 'x')}}}}};
  const store::PlannerRow nothing_yet{.key = key_id(crypto, key.public_key)};
  must(sign_plan({damaged}, nothing_yet, key, crypto).value());
  put_stack("web", {"shop"});
  put_stack("cam", {"shop"}, 1, {{.expression = "${NAME:?is not set}"}});
  settle();
  EXPECT_EQ(planner->held().at(shop).code, "ToldUnreadable")
      << "it may run cam, and nothing says what of it";
  must(store::DeleteObject{.kind = "Stack", .name = "cam"});
  settle();
  EXPECT_EQ(stacks_told(shop), Names{"web"});
}

TEST_F(PlannerTest, PlansAgainWhenAFactFillsASlotDifferently) {
  const store::SiteNumber shop = add_site(1, "shop");
  put_stack("web", {"shop"}, 1, {{.expression = "${SKERRY_SITE_FACT_ARCH}"}});
  must(store::SetFacts{.site = shop, .facts = {{.name = "arch", .value = "amd64"}}});
  settle();
  EXPECT_EQ(told(shop).second.stacks[0].slot_values, Names{"amd64"});
  must(store::SetFacts{.site = shop, .facts = {{.name = "arch", .value = "arm64"}}});
  settle();
  EXPECT_EQ(told(shop).second.stacks[0].slot_values, Names{"arm64"});
}

TEST_F(PlannerTest, FirstManifestOfANewTermRepeatsWhatTheSiteWasTold) {
  const store::SiteNumber shop = add_site(1, "shop");
  put_stack("web", {"shop"});
  settle();
  const document::Manifest running = told(shop).second;
  charter(1, 2, true);
  put_stack("web", {"shop"}, 2);
  settle();
  EXPECT_EQ(told(shop).first.term, 2U);
  EXPECT_EQ(told(shop).second, running);
  EXPECT_EQ(planner->held().at(shop).code, "Adopting");

  report(shop, {.accepted = told(shop).first});
  settle();
  EXPECT_NE(told(shop).second, running);
  EXPECT_FALSE(reader->site(shop).value()->adopting);
}

TEST_F(PlannerTest, WaitsForTheReportOfAnUnknownSiteThatAdopts) {
  const store::SiteNumber shop = add_site(1, "shop");
  charter(1, 2, true);
  put_stack("web", {"shop"});
  settle();
  EXPECT_FALSE(reader->told(shop).value());
  // It runs something that nothing here would tell it to run.
  report(shop, {.stacks = {{.name = "old", .release = digest(9)}}});
  settle();
  EXPECT_FALSE(reader->told(shop).value());
  EXPECT_EQ(planner->held().at(shop).code, "AdoptionNeedsDecision");
}

TEST_F(PlannerTest, TakesOverAnUnknownSiteThatRunsExactlyWhatItWouldBeTold) {
  const store::SiteNumber shop = add_site(1, "shop");
  charter(1, 2, true);
  const Digest release = put_stack("web", {"shop"});
  settle();
  report(shop, {.stacks = {{.name = "web", .release = release}}});
  settle();
  EXPECT_EQ(stacks_told(shop), Names{"web"});
  EXPECT_EQ(told(shop).first.term, 2U);
}

TEST_F(PlannerTest, ARestoredServerKeepsAStackAsASiteWasToldItUntilSomebodyDecides) {
  const store::SiteNumber shop = add_site(1, "shop");
  const Digest running = put_stack("web", {"shop"});
  settle();
  begin_restore();
  put_stack("web", {"shop"}, 2);
  put_stack("cam", {"shop"});
  settle();
  ASSERT_EQ(stacks_told(shop), Names{"web"});
  EXPECT_EQ(told(shop).second.stacks[0].release, running);
  EXPECT_EQ(planner->held().at(shop).code, "RestoreUndecided");
  EXPECT_EQ(planner->held().at(shop).subject, "stack cam");
  decide_on("cam");
  settle();
  ASSERT_EQ(stacks_told(shop), (Names{"cam", "web"}));
  EXPECT_EQ(told(shop).second.stacks[1].release, running);
  decide_on("web");
  settle();
  EXPECT_NE(told(shop).second.stacks[1].release, running);
  EXPECT_FALSE(planner->held().contains(shop));
}

TEST_F(PlannerTest, ARestoredServerRemovesAStackItDoesNotKnowOnlyWhenSomebodyDecides) {
  const store::SiteNumber shop = add_site(1, "shop");
  put_stack("web", {"shop"});
  settle();
  begin_restore();
  must(store::DeleteObject{.kind = "Stack", .name = "web"});
  settle();
  EXPECT_EQ(stacks_told(shop), Names{"web"});
  EXPECT_TRUE(planner->unknown().contains("web"));
  restart();
  settle();
  EXPECT_EQ(stacks_told(shop), Names{"web"});
  EXPECT_TRUE(planner->unknown().contains("web"));
  decide_on("web");
  settle();
  EXPECT_EQ(stacks_told(shop), Names{});
  EXPECT_FALSE(planner->unknown().contains("web"));
}

TEST_F(PlannerTest, AFinishedRestorePlansAsTheStoreSays) {
  const store::SiteNumber shop = add_site(1, "shop");
  begin_restore();
  put_stack("web", {"shop"});
  settle();
  EXPECT_EQ(stacks_told(shop), Names{});
  must(store::DeleteObject{.kind = std::string(recovery::restore_kind),
                           .name = std::string(recovery::restore_name)});
  settle();
  EXPECT_EQ(stacks_told(shop), Names{"web"});
}

TEST_F(PlannerTest, AdoptsASiteByTheLaterManifestThatItShows) {
  const store::SiteNumber shop = add_site(1, "shop");
  put_stack("web", {"shop"});
  settle();
  const PlanNumber known = told(shop).first;
  begin_restore();
  charter(1, 2, true);
  settle();
  EXPECT_EQ(told(shop).first, known) << "before the site has said what it runs";
  const PlanNumber later{.term = 1, .seq = known.seq + 40};
  report(shop, {.accepted = later});
  settle();
  EXPECT_EQ(told(shop).first, known) << "what the store knows is older than what the site runs";

  const document::Manifest running{.stacks = {{.name = "late", .release = digest(9)}}};
  const store::PlannerRow then{.key = key_id(crypto, key.public_key), .seq = later.seq - 1};
  const store::CommitPlan lost =
      sign_plan(
          {{.site = shop, .id = site_id(1), .term = 1, .manifest = running}}, then, key, crypto)
          .value();
  must(store::LearnTold{.told = lost.told[0]});
  settle();
  EXPECT_EQ(told(shop).first.term, 2U);
  EXPECT_EQ(told(shop).second, running);
}

TEST_F(PlannerTest, ReadsEverythingAgainWhereTheFeedWasCompacted) {
  const store::SiteNumber shop = add_site(1, "shop");
  settle();
  put_stack("web", {"shop"});
  must(store::CompactFeed{.through = reader->head().value().revision});
  settle();
  EXPECT_EQ(stacks_told(shop), Names{"web"});
}

}  // namespace

}  // namespace skerry::planner
