#include "place/place.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "resource/interpolate.h"

namespace skerry::place {
namespace {

using document::DriftMode;

SiteView oslo() {
  return {.name = "oslo-1",
          .labels = {{"ring", "canary"}, {"example.com/zone-id", "north"}},
          .facts = {{"arch", "arm64"}, {"cores", "8"}}};
}

resource::Selector selector(std::string_view text) {
  return resource::Selector::parse(text).value();
}

StackView stack_of(std::string name, std::vector<document::Slot> slots = {}) {
  return {.name = std::move(name),
          .slots = std::move(slots),
          .targets = {.selector = resource::Selector()}};
}

std::string value_of(std::string_view expression, std::vector<Variable> variables = {}) {
  const SiteView site = oslo();
  const auto made = evaluate(expression, site, selectable(site), variables);
  return made ? made->value : std::string(made.error().code.name);
}

TEST(Evaluate, KnowsTheSiteByNameLabelsAndFacts) {
  EXPECT_EQ(value_of("${SKERRY_SITE_NAME}"), "oslo-1");
  EXPECT_EQ(value_of("${SKERRY_SITE_LABEL_RING}"), "canary");
  EXPECT_EQ(value_of("${SKERRY_SITE_LABEL_ring}"), "canary");
  EXPECT_EQ(value_of("${SKERRY_SITE_LABEL_EXAMPLE_COM_ZONE_ID}"), "north");
  EXPECT_EQ(value_of("${SKERRY_SITE_FACT_ARCH}"), "arm64");
}

TEST(Evaluate, ReadsTheWholeExpressionWithItsDefaults) {
  EXPECT_EQ(value_of("${SKERRY_SITE_LABEL_NONE:-${SKERRY_SITE_NAME}}"), "oslo-1");
  EXPECT_EQ(value_of("${SKERRY_SITE_LABEL_RING:+early}"), "early");
  EXPECT_EQ(value_of("${A:-1.4}"), "1.4");
  EXPECT_EQ(value_of("${A:?no A}"), "variable_required");
}

TEST(Evaluate, TakesTheLastVariableWhoseSelectorChoosesTheSite) {
  const std::vector<Variable> variables{
      {.name = "V", .value = "1.5"},
      {.name = "V", .value = "1.6", .selector = selector("ring=canary")},
      {.name = "V", .value = "1.7", .selector = selector("ring=late")}};
  EXPECT_EQ(value_of("${V}", variables), "1.6");
  EXPECT_EQ(value_of("${V}", {variables.rbegin(), variables.rend()}), "1.5");
}

TEST(Evaluate, LetsNoVariableHideTheSitesOwnNames) {
  EXPECT_EQ(value_of("${SKERRY_SITE_NAME}", {{.name = "SKERRY_SITE_NAME", .value = "x"}}),
            "oslo-1");
}

TEST(Evaluate, BoundsTheValue) {
  const std::vector<Variable> variables{{.name = "A", .value = std::string(300'000, 'a')}};
  EXPECT_EQ(value_of("${A}", variables), "expansion_too_large");
}

TEST(Targets, AreWhatTheSelectorChoosesAndWhatIsNamed) {
  const SiteView site = oslo();
  const resource::Labels labels = selectable(site);
  const auto is = [&](const Targets& targets) { return is_target(targets, site, labels); };
  EXPECT_FALSE(is({}));
  EXPECT_TRUE(is({.selector = resource::Selector()}));
  EXPECT_TRUE(is({.selector = selector("ring=canary")}));
  EXPECT_FALSE(is({.selector = selector("ring!=canary")}));
  EXPECT_TRUE(is({.selector = selector("skerry/arch=arm64,skerry/cores>4")}));
  EXPECT_TRUE(is({.selector = selector("ring=late"), .sites = {"oslo-1"}}));
  EXPECT_FALSE(is({.sites = {"oslo-2"}}));
}

TEST(Targets, NeverLetALabelPassForAFact) {
  SiteView site = oslo();
  site.labels["skerry/arch"] = "amd64";
  EXPECT_TRUE(is_target({.selector = selector("skerry/arch=arm64")}, site, selectable(site)));
}

TEST(Assign, SortsByNameWhateverTheOrderItIsGiven) {
  std::vector<StackView> stacks{stack_of("b"), stack_of("c"), stack_of("a")};
  const Placement one = assign(stacks, oslo());
  std::ranges::reverse(stacks);
  const Placement other = assign(stacks, oslo());
  ASSERT_EQ(one.stacks.size(), 3U);
  EXPECT_EQ(one.stacks[0].name, "a");
  EXPECT_EQ(one.stacks, other.stacks);
}

TEST(Assign, FillsSlotsInTheirOrder) {
  StackView stack = stack_of("a", {{"${SKERRY_SITE_FACT_ARCH}"}, {"${SKERRY_SITE_NAME}"}});
  stack.release.bytes[0] = 7;
  const Placement placement = assign({&stack, 1}, oslo());
  ASSERT_EQ(placement.stacks.size(), 1U);
  EXPECT_EQ(placement.stacks[0].slot_values, (std::vector<std::string>{"arm64", "oslo-1"}));
  EXPECT_EQ(placement.stacks[0].release, stack.release);
}

TEST(Assign, HoldsNoStackBackForAnother) {
  const std::vector<StackView> stacks{stack_of("bad", {{"${NEEDED:?say it}"}}), stack_of("good")};
  const Placement placement = assign(stacks, oslo());
  ASSERT_EQ(placement.stacks.size(), 1U);
  EXPECT_EQ(placement.stacks[0].name, "good");
  ASSERT_EQ(placement.refused.size(), 1U);
  EXPECT_EQ(placement.refused[0].stack, "bad");
  EXPECT_EQ(placement.refused[0].why.code, resource::variable_required);
}

TEST(Assign, BoundsTheValuesOfAllStacksTogether) {
  StackView big = stack_of("big", std::vector<document::Slot>(40, {"${A}"}));
  big.variables = {{.name = "A", .value = std::string(250'000, 'x')}};
  const std::vector<StackView> stacks{big, stack_of("small")};
  const Placement placement = assign(stacks, oslo());
  ASSERT_EQ(placement.stacks.size(), 1U);
  ASSERT_EQ(placement.refused.size(), 1U);
  EXPECT_EQ(placement.refused[0].why.code, resource::expansion_too_large);
}

TEST(Assign, NamesWhatIsNotSetOnce) {
  const StackView stack = stack_of("a", {{"${X}"}, {"${Y:-}"}, {"${Z:-$X}"}});
  EXPECT_EQ(assign({&stack, 1}, oslo()).unset, (std::vector<Unset>{{"a", "X"}}));
}

TEST(Assign, TakesDriftFromTheStackThenTheSiteThenEnforces) {
  StackView stack = stack_of("a");
  const auto drift = [&](DriftMode site) {
    return assign({&stack, 1}, oslo(), site).stacks[0].drift;
  };
  EXPECT_EQ(drift(DriftMode::unspecified), DriftMode::enforce);
  EXPECT_EQ(drift(DriftMode::report), DriftMode::report);
  stack.drift = DriftMode::enforce;
  EXPECT_EQ(drift(DriftMode::report), DriftMode::enforce);
}

TEST(Assign, LeavesOutStacksThatAreNotForTheSite) {
  StackView stack = stack_of("a");
  stack.targets = {.selector = selector("ring=late")};
  EXPECT_TRUE(assign({&stack, 1}, oslo()).stacks.empty());
}

}  // namespace
}  // namespace skerry::place
