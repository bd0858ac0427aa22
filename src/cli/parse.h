#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command.h"

namespace skerry::cli {

/// A command line, understood.
struct Parsed {
  const Command* command = nullptr;  // nullptr where help of all, or of a group, is wanted.
  std::string group = {};            // "token" of `skerry token`, where that is all there is.
  Options options = {};
  bool help = false;
};

/// @param arguments  without the program's own name
/// @return           `usage_error` with the nearest known word where one is wrong
Result<Parsed> parse(std::span<const Command> commands, const std::vector<std::string>& arguments);

}  // namespace skerry::cli
