#pragma once

#include <chrono>
#include <cstdint>

#include "document/workload.h"
#include "reconcile/reconcile.h"
#include "reconcile/state.h"

/// Who restarts what, as one table; docs/restarts.md shows it to users and a test holds the two
/// together.
namespace skerry::reconcile {

/// How a container came to stand still.
enum class Ending : std::uint8_t {
  success,  // Exit code 0.
  failure,  // Another exit code.
  signal,   // Killed, and not by hand: exit code above 128.
  by_hand,  // Somebody other than the agent stopped or killed it.
};

/// What the agent does about a container that it finds standing still.
enum class Restarting : std::uint8_t {
  leave,          // It is where it is meant to end.
  leave_failed,   // It failed, and its policy says to leave it so.
  after_backoff,  // Started again after the back-off.
  at_once,        // A stop by hand is drift.
};

Ending ending(const ObservedContainer& container);

/// Policies that the runtime applies itself (always, unless-stopped, on-failure) reach this table
/// only when it did not: it gave up, or it restarted itself and lost count.
///
/// @param restarts  how often the runtime restarted it already
Restarting restarting(const document::Service& service, Ending ending, std::uint64_t restarts);

/// A run of this length was a good one: the next restart is immediate again.
inline constexpr std::chrono::seconds good_run{60};

/// A service without a health check that has failed lately is believed only after running this
/// long.
inline constexpr std::chrono::seconds proven_run{10};

/// 0 for the first restart, then 1 s doubling to 300 s: a crash loop costs a site at most 12
/// restarts an hour.
std::chrono::seconds backoff(std::uint32_t failures);

/// As `backoff`, but the first three repairs of a field are immediate: people edit more than once.
std::chrono::seconds repair_delay(std::uint32_t repairs);

/// When a container that stands still may be started again; before now if at once.
Instant restart_due(const ObservedContainer& container, const Memory& memory, Instant now);

}  // namespace skerry::reconcile
