#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skerry::resource {

/// Milliseconds of "5m", "1h30m", "250ms" or "2d": whole numbers with ms, s, m, h or d, the larger
/// unit first, none twice. Nothing for any other text, or above 2^53-1.
std::optional<std::int64_t> parse_duration(std::string_view text);

/// The shortest such text without days: 5400000 is "1h30m", 0 is "0s". Not for negative ones.
std::string format_duration(std::int64_t milliseconds);

/// Bytes of "64Mi", "10G" or "512": Ki, Mi, Gi, Ti in powers of 1024, k, M, G, T in powers of 1000.
/// Nothing for any other text, or above 2^53-1.
std::optional<std::int64_t> parse_size(std::string_view text);

/// With the largest binary unit that divides it: 67108864 is "64Mi", 1000 is "1000".
std::string format_size(std::int64_t bytes);

}  // namespace skerry::resource
