#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace skerry {

/// A SHA-256. It names a document, a blob or a key.
struct Digest {
  std::array<std::uint8_t, 32> bytes{};

  friend auto operator<=>(const Digest&, const Digest&) = default;

  [[nodiscard]] bool is_zero() const { return *this == Digest{}; }

  /// The raw 32 bytes, valid as long as this object.
  [[nodiscard]] std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

/// "sha256:" and 64 lower-case hexadecimal digits.
std::string to_string(const Digest& digest);

/// The first 12 hexadecimal digits, for people.
std::string short_name(const Digest& digest);

/// @param text  64 hexadecimal digits, with or without "sha256:" in front
Result<Digest> parse_digest(std::string_view text);

/// @param bytes  exactly 32 raw bytes
Result<Digest> digest_from_bytes(std::string_view bytes);

}  // namespace skerry
