#pragma once

#include <string>
#include <vector>

#include "cli/outside.h"

namespace skerry::cli {

/// One whole run of `skerry`.
///
/// @param arguments  without the program's own name
/// @return           the exit code
int run(const std::vector<std::string>& arguments, Outside& outside);

}  // namespace skerry::cli
