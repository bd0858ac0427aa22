#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace skerry {

/// An identifier that is never reused. New ones are UUIDv7 (RFC 9562), so they sort by creation.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  friend auto operator<=>(const Uuid&, const Uuid&) = default;

  [[nodiscard]] bool is_zero() const { return *this == Uuid{}; }

  [[nodiscard]] std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

Uuid make_uuid(WallTime now, Random& random);

/// "018f4e2a-7c3b-7def-8123-456789abcdef"
std::string to_string(const Uuid& uuid);
Result<Uuid> parse_uuid(std::string_view text);
/// @param bytes  exactly 16 raw bytes
Result<Uuid> uuid_from_bytes(std::string_view bytes);

}  // namespace skerry
