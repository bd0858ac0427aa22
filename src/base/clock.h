#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace skerry {

/// Monotonic time: timers and deadlines. Never leaves the process.
using Instant = std::chrono::steady_clock::time_point;

/// Wall-clock time: display, schedules and windows only. Order never comes from it.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// Where time comes from. The simulator's clock jumps; the process's does not.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  [[nodiscard]] virtual Instant now() const = 0;
  [[nodiscard]] virtual WallTime wall() const = 0;
};

/// RFC 3339 in UTC with milliseconds: "2026-03-02T14:02:07.123Z".
std::string to_rfc3339(WallTime time);
Result<WallTime> parse_rfc3339(std::string_view text);

}  // namespace skerry
