#pragma once

#include "base/random.h"

namespace skerry::os {

/// The kernel's randomness, by getrandom(2). Waits once at early boot until the pool is ready.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

}  // namespace skerry::os
