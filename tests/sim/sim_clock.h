#pragma once

#include "base/clock.h"

namespace skerry::sim {

/// Time that stands where it is put. The wall may jump; what is monotonic never does.
class SimClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return now_; }

  [[nodiscard]] WallTime wall() const override {
    return wall_at_start_ + wall_jump_ +
           std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch());
  }

  void set(Instant now) { now_ = now; }

  void advance(std::chrono::milliseconds by) { now_ += by; }

  /// Puts the wall clock `jump` away from the true time.
  void set_wall_jump(std::chrono::milliseconds jump) { wall_jump_ = jump; }

 private:
  Instant now_ = Instant{} + std::chrono::hours{1};
  WallTime wall_at_start_{std::chrono::milliseconds(1'767'225'600'000)};
  std::chrono::milliseconds wall_jump_{0};
};

}  // namespace skerry::sim
