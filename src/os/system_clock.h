#pragma once

#include "base/clock.h"

namespace skerry::os {

/// The kernel's time.
///
/// `now` is CLOCK_BOOTTIME: it never jumps and goes on while the machine sleeps, so a deadline that
/// passed during a suspend has passed. Compare it only with itself, not with `steady_clock::now()`.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override;
  [[nodiscard]] WallTime wall() const override;
};

}  // namespace skerry::os
