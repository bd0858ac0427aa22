#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "case_file.h"

namespace skerry::reconcile {
namespace {

std::vector<std::string> case_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(SKERRY_TEST_DATA "/reconcile")) {
    if (entry.path().extension() == ".case") {
      files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

class Decisions : public testing::TestWithParam<std::string> {};

TEST_P(Decisions, AreAsWritten) {
  auto cases = read_cases(GetParam());
  ASSERT_FALSE(cases.empty());
  for (auto& item : cases) {
    const auto decided = decide(item);
    if (std::getenv("SKERRY_WRITE_CASES") != nullptr) {
      item.expected = decided;
    }
    EXPECT_EQ(decided, item.expected) << "case " << item.name;
  }
  if (std::getenv("SKERRY_WRITE_CASES") != nullptr) {
    write_cases(GetParam(), cases);
  }
}

INSTANTIATE_TEST_SUITE_P(Reconcile,
                         Decisions,
                         testing::ValuesIn(case_files()),
                         [](const testing::TestParamInfo<std::string>& file) {
                           return std::filesystem::path(file.param).stem().string();
                         });

TEST(Reconcile, HasAtLeastFortyWrittenDecisions) {
  std::size_t count = 0;
  for (const auto& file : case_files()) {
    count += read_cases(file).size();
  }
  EXPECT_GE(count, 40U);
}

}  // namespace
}  // namespace skerry::reconcile
