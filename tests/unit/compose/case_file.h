#pragma once

#include <string>
#include <vector>

namespace skerry::compose {

/// One case of tests/data/compose/*.case: a title line `=== …`, then sections `--- name`.
struct Case {
  std::string file = {};
  std::string title = {};
  std::string compose = {};
  /// `NAME=value` or, for one that differs by site, `NAME@site`.
  std::string variables = {};
  /// What is expected; a section that is not there expects nothing.
  std::string workload = {};
  std::string errors = {};
  std::string warnings = {};
};

std::vector<Case> read_cases(const std::string& folder);

}  // namespace skerry::compose
