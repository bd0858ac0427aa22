#include "reconcile/restart.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace skerry::reconcile {
namespace {

using document::Service;

struct Row {
  const char* name;
  Service service;
};

std::vector<Row> rows() {
  return {
      {"absent", {}},
      {"`no`", {.restart = Service::Restart::no}},
      {"`on-failure`", {.restart = Service::Restart::on_failure}},
      {"`on-failure:N`, fewer than N restarts",
       {.restart = Service::Restart::on_failure, .restart_retries_max = 9}},
      {"`on-failure:N`, N restarts",
       {.restart = Service::Restart::on_failure, .restart_retries_max = 3}},
      {"`always`", {.restart = Service::Restart::always}},
      {"`unless-stopped`", {.restart = Service::Restart::unless_stopped}},
      {"a one-shot without `restart`", {.one_shot = true}},
      {"a one-shot with `no`", {.restart = Service::Restart::no, .one_shot = true}},
  };
}

std::string words(Restarting restarting) {
  switch (restarting) {
    case Restarting::leave:
      return "stays";
    case Restarting::leave_failed:
      return "stays, Failed";
    case Restarting::after_backoff:
      return "started, back-off";
    case Restarting::at_once:
      return "started at once";
  }
  return "";
}

std::string table_row(const Row& row) {
  std::string text = std::string("| ") + row.name + " |";
  for (const auto ending : {Ending::success, Ending::failure, Ending::signal, Ending::by_hand}) {
    text += " " + words(restarting(row.service, ending, 3)) + " |";
  }
  return text;
}

TEST(Restarts, AreTheTableThatUsersRead) {
  std::ifstream in(SKERRY_SOURCE_DIR "/docs/restarts.md");
  std::stringstream text;
  text << in.rdbuf();
  for (const auto& row : rows()) {
    EXPECT_NE(text.str().find(table_row(row) + "\n"), std::string::npos)
        << "docs/restarts.md lacks\n"
        << table_row(row);
  }
}

TEST(Restarts, TellEndingsApart) {
  EXPECT_EQ(ending({.exit_code = 0}), Ending::success);
  EXPECT_EQ(ending({.exit_code = 1}), Ending::failure);
  EXPECT_EQ(ending({.exit_code = 128}), Ending::failure);
  EXPECT_EQ(ending({.exit_code = 137}), Ending::signal);
  EXPECT_EQ(ending({.exit_code = 137, .stopped_by_hand = true}), Ending::by_hand);
  EXPECT_EQ(ending({.exit_code = 0, .stopped_by_hand = true}), Ending::by_hand);
}

TEST(Restarts, BackOffFromOneSecondToFiveMinutes) {
  std::vector<std::int64_t> waits;
  for (std::uint32_t failures = 0; failures < 12; ++failures) {
    waits.push_back(backoff(failures).count());
  }
  EXPECT_EQ(waits, (std::vector<std::int64_t>{0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300}));
  EXPECT_EQ(backoff(4'000'000'000U).count(), 300);
}

TEST(Restarts, RepairThreeTimesBeforeTheyWait) {
  EXPECT_EQ(repair_delay(1).count(), 0);
  EXPECT_EQ(repair_delay(2).count(), 0);
  EXPECT_EQ(repair_delay(3).count(), 1);
  EXPECT_EQ(repair_delay(4).count(), 2);
  EXPECT_EQ(repair_delay(50).count(), 300);
}

TEST(Restarts, AreImmediateAfterAGoodRun) {
  const Instant start{};
  const Instant end = start + good_run;
  const ObservedContainer good{.stopped_at = end, .started_at = start};
  EXPECT_EQ(restart_due(good, {.failures = 9}, end), end);
  const ObservedContainer bad{.stopped_at = end, .started_at = start + std::chrono::seconds{1}};
  EXPECT_EQ(restart_due(bad, {.failures = 9}, end), end + std::chrono::seconds{256});
}

}  // namespace
}  // namespace skerry::reconcile
