#pragma once

#include <string>
#include <vector>

#include "reconcile/reconcile.h"

/// Decisions as text; tests/data/reconcile/README.md explains the words.
namespace skerry::reconcile {

struct Case {
  std::string name = {};
  /// The lines that say what is desired, observed and remembered.
  std::vector<std::string> given = {};
  /// What is expected, as `decide` writes it.
  std::vector<std::string> expected = {};
};

std::vector<Case> read_cases(const std::string& path);
void write_cases(const std::string& path, const std::vector<Case>& cases);

/// Reads the given lines, asks `reconcile` and `status`, and writes down what they say.
std::vector<std::string> decide(const Case& from);

}  // namespace skerry::reconcile
