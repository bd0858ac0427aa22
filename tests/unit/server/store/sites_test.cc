#include "server/store/codes.h"
#include "unit/server/store/store_fixture.h"

namespace skerry::store {

namespace {

class SitesTest : public StoreTest {
 protected:
  /// A plan of one batch over the given sites, as a planner would sign it on top of `before`.
  CommitPlan plan(const PlannerRow& before, const std::vector<SiteNumber>& sites) const {
    const std::uint64_t seq = before.seq + 1;
    const Digest hash = crypto.sha256("batch " + std::to_string(seq));
    CommitPlan plan{.planner = planner_key, .seq_before = before.seq};
    plan.batches.push_back({.seq = seq, .previous = before.previous, .size = 1, .hash = hash});
    for (const SiteNumber site : sites) {
      plan.told.push_back({.site = site,
                           .number = {.term = 1, .seq = seq},
                           .digest = digest(7),
                           .envelope = "manifest " + std::to_string(seq)});
    }
    return plan;
  }

  SetState state(SiteNumber site, document::ReportNumber number, const std::string& report) const {
    return {.state = {.site = site, .number = number, .seen_at = clock.time}, .report = report};
  }
};

TEST_F(SitesTest, NumbersSitesDenselyFromOne) {
  EXPECT_EQ(add_site(1), 1U);
  EXPECT_EQ(add_site(2), 2U);
  EXPECT_EQ(reader->site_by_id(site_id(2)).value()->number, 2U);
  EXPECT_EQ(reader->site_by_key(digest(1)).value()->number, 1U);
  EXPECT_EQ(reader->sites(1, 10).value().size(), 1U);
}

TEST_F(SitesTest, WaitsWithoutACharterUntilOneIsSet) {
  must(AddSite{.id = site_id(1), .key = digest(1), .request = "name: shop"});
  const SiteRow waiting = reader->site(1).value().value();
  EXPECT_TRUE(waiting.charter.empty());
  EXPECT_EQ(waiting.term, 0U);
  EXPECT_EQ(waiting.request, "name: shop");
}

TEST_F(SitesTest, RefusesASecondSiteWithTheSameKey) {
  add_site(1);
  const Result<Outcome> twin = apply(AddSite{.id = site_id(2), .key = digest(1)});
  ASSERT_FALSE(twin);
  EXPECT_EQ(twin.error().code, already_exists);
}

TEST_F(SitesTest, TakesChartersOnlyForward) {
  add_site(1);
  const Result<Outcome> same = apply(SetCharter{.site = site_id(1), .term = 1, .seq = 1});
  ASSERT_FALSE(same);
  EXPECT_EQ(same.error().code, fenced);
  must(SetCharter{.site = site_id(1), .term = 2, .seq = 1, .envelope = "second", .key = digest(1)});
  EXPECT_EQ(reader->charters(1).value(), (std::vector<std::string>{"charter", "second"}));
  EXPECT_EQ(reader->site(1).value()->term, 2U);
}

TEST_F(SitesTest, FeedOfSitesShowsEachOnceAtItsNewestVersion) {
  add_site(1);
  add_site(2);
  const std::uint64_t seen = reader->head().value().version;
  const std::vector<document::Fact> facts = {{.name = "arch", .value = "arm64"}};
  must(SetFacts{.site = 1, .facts = facts});
  EXPECT_FALSE(must(SetFacts{.site = 1, .facts = facts}).changed);
  const std::vector<SiteRow> changed = reader->sites_since(seen, 10).value();
  ASSERT_EQ(changed.size(), 1U);
  EXPECT_EQ(changed[0].facts, facts);
}

TEST_F(SitesTest, EndsAnAdoptionOnlyInItsTerm) {
  add_site(1);
  EXPECT_FALSE(apply(EndAdoption{.site = 1, .term = 1}));
  must(SetCharter{.site = site_id(1), .term = 2, .seq = 1, .key = digest(1), .adopting = true});
  EXPECT_EQ(apply(EndAdoption{.site = 1, .term = 1}).error().code, fenced);
  EXPECT_TRUE(reader->site(1).value()->adopting);
  must(EndAdoption{.site = 1, .term = 2});
  EXPECT_FALSE(reader->site(1).value()->adopting);
}

TEST_F(SitesTest, CommitsAPlanWhole) {
  const SiteNumber site = add_site(1);
  must(plan({}, {site}));
  const ToldRow told = reader->told(site).value().value();
  EXPECT_EQ(told.number, (document::PlanNumber{.term = 1, .seq = 1}));
  EXPECT_EQ(told.envelope, "manifest 1");
  EXPECT_EQ(reader->planner(planner_key).value().seq, 1U);
  EXPECT_EQ(reader->batch(planner_key, 1).value()->hash, crypto.sha256("batch 1"));
}

TEST_F(SitesTest, RefusesAPlanMadeOnAnOlderCounter) {
  const SiteNumber site = add_site(1);
  must(plan({}, {site}));
  const Result<Outcome> late = apply(plan({}, {site}));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, fenced);
}

TEST_F(SitesTest, RefusesABatchThatDoesNotChain) {
  const SiteNumber site = add_site(1);
  must(plan({}, {site}));
  PlannerRow wrong = reader->planner(planner_key).value();
  wrong.previous = digest(66);
  const Result<Outcome> torn = apply(plan(wrong, {site}));
  ASSERT_FALSE(torn);
  EXPECT_EQ(torn.error().code, fenced);
}

TEST_F(SitesTest, RefusesAPlanForASiteOfAnotherTermOrPlanner) {
  const SiteNumber site = add_site(1);
  must(SetCharter{
      .site = site_id(1), .term = 2, .seq = 1, .key = digest(1), .planner = planner_key});
  const Result<Outcome> old_term = apply(plan({}, {site}));
  ASSERT_FALSE(old_term);
  EXPECT_EQ(old_term.error().code, fenced);
  must(SetCharter{
      .site = site_id(1), .term = 3, .seq = 1, .key = digest(1), .planner = digest(201)});
  CommitPlan usurped = plan({}, {site});
  usurped.told[0].number.term = 3;
  EXPECT_EQ(apply(usurped).error().code, fenced);
  EXPECT_EQ(reader->planner(planner_key).value().seq, 0U);
}

TEST_F(SitesTest, RefusesAPlanForASiteWhoseCharterEnded) {
  const SiteNumber site = add_site(1);
  must(SetCharter{.site = site_id(1),
                  .term = 1,
                  .seq = 2,
                  .key = digest(1),
                  .planner = planner_key,
                  .ended = true});
  EXPECT_EQ(apply(plan({}, {site})).error().code, fenced);
}

TEST_F(SitesTest, SignsNothingMoreOnceASiteHasShownALaterNumber) {
  const SiteNumber site = add_site(1);
  must(plan({}, {site}));
  EXPECT_FALSE(
      must(MarkBehind{.planner = planner_key, .site = site_id(1), .seq_shown = 1}).changed);
  must(MarkBehind{.planner = planner_key, .site = site_id(1), .seq_shown = 9});
  const PlannerRow planner = reader->planner(planner_key).value();
  EXPECT_TRUE(planner.is_behind());
  EXPECT_EQ(planner.seq, 1U);
  EXPECT_EQ(apply(plan(planner, {site})).error().code, planner_behind);
}

TEST_F(SitesTest, FollowsWhatWasToldByCursor) {
  const SiteNumber first = add_site(1);
  const SiteNumber second = add_site(2);
  must(plan({}, {first, second}));
  const std::vector<ToldRow> all = reader->told_since(0, 10).value();
  ASSERT_EQ(all.size(), 2U);
  must(plan(reader->planner(planner_key).value(), {first}));
  const std::vector<ToldRow> next = reader->told_since(all.back().version, 10).value();
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].site, first);
  EXPECT_EQ(next[0].number.seq, 2U);
}

TEST_F(SitesTest, NewestStateWinsByNumberAndNeverByArrival) {
  const SiteNumber site = add_site(1);
  must(state(site, {.start = 2, .seq = 5}, "newer"));
  EXPECT_FALSE(must(state(site, {.start = 1, .seq = 90}, "older")).changed);
  EXPECT_FALSE(must(state(site, {.start = 2, .seq = 5}, "again")).changed);
  EXPECT_EQ(reader->report(site).value(), "newer");
  EXPECT_TRUE(must(state(site, {.start = 3, .seq = 1}, "restarted")).changed);
  EXPECT_EQ(reader->state(site).value()->number, (document::ReportNumber{.start = 3, .seq = 1}));
}

TEST_F(SitesTest, RefusesTheStateOfAnUnknownSite) {
  const Result<Outcome> lost = apply(state(77, {.start = 1, .seq = 1}, "x"));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, site_not_found);
}

TEST_F(SitesTest, StatusFeedGivesTheNewestOfEachSiteOnce) {
  const SiteNumber first = add_site(1);
  const SiteNumber second = add_site(2);
  must(state(first, {.start = 1, .seq = 1}, "a"));
  must(state(second, {.start = 1, .seq = 1}, "b"));
  must(state(first, {.start = 1, .seq = 2}, "c"));
  const StatePage page = reader->states_since({}, 10).value();
  ASSERT_EQ(page.rows.size(), 2U);
  EXPECT_EQ(page.rows[0].site, second);
  EXPECT_EQ(page.rows[1].number.seq, 2U);
  EXPECT_TRUE(reader->states_since(page.next, 10).value().rows.empty());
}

TEST_F(SitesTest, StatusFeedStartsAgainForACursorOfAnotherLife) {
  const SiteNumber site = add_site(1);
  must(state(site, {.start = 1, .seq = 1}, "a"));
  StatusCursor ahead;
  ahead.advance(reader->head().value().writer, 1'000'000);
  EXPECT_EQ(reader->states_since(ahead, 10).value().rows.size(), 1U);
  StatusCursor stranger;
  stranger.advance(site_id(99), 1'000'000);
  EXPECT_EQ(reader->states_since(stranger, 10).value().rows.size(), 1U);
}

EventRow event(std::uint64_t start, std::uint64_t seq, std::uint64_t count = 1) {
  return {.number = {.start = start, .seq = seq}, .count = count, .code = "drift_reverted"};
}

TEST_F(SitesTest, StoresEachEventOnceHoweverOftenItComes) {
  const SiteNumber site = add_site(1);
  must(AddEvents{.site = site, .events = {event(1, 1), event(1, 2)}});
  must(AddEvents{.site = site, .events = {event(1, 1), event(1, 2), event(1, 3)}});
  EXPECT_FALSE(must(AddEvents{.site = site, .events = {event(1, 3)}}).changed);
  const EventPage page = reader->events_since(0, 10).value();
  ASSERT_EQ(page.rows.size(), 3U);
  EXPECT_EQ(page.rows[2].number.seq, 3U);
  EXPECT_EQ(reader->events_position(site).value(), (document::ReportNumber{.start = 1, .seq = 3}));
}

TEST_F(SitesTest, AGapTakesTheNumbersItStandsFor) {
  const SiteNumber site = add_site(1);
  must(AddEvents{.site = site, .events = {event(1, 1), event(1, 2, 10)}});
  EXPECT_FALSE(must(AddEvents{.site = site, .events = {event(1, 11)}}).changed);
  EXPECT_TRUE(must(AddEvents{.site = site, .events = {event(1, 12)}}).changed);
  EXPECT_EQ(reader->events_since(0, 10).value().rows[1].count, 10U);
}

TEST_F(SitesTest, EventsOfASiteComeNewestFirst) {
  const SiteNumber first = add_site(1);
  const SiteNumber second = add_site(2);
  must(AddEvents{.site = first, .events = {event(1, 1), event(1, 2)}});
  must(AddEvents{.site = second, .events = {event(1, 1)}});
  must(AddEvents{.site = first, .events = {event(2, 1)}});
  const std::vector<EventRow> rows = reader->events_of(first, 0, 2).value();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].number.start, 2U);
  EXPECT_EQ(rows[1].number.seq, 2U);
  EXPECT_EQ(reader->events_of(first, rows[1].id, 2).value().size(), 1U);
}

TEST_F(SitesTest, EventsOfAllSitesComeNewestFirstPageByPage) {
  const SiteNumber first = add_site(1);
  const SiteNumber second = add_site(2);
  must(AddEvents{.site = first, .events = {event(1, 1), event(1, 2)}});
  must(AddEvents{.site = second, .events = {event(1, 1)}});
  const std::vector<EventRow> newest = reader->newest_events(0, 2).value();
  ASSERT_EQ(newest.size(), 2U);
  EXPECT_EQ(newest[0].site, second);
  EXPECT_EQ(newest[1].number.seq, 2U);
  const std::vector<EventRow> before = reader->newest_events(newest[1].id, 2).value();
  ASSERT_EQ(before.size(), 1U);
  EXPECT_EQ(before[0].number.seq, 1U);
}

TEST_F(SitesTest, CountsEventsAndNotTheirMessagesTowardsTheCap) {
  shut();
  open({.events_max = 100});
  const SiteNumber site = add_site(1);
  AddEvents batch{.site = site};
  for (std::uint64_t seq = 1; seq <= 1024; ++seq) {
    batch.events.push_back(event(1, seq));
  }
  ASSERT_TRUE(writer->apply({.operations = {batch}, .lane = Change::Lane::events}));
  EXPECT_EQ(reader->events_since(0, 2000).value().rows.size(), 100U);
}

TEST_F(SitesTest, DropsTheOldestEventsBeyondTheCapAndSaysSo) {
  shut();
  open({.events_max = 100});
  const SiteNumber site = add_site(1);
  for (std::uint64_t seq = 1; seq <= 1024; ++seq) {
    Change change{.operations = {AddEvents{.site = site, .events = {event(1, seq)}}},
                  .lane = Change::Lane::events};
    ASSERT_TRUE(writer->submit(std::move(change), [](const Result<Outcome>&) {}));
  }
  ASSERT_TRUE(writer->drain());
  const EventPage page = reader->events_since(0, 2000).value();
  EXPECT_EQ(page.rows.size(), 100U);
  EXPECT_EQ(page.pruned_through, 924U);
  // What was dropped is still known to have been heard.
  EXPECT_FALSE(must(AddEvents{.site = site, .events = {event(1, 5)}}).changed);
}

}  // namespace

}  // namespace skerry::store
