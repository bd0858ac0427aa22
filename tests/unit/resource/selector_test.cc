#include "resource/selector.h"

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "resource/codes.h"
#include "skerry/api/v1/meta.pb.h"

namespace skerry::resource {
namespace {

const Labels shop{{"type", "store"}, {"region", "eu"}, {"skerry/cores", "4"}, {"empty", ""}};

bool matches(std::string_view text, const Labels& labels = shop) {
  const Result<Selector> selector = Selector::parse(text);
  EXPECT_TRUE(selector) << text << ": " << (selector ? "" : to_string(selector.error()));
  return selector && selector->matches(labels);
}

std::string error_of(std::string_view text) {
  const Result<Selector> selector = Selector::parse(text);
  return selector ? "no error" : to_string(selector.error());
}

TEST(Selector, ChoosesEverythingWhenEmpty) {
  EXPECT_TRUE(matches(""));
  EXPECT_TRUE(matches("  "));
  EXPECT_TRUE(Selector().matches({}));
}

TEST(Selector, ComparesAValue) {
  EXPECT_TRUE(matches("type=store"));
  EXPECT_TRUE(matches("type == store"));
  EXPECT_FALSE(matches("type=Store"));
  EXPECT_FALSE(matches("missing=store"));
  EXPECT_TRUE(matches("empty="));
}

TEST(Selector, TakesAMissingLabelAsDifferent) {
  EXPECT_TRUE(matches("type!=plant"));
  EXPECT_FALSE(matches("type!=store"));
  EXPECT_TRUE(matches("missing!=store"));
  EXPECT_TRUE(matches("missing notin (a)"));
}

TEST(Selector, LooksForOneOfSeveralValues) {
  EXPECT_TRUE(matches("region in (us, eu)"));
  EXPECT_FALSE(matches("region in (us)"));
  EXPECT_FALSE(matches("region notin (us,eu)"));
  EXPECT_FALSE(matches("missing in (us)"));
}

TEST(Selector, LooksForTheLabelItself) {
  EXPECT_TRUE(matches("region"));
  EXPECT_FALSE(matches("missing"));
  EXPECT_TRUE(matches("!missing"));
  EXPECT_FALSE(matches("! region"));
}

TEST(Selector, ComparesNumbersByValue) {
  EXPECT_TRUE(matches("skerry/cores>2"));
  EXPECT_FALSE(matches("skerry/cores>4"));
  EXPECT_TRUE(matches("skerry/cores < 10"));
  EXPECT_TRUE(matches("skerry/cores<4.5"));
  EXPECT_FALSE(matches("type>1"));
  EXPECT_FALSE(matches("missing<1"));
  EXPECT_TRUE(matches("v>1.5", {{"v", "1.75"}}));
  EXPECT_FALSE(matches("v>1", {{"v", "1e9"}}));
  EXPECT_FALSE(matches("v>1", {{"v", "inf"}}));
}

TEST(Selector, NeedsEveryCondition) {
  EXPECT_TRUE(matches("type=store,region in (eu),!gone"));
  EXPECT_FALSE(matches("type=store,region in (us),!gone"));
}

TEST(Selector, WritesAnEmptyValueAmongOthers) {
  EXPECT_EQ(Selector::parse("a in (,b)")->to_string(), "a in (,b)");
}

TEST(Selector, NamesTheColumnOfAnError) {
  EXPECT_EQ(error_of("a=b,,c"), "-:1:5  expected the name of a label [bad_selector]");
  EXPECT_EQ(error_of("a in b"), "-:1:6  expected \"(\" [bad_selector]");
  EXPECT_EQ(error_of("a in (b"), "-:1:8  expected \",\" or \")\" [bad_selector]");
  EXPECT_EQ(error_of("a is b"), "-:1:3  expected =, !=, >, <, in or notin [bad_selector]");
  EXPECT_EQ(error_of("x=1,a>b"), "-:1:5  Gt and Lt need exactly one number [bad_selector]");
  EXPECT_EQ(error_of("a=b c"), "-:1:5  expected \",\" or the end [bad_selector]");
  EXPECT_EQ(error_of("a/b/c=1").substr(0, 20), "-:1:1  the key must ");
}

TEST(Selector, BoundsTheNumberOfConditions) {
  std::string text = "a";
  for (int i = 0; i < 128; ++i) {
    text += ",a";
  }
  EXPECT_EQ(error_of(text), "-:1:258  more than 128 conditions [bad_selector]");
}

TEST(Selector, IsTheSameFromAMessage) {
  api::v1::LabelSelector message;
  (*message.mutable_match_labels())["type"] = "store";
  api::v1::LabelRequirement& expression = *message.add_match_expressions();
  expression.set_key("region");
  expression.set_operator_(api::v1::LabelRequirement::IN);
  expression.add_values("us");
  expression.add_values("eu");
  const Result<Selector> selector = Selector::create(message);
  ASSERT_TRUE(selector);
  EXPECT_EQ(selector->to_string(), "region in (eu,us),type=store");
  EXPECT_EQ(selector->requirements(),
            Selector::parse("type=store,region in (us,eu)")->requirements());
}

TEST(Selector, NamesTheFieldOfABadMessage) {
  api::v1::LabelSelector message;
  message.add_match_expressions()->set_key("a");
  EXPECT_EQ(to_string(Selector::create(message).error()),
            "matchExpressions[0].operator: an operator is needed [bad_selector]");
  message.mutable_match_expressions(0)->set_operator_(api::v1::LabelRequirement::IN);
  EXPECT_EQ(to_string(Selector::create(message).error()),
            "matchExpressions[0].values: In and NotIn need at least one value [bad_selector]");
}

rc::Gen<std::string> condition() {
  return rc::gen::element<std::string>("a=x",
                                       "a!=x",
                                       "b in (x,y)",
                                       "b notin (y,z)",
                                       "c",
                                       "!c",
                                       "d>3",
                                       "d<2.5",
                                       "e.f/g=",
                                       "skerry/os=linux");
}

RC_GTEST_PROP(Selector, WritesWhatItReads, ()) {
  std::string text;
  for (const std::string& one : *rc::gen::container<std::vector<std::string>>(condition())) {
    text += (text.empty() ? "" : ",") + one;
  }
  const Result<Selector> selector = Selector::parse(text);
  RC_ASSERT(selector.has_value());
  RC_ASSERT(Selector::parse(selector->to_string())->requirements() == selector->requirements());
  api::v1::LabelSelector message;
  selector->fill(message);
  RC_ASSERT(Selector::create(message)->requirements() == selector->requirements());
}

RC_GTEST_PROP(Selector, ReadsAnyTextToAnAnswer, (const std::string& text)) {
  const Result<Selector> selector = Selector::parse(text);
  if (!selector) {
    RC_ASSERT(selector.error().code == bad_selector);
    RC_ASSERT(selector.error().at.column <= text.size() + 1);
  }
}

}  // namespace
}  // namespace skerry::resource
