// Every reason for a refusal, as text: tests/data/resource/*.case holds an input and the errors it
// must give, line for line.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "resource/resources.h"

namespace skerry::resource {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string name = {};
  Syntax syntax = Syntax::yaml;
  ReadLimits limits = {};
  std::string input = {};
  std::string errors = {};
};

std::string content_of(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void set_limit(ReadLimits& limits, std::string_view setting) {
  const std::size_t equals = setting.find('=');
  const std::map<std::string_view, std::size_t*> all{
      {"bytes", &limits.bytes_max},
      {"depth", &limits.depth_max},
      {"nodes", &limits.nodes_max},
      {"aliases", &limits.aliases_max},
  };
  *all.at(setting.substr(0, equals)) = *parse_unsigned(setting.substr(equals + 1));
}

/// ">>> yaml [limit=n ...]" or ">>> json", the input, ">>> errors", the errors.
Case read_case(const fs::path& path) {
  const std::string text = content_of(path);
  const std::size_t head = text.find(">>> ");
  const std::size_t body = text.find('\n', head) + 1;
  const std::size_t tail = text.find(">>> errors\n");
  Case result{.name = path.stem().string(),
              .input = text.substr(body, tail - body),
              .errors = text.substr(tail + 11)};
  const std::string header = text.substr(head + 4, body - head - 5);
  for (const std::string_view word : split(header, ' ')) {
    if (word == "json") {
      result.syntax = Syntax::json;
    } else if (word != "yaml") {
      set_limit(result.limits, word);
    }
  }
  return result;
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const auto& entry : fs::directory_iterator(fs::path(SKERRY_TEST_DATA) / "resource")) {
    if (entry.path().extension() == ".case") {
      cases.push_back(read_case(entry.path()));
    }
  }
  std::ranges::sort(cases, {}, &Case::name);
  return cases;
}

std::string errors_of(const Case& tried) {
  Problems problems;
  read_resources(tried.input, {.file = "a.yaml", .limits = tried.limits}, tried.syntax, problems);
  std::string text;
  for (const Error& error : problems.list()) {
    text += to_string(error) + "\n";
    text += error.hint.empty() ? "" : "  next: " + error.hint + "\n";
  }
  if (problems.unlisted() != 0) {
    text += "and more\n";
  }
  return text;
}

class CaseTest : public testing::TestWithParam<Case> {};

TEST_P(CaseTest, GivesTheErrorsItNames) {
  EXPECT_EQ(errors_of(GetParam()), GetParam().errors);
}

std::string name_of(const testing::TestParamInfo<Case>& test) {
  return test.param.name;
}

INSTANTIATE_TEST_SUITE_P(Resource, CaseTest, testing::ValuesIn(all_cases()), name_of);

/// Codes that no field a user may set can give today; codec_test.cc and yaml_test.cc have them.
const std::vector<std::string> codes_elsewhere{"bad_merge", "bad_size", "bad_time"};

TEST(Cases, HoldEveryCodeTheRoomHas) {
  const std::string header = content_of(fs::path(SKERRY_SOURCE_DIR) / "src/resource/codes.h");
  std::string errors;
  for (const Case& one : all_cases()) {
    errors += one.errors;
  }
  const std::regex declaration(R"re(ErrorCode \w+\{"(\w+)"\})re");
  std::size_t count = 0;
  for (std::sregex_iterator match(header.begin(), header.end(), declaration), end; match != end;
       ++match, ++count) {
    const std::string code = (*match)[1].str();
    if (std::ranges::find(codes_elsewhere, code) == codes_elsewhere.end()) {
      EXPECT_THAT(errors, testing::HasSubstr("[" + code + "]"));
    }
  }
  EXPECT_GT(count, 30U);
}

}  // namespace
}  // namespace skerry::resource
