#pragma once

#include <cstdint>
#include <span>

#include "base/clock.h"
#include "base/random.h"

namespace skerry::store {

/// A clock that stands where the test puts it.
class StandingClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return Instant(time.time_since_epoch()); }

  [[nodiscard]] WallTime wall() const override { return time; }

  WallTime time{std::chrono::milliseconds(1'700'000'000'000)};
};

class CountingRandom final : public Random {
 public:
  /// A forked child must not draw what its parent draws.
  void reseed(std::uint64_t seed) { state_ = seed; }

  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) {
      state_ = state_ * 6364136223846793005U + 1442695040888963407U;
      byte = static_cast<std::uint8_t>(state_ >> 56U);
    }
  }

 private:
  std::uint64_t state_ = 1;
};

}  // namespace skerry::store
