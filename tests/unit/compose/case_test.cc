#include <cctype>

#include <gtest/gtest.h>

#include "base/text.h"
#include "case_file.h"
#include "compose/compile.h"
#include "describe.h"

namespace skerry::compose {
namespace {

CompileOutput compile_case(const Case& one) {
  CompileInput input{.text = one.compose, .source = {.file = "compose.yaml"}, .stack = "shop"};
  for (const std::string_view line : split(one.variables, '\n')) {
    const std::size_t sign = line.find_first_of("=@");
    if (sign != std::string_view::npos) {
      input.variables.push_back({.name = std::string(line.substr(0, sign)),
                                 .value = std::string(line.substr(sign + 1)),
                                 .by_site = line[sign] == '@'});
    }
  }
  return compile(input);
}

class ComposeCase : public testing::TestWithParam<Case> {};

TEST_P(ComposeCase, CompilesAsWritten) {
  const CompileOutput output = compile_case(GetParam());
  EXPECT_EQ(output.workload ? describe(*output.workload) : "", GetParam().workload);
  EXPECT_EQ(describe(output.errors), GetParam().errors);
  EXPECT_EQ(describe(output.warnings), GetParam().warnings);
  EXPECT_NE(output.workload.has_value(), !output.errors.empty());
}

std::string test_name(const testing::TestParamInfo<Case>& info) {
  std::string name = std::to_string(info.index) + "_" + info.param.file + "_" + info.param.title;
  for (char& c : name) {
    c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Files,
                         ComposeCase,
                         testing::ValuesIn(read_cases(SKERRY_TEST_DATA "/compose")),
                         test_name);

TEST(ComposeCases, AreThere) {
  EXPECT_GE(read_cases(SKERRY_TEST_DATA "/compose").size(), 75U);
}

}  // namespace
}  // namespace skerry::compose
