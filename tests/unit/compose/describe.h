#pragma once

#include <string>

#include "compose/compile.h"

/// A workload and its problems as text that a person can read and a case file can hold.
namespace skerry::compose {

/// One line a field that is not zero, under a line for each service, network, volume and config.
/// A hole is shown as the expression it stands for, in angle brackets.
std::string describe(const document::Workload& workload);

/// One line a problem, its hint behind " | ".
std::string describe(const std::vector<Error>& problems);

}  // namespace skerry::compose
