#pragma once

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/random.h"

namespace skerry::sim {

/// splitmix64: what a seed decides it decides the same way each time.
class SimRandom final : public Random {
 public:
  explicit SimRandom(std::uint64_t seed) : state_(seed) {}

  void fill(std::span<std::uint8_t> out) override {
    while (!out.empty()) {
      const std::uint64_t word = next();
      const std::size_t size = std::min(out.size(), sizeof(word));
      std::memcpy(out.data(), &word, size);
      out = out.subspan(size);
    }
  }

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t word = state_;
    word = (word ^ (word >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    word = (word ^ (word >> 27U)) * 0x94D049BB133111EBULL;
    return word ^ (word >> 31U);
  }

  /// True in `per_mille` of 1000 cases.
  bool chance(std::uint32_t per_mille) { return next() % 1000 < per_mille; }

  /// The seed of another source that does not depend on how often either is asked.
  static std::uint64_t seed_of(std::uint64_t seed, std::uint64_t which) {
    return SimRandom(seed ^ std::rotl(which * 0xD1B54A32D192ED03ULL, 23)).next();
  }

 private:
  std::uint64_t state_;
};

}  // namespace skerry::sim
