#include "cli/view.h"

#include <gtest/gtest.h>

#include "cli/table.h"
#include "fake_outside.h"
#include "skerry/api/v1/stack.pb.h"

namespace skerry::cli {
namespace {

TEST(Table, AlignsItsColumns) {
  Table table({"A", "LONG"});
  table.add({"xyz", "1"});
  EXPECT_EQ(table.text(0, "…"), "A     LONG\nxyz   1\n");
}

TEST(Table, CutsTheWidestColumnOnANarrowScreenAndKeepsTheName) {
  Table table({"NAME", "MESSAGE"});
  table.add({"store-0417", "a message much longer than this screen is wide"});
  EXPECT_EQ(table.text(30, "…"), "NAME         MESSAGE\nstore-0417   a message much l…\n");
}

TEST(Table, CutsWholeCharactersOnly) {
  Table table({"N", "WORD"});
  table.add({"x", "ééééééééé"});
  EXPECT_EQ(table.text(11, "…"), "N   WORD\nx   éééééé…\n");
}

TEST(StateText, HasAGlyphAndAWord) {
  EXPECT_EQ(state_text("Healthy", {}), "✓ Healthy");
  EXPECT_EQ(state_text("Healthy", {.ascii = true}), "+ Healthy");
  EXPECT_EQ(state_text("Failed", {.colour = true}), "\x1b[31m✗ Failed\x1b[0m");
  EXPECT_EQ(state_text("Unheard", {}), "Unheard");
}

TEST(StateText, ColourTakesNoColumns) {
  EXPECT_EQ(columns_of(state_text("Failed", {.colour = true})), 8U);
}

TEST(AgeText, IsShort) {
  using std::chrono::seconds;
  EXPECT_EQ(age_text(seconds(0)), "0s");
  EXPECT_EQ(age_text(seconds(59)), "59s");
  EXPECT_EQ(age_text(seconds(60)), "1m");
  EXPECT_EQ(age_text(seconds(7'199)), "1h");
  EXPECT_EQ(age_text(seconds(86'400 * 400)), "1y");
  EXPECT_EQ(age_text(seconds(-5)), "0s");
}

TEST(Printable, DisarmsWhatATerminalObeys) {
  EXPECT_EQ(printable("a\x1b[2Jb\n"), "a\\x1b[2Jb\\x0a");
  EXPECT_EQ(printable("\xC2\x9B"), "\\x9b");
  EXPECT_EQ(printable("é✓"), "é✓");
}

struct Counts {
  unsigned matched = 0;
  unsigned current = 0;
  unsigned healthy = 0;
  unsigned failed = 0;
};

std::string state_of(const Counts& counts, std::uint64_t generation = 1) {
  const auto* kind = resource::kind_named("Stack");
  client::Object object{.kind = kind, .message = resource::make_resource(*kind)};
  auto& stack = static_cast<api::v1::Stack&>(*object.message);
  stack.mutable_metadata()->set_generation(generation);
  stack.mutable_status()->set_observed_generation(1);
  auto& sites = *stack.mutable_status()->mutable_sites();
  sites.set_matched(counts.matched);
  sites.set_current(counts.current);
  sites.set_healthy(counts.healthy);
  sites.set_failed(counts.failed);
  return stack_state(object);
}

TEST(StackState, IsHealthyOnlyWhereEverySiteIsOnTheNewestRelease) {
  EXPECT_EQ(state_of({.matched = 2, .current = 2, .healthy = 2}), "Healthy");
  EXPECT_EQ(state_of({.matched = 2, .current = 1, .healthy = 2}), "Pending");
  EXPECT_EQ(state_of({.matched = 2, .current = 2, .healthy = 1}), "Pending");
}

TEST(StackState, IsNotHealthyWithoutSites) {
  EXPECT_EQ(state_of({}), "Pending");
}

TEST(StackState, IsNotHealthyBeforeTheNewestSpecWasSeen) {
  EXPECT_EQ(state_of({.matched = 1, .current = 1, .healthy = 1}, 2), "Pending");
}

TEST(StackState, TellsSomeFailedFromAllFailed) {
  EXPECT_EQ(state_of({.matched = 2, .current = 2, .healthy = 1, .failed = 1}), "Degraded");
  EXPECT_EQ(state_of({.matched = 1, .current = 1, .failed = 1}), "Failed");
}

TEST(Look, HasColourOnAScreenOnly) {
  FakeWorld world;
  EXPECT_FALSE(look_of({}, world.outside()).colour);
  world.terminal.out_tty = true;
  EXPECT_TRUE(look_of({}, world.outside()).colour);
  world.variables["NO_COLOR"] = "1";
  EXPECT_FALSE(look_of({}, world.outside()).colour);
}

TEST(Look, HonoursADumbTerminal) {
  FakeWorld world;
  world.terminal.out_tty = true;
  world.variables["TERM"] = "dumb";
  EXPECT_FALSE(look_of({}, world.outside()).colour);
}

}  // namespace
}  // namespace skerry::cli
