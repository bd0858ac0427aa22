#include "agent/core/bounded_report.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "wire/frame.h"
#include "wire/messages.h"

namespace skerry::agent {
namespace {

using document::Drift;
using document::Report;

/// What a server reads of it; nothing where it refuses the message.
std::optional<Report> as_received(const Report& report) {
  wire::FrameReader reader;
  reader.feed(wire::encode_message(wire::ReportMessage{.report = report}));
  const auto frame = reader.next();
  if (!frame || !*frame) {
    return {};
  }
  const auto message = wire::decode_message(**frame);
  return message ? std::optional(std::get<wire::ReportMessage>(*message).report) : std::nullopt;
}

Drift drift_of(std::string wanted) {
  return {.stack = "shop",
          .object = "service web",
          .field = "configs.site",
          .wanted = std::move(wanted),
          .found = "none"};
}

TEST(BoundedReport, LeavesAnOrdinaryOneAlone) {
  const Report report{.number = {.start = 1, .seq = 2},
                      .stacks = {{.name = "shop", .services = {{.name = "web"}}}},
                      .drift = {drift_of("site.conf")}};
  EXPECT_EQ(bounded(report), report);
}

TEST(BoundedReport, CutsLongTextsAndSaysHowMuch) {
  const std::string config(std::size_t{3} * 1024 * 1024, 'x');
  Report report{.drift = {drift_of("head" + config)}};
  report.stacks.push_back({.name = "shop", .reasons = {{"Failed", "service web", config}}});
  ASSERT_FALSE(as_received(report)) << "or it needs no cutting";
  const auto received = as_received(bounded(report));
  ASSERT_TRUE(received);
  EXPECT_TRUE(received->drift[0].wanted.starts_with("headxxx"));
  EXPECT_NE(received->drift[0].wanted.find(" bytes more)"), std::string::npos);
  EXPECT_LT(received->stacks[0].reasons[0].message.size(), 4096U);
  EXPECT_TRUE(received->conditions.empty());
}

TEST(BoundedReport, LeavesOutWhatDoesNotFitAndCountsIt) {
  Report report{.drift = std::vector<Drift>(60'000, drift_of("x"))};
  report.stacks = {{.name = "bar", .state = document::WorkloadState::healthy},
                   {.name = "shop", .state = document::WorkloadState::failed}};
  report.stacks[0].services.resize(60'000, {.name = "till"});
  ASSERT_FALSE(as_received(report)) << "or it needs no cutting";
  const auto received = as_received(bounded(report));
  ASSERT_TRUE(received);
  ASSERT_EQ(received->stacks.size(), 2U) << "how each stack is counts most";
  EXPECT_EQ(received->stacks[1].state, document::WorkloadState::failed);
  EXPECT_GT(received->stacks[0].services.size(), 1000U);
  ASSERT_EQ(received->conditions.size(), 1U);
  EXPECT_EQ(received->conditions[0].code, "ReportCut");
  const std::size_t services_left_out = 60'000 - received->stacks[0].services.size();
  EXPECT_NE(received->conditions[0].message.find(std::to_string(services_left_out) + " services"),
            std::string::npos);
}

}  // namespace
}  // namespace skerry::agent
