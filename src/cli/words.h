#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace skerry::cli {

/// How text may look: what the terminal and the options allow.
struct Look {
  bool ascii = false;
  bool colour = false;
  std::size_t width = 0;  // 0: do not cut.
};

/// A state with its glyph: "✓ Healthy", in ASCII "+ Healthy". A word it does not know gets none.
std::string state_text(std::string_view word, const Look& look);

/// "3s", "5m", "2h", "4d", "1y": one unit, the largest that is not zero.
std::string age_text(std::chrono::milliseconds age);
/// The age of a moment in milliseconds since 1970; "-" for 0, which is unset.
std::string age_since(std::int64_t at_ms, WallTime now);
/// RFC 3339; "-" for 0.
std::string time_text(std::int64_t at_ms);

/// Columns a text takes on the screen. East Asian wide characters count one: our own have none.
std::size_t columns_of(std::string_view text);

/// What a terminal would take for a command, or would hide, written as "\x1b".
std::string printable(std::string_view text);

}  // namespace skerry::cli
