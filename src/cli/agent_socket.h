#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace skerry::cli {

/// Asks the agent of this machine over its unix socket, which is for root and for the agent's own
/// user.
///
/// @return  the JSON it answers with; its own error where it refuses
Result<std::string> ask_agent(const std::string& socket, std::string_view verb);

}  // namespace skerry::cli
