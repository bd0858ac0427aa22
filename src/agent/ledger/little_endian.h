#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace skerry::agent {

/// Appends the low `sizeof(T)` bytes, least significant first.
template <class T>
void append_little_endian(std::string& out, T value) {
  for (unsigned i = 0; i < sizeof(T); ++i) {
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8U * i) & 0xFFU);
  }
}

/// Reads a number at `offset`; the caller has checked that it is there.
template <class T>
T read_little_endian(std::string_view bytes, std::size_t offset) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < sizeof(T); ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(bytes[offset + i])} << (8U * i);
  }
  return static_cast<T>(value);
}

}  // namespace skerry::agent
