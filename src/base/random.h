#pragma once

#include <cstdint>
#include <span>

namespace skerry {

/// Where randomness comes from: the kernel in a process, a seed in the simulator.
class Random {
 public:
  Random() = default;
  Random(const Random&) = delete;
  Random& operator=(const Random&) = delete;
  virtual ~Random() = default;

  /// Fills `out` with bytes fit for keys and tokens.
  virtual void fill(std::span<std::uint8_t> out) = 0;

  /// Uniform in [0, bound). `bound` is not 0.
  std::uint64_t below(std::uint64_t bound);
};

}  // namespace skerry
