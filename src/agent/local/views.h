#pragma once

#include <string>

#include "agent/core/agent.h"

/// What local hands see of an agent, as JSON objects.
namespace skerry::agent::local {

/// Link, accepted manifest, conditions, stacks with their reason chains, drift.
std::string status(const Agent& agent);
/// The newest numbers accepted, and whether the floor is lost.
std::string floor(const Agent& agent);
/// What is remembered of each stack: last known good, applying, quarantined.
std::string journal(const Agent& agent);
/// The events that wait for their acknowledgement.
Result<std::string> spool(const Agent& agent);

}  // namespace skerry::agent::local
