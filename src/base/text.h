#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace skerry {

/// Lower-case hexadecimal, two digits a byte.
std::string to_hex(std::string_view bytes);
/// Accepts both cases; `invalid` on an odd length or another character.
Result<std::string> from_hex(std::string_view text);

/// RFC 4648 §4, with padding.
std::string to_base64(std::string_view bytes);
/// Strict: padding required, no white space, no stray bits.
Result<std::string> from_base64(std::string_view text);

/// Decimal digits only, no sign or spaces; nothing where it does not fit.
std::optional<std::uint64_t> parse_unsigned(std::string_view text);

/// Splits at every `separator`; "a,,b" gives three parts, "" gives one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);

/// The candidate nearest to `word` by edit distance, if it is near enough to be meant: at most a
/// third of the word's letters (and at least one) differ. For "did you mean …".
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

/// Whether the bytes are valid UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_utf8(std::string_view bytes);

/// Makes a text at most `bytes_max` long, at least 64: keeps its head, in whole characters, and
/// says how much was cut.
void cut_text(std::string& text, std::size_t bytes_max);

}  // namespace skerry
