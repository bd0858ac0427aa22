#include "agent/ledger/crc32c.h"

#include <array>

namespace skerry::agent {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  // The Castagnoli polynomial, bit-reversed.
  constexpr std::uint32_t polynomial = 0x82F63B78U;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value >> 1U) ^ ((value & 1U) != 0 ? polynomial : 0U);
    }
    table[i] = value;
  }
  return table;
}

constexpr auto table = make_table();

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t value = ~std::uint32_t{0};
  for (const char c : bytes) {
    value = table[(value ^ static_cast<unsigned char>(c)) & 0xFFU] ^ (value >> 8U);
  }
  return ~value;
}

}  // namespace skerry::agent
