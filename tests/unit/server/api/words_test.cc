// One style each for the words that programs act on. Codes, of errors, log lines and events on the
// link, are snake_case; reasons, of conditions, reason chains and events in the API, are CamelCase.
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "server/api/view.h"

namespace skerry::api {
namespace {

namespace fs = std::filesystem;

bool is_code(const std::string& word) {
  return std::regex_match(word, std::regex("[a-z][a-z0-9]*(_[a-z0-9]+)*"));
}

bool is_reason(const std::string& word) {
  return std::regex_match(word, std::regex("([A-Z][a-z0-9]+)+"));
}

/// What the first group of a pattern finds in our sources below a folder.
std::set<std::string> words_in(const std::string& folder, const std::string& pattern) {
  const std::regex wanted(pattern);
  std::set<std::string> words;
  for (const auto& entry : fs::recursive_directory_iterator(SKERRY_SOURCE_DIR "/src/" + folder)) {
    if (entry.path().extension() != ".cc" && entry.path().extension() != ".h") {
      continue;
    }
    std::ifstream file(entry.path());
    std::ostringstream text;
    text << file.rdbuf();
    const std::string source = text.str();
    for (std::sregex_iterator at(source.begin(), source.end(), wanted);
         at != std::sregex_iterator();
         ++at) {
      words.insert((*at)[1]);
    }
  }
  return words;
}

TEST(ReasonWord, IsACodeInTheStyleOfReasons) {
  EXPECT_EQ(reason_word("drift_reverted"), "DriftReverted");
  EXPECT_EQ(reason_word("gap"), "Gap");
  EXPECT_EQ(reason_word("RuntimeDown"), "RuntimeDown");
  EXPECT_EQ(reason_word(""), "");
}

TEST(Severity, TellsWhatFailedFromWhatWasDone) {
  using Class = document::Event::Class;
  const auto severity = [](Class event_class, std::string code) {
    return severity_of({.event_class = event_class, .code = std::move(code)});
  };
  EXPECT_EQ(severity(Class::notice, "image_pull_failed"), v1::Event::WARNING);
  EXPECT_EQ(severity(Class::notice, "action_failed"), v1::Event::WARNING);
  EXPECT_EQ(severity(Class::security, "equivocation"), v1::Event::PROBLEM);
  EXPECT_EQ(severity(Class::security, "resumed"), v1::Event::INFO);
  EXPECT_EQ(severity(Class::change, "drift_reverted"), v1::Event::INFO);
}

TEST(Words, EveryErrorCodeIsInTheStyleOfCodes) {
  const std::set<std::string> codes = words_in("", R"re(ErrorCode \w+\{"([^"]*)"\})re");
  EXPECT_GT(codes.size(), 100U);
  for (const std::string& code : codes) {
    EXPECT_TRUE(is_code(code)) << code;
  }
}

TEST(Words, EveryEventOfASiteIsInTheStyleOfCodesAndShownAsAReason) {
  const std::set<std::string> codes =
      words_in("agent", R"re((?:emit|tell)\(\s*Event::Class::\w+,\s*(?:\{\.code = )?"([^"]*)")re");
  EXPECT_GT(codes.size(), 5U);
  for (const std::string& code : codes) {
    EXPECT_TRUE(is_code(code)) << code;
    EXPECT_TRUE(is_reason(reason_word(code))) << code;
  }
}

TEST(Words, EveryReasonOfAServiceIsInTheStyleOfReasons) {
  std::set<std::string> reasons =
      words_in("reconcile", R"re(say\(\s*WorkloadState::\w+,\s*"([^"]*)")re");
  reasons.merge(words_in("agent", R"re(conditions\.push_back\(\s*\{(?:\.code = )?"([^"]*)")re"));
  reasons.merge(words_in("server", R"re(set_(?:code|reason)\("([^"]*)")re"));
  reasons.merge(words_in("server/planner", R"re(hold\(\s*site,\s*"([^"]*)")re"));
  EXPECT_GT(reasons.size(), 15U);
  for (const std::string& reason : reasons) {
    EXPECT_TRUE(is_reason(reason)) << reason;
  }
}

}  // namespace
}  // namespace skerry::api
