#pragma once

#include <vector>

#include "document/report.h"

namespace skerry::agent {

/// What this machine is like, as a site reports it: arch, os, kernel, cores, memory, hostname.
std::vector<document::Fact> machine_facts();

/// The host's name, "site" where it has none.
std::string host_name();

}  // namespace skerry::agent
