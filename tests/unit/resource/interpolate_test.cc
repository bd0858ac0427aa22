#include "resource/interpolate.h"

#include <map>

#include <gtest/gtest.h>

namespace skerry::resource {
namespace {

constexpr std::size_t plenty = 1 << 20;

Result<Expansion> expanded(std::string_view text, std::size_t bytes_max = plenty) {
  const std::map<std::string, std::string, std::less<>> variables{
      {"SET", "value"}, {"EMPTY", ""}, {"DOLLAR", "$SET"}};
  const auto lookup = [&](std::string_view name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  SKERRY_TRY(const Template parts, parse_template(text));
  return expand(parts, lookup, bytes_max);
}

std::string text_of(std::string_view text) {
  const Result<Expansion> result = expanded(text);
  return result ? result->text : std::string(result.error().code.name);
}

TEST(Interpolate, FillsInVariablesInEitherForm) {
  EXPECT_EQ(text_of("a $SET b"), "a value b");
  EXPECT_EQ(text_of("${SET}${SET}"), "valuevalue");
  EXPECT_EQ(text_of("$SET.x/$SET-y"), "value.x/value-y");
  EXPECT_EQ(text_of("plain } text {"), "plain } text {");
}

TEST(Interpolate, TellsUnsetFromEmptyByTheColon) {
  EXPECT_EQ(text_of("${UNSET:-d}|${EMPTY:-d}|${SET:-d}"), "d|d|value");
  EXPECT_EQ(text_of("${UNSET-d}|${EMPTY-d}|${SET-d}"), "d||value");
  EXPECT_EQ(text_of("${UNSET:+r}|${EMPTY:+r}|${SET:+r}"), "||r");
  EXPECT_EQ(text_of("${UNSET+r}|${EMPTY+r}|${SET+r}"), "|r|r");
  EXPECT_EQ(text_of("${EMPTY?e}|${SET:?e}"), "|value");
}

TEST(Interpolate, RefusesARequiredVariableWithItsMessage) {
  EXPECT_EQ(expanded("${EMPTY:?give ${SET}}").error().message,
            "variable 'EMPTY' is required: give value");
  EXPECT_EQ(expanded("${UNSET?}").error().message, "variable 'UNSET' is required");
  EXPECT_EQ(text_of("${UNSET:?}"), "variable_required");
}

TEST(Interpolate, ReadsNestedArguments) {
  EXPECT_EQ(text_of("${UNSET:-${EMPTY:-$SET}}"), "value");
  EXPECT_EQ(text_of("${SET:+<${SET}>}"), "<value>");
  EXPECT_EQ(text_of("${UNSET:-}x"), "x");
  EXPECT_EQ(text_of("${UNSET:-a:-b-c?d+e}"), "a:-b-c?d+e");
}

TEST(Interpolate, TakesTwoDollarSignsForOneAndNeverExpandsAValueAgain) {
  EXPECT_EQ(text_of("$$SET $${SET}"), "$SET ${SET}");
  EXPECT_EQ(text_of("${UNSET:-$$x}"), "$x");
  EXPECT_EQ(text_of("$DOLLAR"), "$SET");
}

TEST(Interpolate, RefusesWhatIsNoExpression) {
  for (const std::string_view bad : {"$",
                                     "$1",
                                     "a $ b",
                                     "${",
                                     "${}",
                                     "${SET",
                                     "${1}",
                                     "${SET:x}",
                                     "${SET/a/b}",
                                     "${SET:-${X}"}) {
    EXPECT_EQ(text_of(bad), "bad_interpolation") << bad;
  }
}

TEST(Interpolate, NamesWhatIsNotSetUnlessAnOperatorSaysWhatThen) {
  EXPECT_EQ(expanded("$A ${B:-} ${C:-$D} ${E+x} $EMPTY").value().unset,
            (std::vector<std::string>{"A", "D"}));
}

TEST(Interpolate, BoundsNestingAndSize) {
  std::string deep;
  for (int i = 0; i < 1000; ++i) {
    deep += "${X:-";
  }
  EXPECT_EQ(text_of(deep + std::string(1000, '}')), "bad_interpolation");
  EXPECT_EQ(expanded("$SET$SET", 9).error().code, expansion_too_large);
  EXPECT_EQ(expanded("$SET$SET", 10).value().text, "valuevalue");
}

TEST(Interpolate, FindsAVariableWhereverItStands) {
  const Template parts = parse_template("${A:-${B}} $C").value();
  const auto is = [](std::string_view wanted) {
    return [wanted](std::string_view name) { return name == wanted; };
  };
  EXPECT_EQ(find_variable(parts, is("B")), "B");
  EXPECT_EQ(find_variable(parts, is("C")), "C");
  EXPECT_EQ(find_variable(parts, is("D")), "");
  EXPECT_EQ(parts[0].source, "${A:-${B}}");
  EXPECT_EQ(parts[2].source, "${C}");
}

}  // namespace
}  // namespace skerry::resource
