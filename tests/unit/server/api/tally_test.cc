#include "server/api/tally.h"

#include <gtest/gtest.h>

#include "document/codec.h"
#include "net/worker.h"
#include "unit/server/store/store_fixture.h"

namespace skerry::api {
namespace {

class TallyTest : public store::StoreTest {
 protected:
  TallyTest() {
    desk.environment.presence = [this](store::SiteNumber site) {
      return Presence{.connected = connected.contains(site)};
    };
    desk.environment.planned = [this] { return planned; };
  }

  void put_site(std::uint8_t which, const std::string& type) {
    v1::Site site;
    site.mutable_metadata()->set_name(name_of(which));
    (*site.mutable_metadata()->mutable_labels())["type"] = type;
    must(store::PutObject{.kind = "Site",
                          .name = name_of(which),
                          .body = site.SerializeAsString(),
                          .uid = site_id(which)});
  }

  void put_stack(const std::string& name, const std::string& type, std::uint8_t release = 1) {
    v1::Stack stack;
    stack.mutable_metadata()->set_name(name);
    (*stack.mutable_spec()->mutable_targets()->mutable_selector()->mutable_match_labels())["type"] =
        type;
    must(store::PutObject{.kind = "Stack", .name = name, .body = stack.SerializeAsString()});
    must(store::PutObject{.kind = "Release", .name = name, .body = to_string(digest(release))});
  }

  document::PlanNumber tell(store::SiteNumber site) {
    const store::PlannerRow before = reader->planner(planner_key).value();
    const document::PlanNumber number{.term = 1, .seq = before.seq + 1};
    store::CommitPlan plan{.planner = planner_key, .seq_before = before.seq};
    plan.batches.push_back({.seq = number.seq,
                            .previous = before.previous,
                            .size = 1,
                            .hash = crypto.sha256("batch " + std::to_string(number.seq))});
    plan.told.push_back({.site = site, .number = number, .envelope = "manifest"});
    must(std::move(plan));
    return number;
  }

  void report(store::SiteNumber site,
              const std::string& stack,
              document::WorkloadState state,
              std::uint8_t release = 1) {
    const document::Report said{
        .stacks = {{.name = stack, .release = digest(release), .state = state}}};
    must(store::SetState{
        .state = {.site = site,
                  .number = {.start = 1, .seq = ++reports},
                  .accepted = reader->told_number(site).value().value_or(document::PlanNumber{})},
        .report = document::encode(said)});
  }

  static std::string name_of(std::uint8_t which) { return "site-" + std::to_string(which); }

  v1::Stack bare(const std::string& name) {
    return show_stack(desk, reader->object("Stack", name).value().value()).value();
  }

  /// As the tally has it.
  std::string kept(const std::string& name) {
    v1::Stack stack = bare(name);
    tally.show(stack);
    return stack.status().sites().ShortDebugString();
  }

  /// Counted from all sites.
  std::string counted(const std::string& name) {
    v1::Stack stack = bare(name);
    EXPECT_TRUE(add_sites(desk, stack));
    return stack.status().sites().ShortDebugString();
  }

  std::set<store::SiteNumber> connected;
  std::uint64_t planned = UINT64_MAX;
  std::uint64_t reports = 0;
  std::unique_ptr<net::Worker> worker = net::Worker::start().value();
  Desk desk{.environment = {.reader = reader.get(), .crypto = &crypto, .clock = &clock},
            .gate = {*reader, clock, crypto},
            .worker = *worker,
            .hasher = *worker};
  Tally tally{desk};
};

using document::WorkloadState;

TEST_F(TallyTest, ItsFirstLookIsNoNews) {
  put_stack("web", "store");
  const Tally::News news = tally.refresh().value();
  EXPECT_TRUE(news.stacks.empty());
  EXPECT_EQ(tally.all().stacks, std::set<std::string>{"web"});
}

TEST_F(TallyTest, OnlyWhatCountsOtherwiseIsNews) {
  const store::SiteNumber site = add_site(1);
  put_site(1, "store");
  put_stack("web", "store");
  put_stack("cam", "mast");
  ASSERT_TRUE(tally.refresh());
  tell(site);
  report(site, "web", WorkloadState::healthy);
  const Tally::News news = tally.refresh().value();
  EXPECT_EQ(news.stacks, std::set<std::string>{"web"});
  EXPECT_EQ(news.sites, std::set<std::string>{"site-1"});
  report(site, "web", WorkloadState::healthy);
  EXPECT_TRUE(tally.refresh()->stacks.empty()) << "the site is news, its stack is not";
}

TEST_F(TallyTest, SeesWhoCameAndWentThoughTheStoreSaysNothing) {
  const store::SiteNumber site = add_site(1);
  put_site(1, "store");
  put_stack("web", "store");
  ASSERT_TRUE(tally.refresh());
  connected.insert(site);
  clock.time += std::chrono::seconds(1);
  EXPECT_EQ(tally.refresh()->stacks, std::set<std::string>{"web"});
  EXPECT_EQ(kept("web"), counted("web"));
}

TEST_F(TallyTest, TellsThatThePlannerHasLookedAtAStack) {
  put_stack("web", "store");
  planned = 0;
  ASSERT_TRUE(tally.refresh());
  planned = reader->head()->revision;
  EXPECT_EQ(tally.refresh()->stacks, std::set<std::string>{"web"});
}

TEST_F(TallyTest, BeginsAgainWhereTheFeedNoLongerReaches) {
  put_stack("web", "store");
  ASSERT_TRUE(tally.refresh());
  put_stack("cam", "store");
  must(store::CompactFeed{.through = reader->head()->revision});
  EXPECT_EQ(tally.refresh()->stacks, (std::set<std::string>{"cam", "web"}));
}

TEST_F(TallyTest, IsNotStoppedByAStackThatCannotBeRead) {
  put_stack("web", "store");
  must(store::PutObject{.kind = "Stack", .name = "bad", .body = "\xff\xff"});
  ASSERT_TRUE(tally.refresh());
  EXPECT_EQ(tally.all().stacks, std::set<std::string>{"web"});
}

/// Whatever happens, in whatever order, what was kept is what a count of everything gives.
TEST_F(TallyTest, AlwaysEqualsACountOfAllSites) {
  constexpr std::array<const char*, 2> types{"store", "mast"};
  constexpr std::array<const char*, 3> stacks{"web", "cam", "pos"};
  std::uint32_t seed = 7;
  const auto pick = [&seed](std::uint32_t count) {
    seed = seed * 1'664'525U + 1'013'904'223U;
    return (seed >> 16U) % count;
  };
  std::vector<store::SiteNumber> sites;
  for (std::uint8_t which = 1; which <= 6; ++which) {
    sites.push_back(add_site(which));
    put_site(which, types[which % 2]);
  }
  for (int step = 0; step < 400; ++step) {
    const std::uint32_t site = pick(6);
    const std::string stack = stacks[pick(3)];
    switch (pick(8)) {
      case 0:
        put_stack(stack, types[pick(2)], static_cast<std::uint8_t>(1 + pick(2)));
        break;
      case 1:
        static_cast<void>(apply(store::DeleteObject{.kind = "Stack", .name = stack}));
        break;
      case 2:
        put_site(static_cast<std::uint8_t>(site + 1), types[pick(2)]);
        break;
      case 3:
        tell(sites[site]);
        break;
      case 4:
        if (connected.erase(sites[site]) == 0) {
          connected.insert(sites[site]);
        }
        clock.time += std::chrono::seconds(1);
        break;
      default:
        report(sites[site],
               stack,
               static_cast<WorkloadState>(1 + pick(8)),
               static_cast<std::uint8_t>(1 + pick(2)));
    }
    if (pick(3) != 0) {
      continue;
    }
    ASSERT_TRUE(tally.refresh());
    for (const std::string& name : tally.all().stacks) {
      ASSERT_EQ(kept(name), counted(name)) << name << " at step " << step;
    }
  }
}

}  // namespace
}  // namespace skerry::api
