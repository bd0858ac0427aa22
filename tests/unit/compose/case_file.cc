#include "case_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace skerry::compose {
namespace {

std::string& section_of(Case& one, const std::string& name) {
  if (name == "compose") {
    return one.compose;
  }
  if (name == "variables") {
    return one.variables;
  }
  if (name == "workload") {
    return one.workload;
  }
  if (name == "errors") {
    return one.errors;
  }
  if (name == "warnings") {
    return one.warnings;
  }
  throw std::runtime_error(one.file + ": unknown section " + name);
}

void read_file(const std::filesystem::path& path, std::vector<Case>& cases) {
  std::ifstream stream(path);
  std::string* section = nullptr;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("=== ")) {
      cases.push_back({.file = path.stem().string(), .title = line.substr(4)});
      section = nullptr;
    } else if (line.starts_with("--- ")) {
      section = &section_of(cases.back(), line.substr(4));
    } else if (section != nullptr && (section == &cases.back().compose || !line.empty())) {
      *section += line + "\n";
    }
  }
}

}  // namespace

std::vector<Case> read_cases(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".case") {
      paths.push_back(entry.path());
    }
  }
  std::ranges::sort(paths);
  std::vector<Case> cases;
  for (const std::filesystem::path& path : paths) {
    read_file(path, cases);
  }
  return cases;
}

}  // namespace skerry::compose
