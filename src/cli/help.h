#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/command.h"

namespace skerry::cli {

/// Everything there is, one line each.
std::string help_of_all(std::span<const Command> commands);
/// The commands that begin with these words.
std::string help_of_group(std::span<const Command> commands, std::string_view group);
/// One command: examples first, then what it takes.
std::string help_of(const Command& command);

/// docs/user/cli-reference.md, whole.
std::string reference_page(std::span<const Command> commands);

}  // namespace skerry::cli
