#include "base/random.h"

#include <array>
#include <bit>

#include "base/assert.h"

namespace skerry {

std::uint64_t Random::below(std::uint64_t bound) {
  SKERRY_ASSERT(bound != 0);
  // Values past the last whole multiple of `bound` would favour the small ones.
  const std::uint64_t limit = ~std::uint64_t{0} - ~std::uint64_t{0} % bound;
  while (true) {
    std::array<std::uint8_t, 8> bytes{};
    fill(bytes);
    const auto value = std::bit_cast<std::uint64_t>(bytes);
    if (value < limit) {
      return value % bound;
    }
  }
}

}  // namespace skerry
