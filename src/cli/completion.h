#pragma once

#include <span>
#include <string>

#include "cli/command.h"

namespace skerry::cli {

/// A script for bash, or for zsh by way of its own bash completion, that completes commands and
/// options. It asks no server.
std::string completion_script(std::span<const Command> commands, bool is_zsh);

}  // namespace skerry::cli
