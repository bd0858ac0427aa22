#include "compose/scalars.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "compose/codes.h"

namespace skerry::compose {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string quoted(std::string_view text) {
  // A value may be a whole file by mistake; an error line stays a line.
  constexpr std::size_t shown_max = 80;
  std::string shown(text.substr(0, shown_max));
  std::ranges::replace(shown, '\n', ' ');
  return "'" + shown + (text.size() > shown_max ? "…'" : "'");
}

/// A decimal number times 10^9, exactly, so that no rounding depends on a machine's floats.
struct Decimal {
  std::uint64_t nanos = 0;
  std::size_t length = 0;  // How many characters it took; 0 where there is no number.
};

/// Reads up to nine digits on either side of the point.
Decimal take_decimal(std::string_view text) {
  constexpr std::size_t digits_max = 9;
  std::size_t at = 0;
  std::uint64_t whole = 0;
  while (at < text.size() && is_digit(text[at])) {
    whole = whole * 10 + static_cast<std::uint64_t>(text[at++] - '0');
    if (at > digits_max) {
      return {};
    }
  }
  const std::size_t whole_digits = at;
  std::uint64_t fraction = 0;
  std::size_t fraction_digits = 0;
  if (at < text.size() && text[at] == '.') {
    ++at;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      if (++fraction_digits > digits_max) {
        return {};
      }
      fraction = fraction * 10 + static_cast<std::uint64_t>(text[at] - '0');
    }
  }
  if (whole_digits + fraction_digits == 0) {
    return {};
  }
  for (std::size_t i = fraction_digits; i < digits_max; ++i) {
    fraction *= 10;
  }
  return {.nanos = whole * 1'000'000'000 + fraction, .length = at};
}

struct Unit {
  std::string_view text;
  std::uint64_t factor;
};

/// `decimal` units, in the unit that factors count in. Nothing where that is no whole number or
/// beyond 2^53.
std::optional<std::uint64_t> multiply(Decimal decimal, std::uint64_t factor) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(decimal.nanos) * factor;
  if (product % 1'000'000'000 != 0 || product / 1'000'000'000 > (1ULL << 53)) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(product / 1'000'000'000);
}

constexpr std::array<Unit, 8> duration_units{{{"ms", 1'000'000},
                                              {"us", 1'000},
                                              {"ns", 1},
                                              {"s", 1'000'000'000},
                                              {"m", 60'000'000'000},
                                              {"h", 3'600'000'000'000},
                                              {"d", 86'400'000'000'000},
                                              {"w", 604'800'000'000'000}}};

/// One "90s" of a duration in nanoseconds, taken off the front of `rest`.
std::optional<std::uint64_t> take_duration_part(std::string_view& rest) {
  const Decimal number = take_decimal(rest);
  if (number.length == 0) {
    return std::nullopt;
  }
  rest.remove_prefix(number.length);
  for (const Unit& unit : duration_units) {
    if (rest.starts_with(unit.text)) {
      rest.remove_prefix(unit.text.size());
      __extension__ using Wide = unsigned __int128;
      const Wide nanos = static_cast<Wide>(number.nanos) * unit.factor / 1'000'000'000;
      constexpr std::uint64_t ten_years_ns = 3652ULL * 86'400 * 1'000'000'000;
      return nanos > ten_years_ns ? std::nullopt : std::optional(static_cast<std::uint64_t>(nanos));
    }
  }
  return std::nullopt;
}

std::string lower(std::string_view text) {
  std::string made(text);
  std::ranges::transform(made, made.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return made;
}

}  // namespace

Error invalid(std::string message, std::string hint) {
  return {.kind = ErrorKind::invalid,
          .code = invalid_value,
          .message = std::move(message),
          .hint = std::move(hint)};
}

Result<std::uint64_t> parse_duration_ms(std::string_view text) {
  if (text == "0") {
    return 0;
  }
  const auto refuse = [&](std::string_view why) {
    return fail(
        invalid(quoted(text) + " " + std::string(why), "write for instance 30s, 1m30s or 500ms"));
  };
  std::uint64_t nanos = 0;
  std::string_view rest = text;
  do {
    const std::optional<std::uint64_t> part = take_duration_part(rest);
    if (!part) {
      return refuse("is not a duration");
    }
    nanos += *part;
    // Ten years a part, and no text is long enough to add up to 2^64 before this ends it.
    if (nanos > (1ULL << 62)) {
      return refuse("is too long");
    }
  } while (!rest.empty());
  if (nanos % 1'000'000 != 0) {
    return refuse("is finer than a millisecond");
  }
  return nanos / 1'000'000;
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  static constexpr std::array<Unit, 6> units{{{"", 1},
                                              {"k", 1ULL << 10},
                                              {"m", 1ULL << 20},
                                              {"g", 1ULL << 30},
                                              {"t", 1ULL << 40},
                                              {"p", 1ULL << 50}}};
  const auto refuse = [&] {
    return fail(invalid(quoted(text) + " is not a size", "write for instance 512k, 64m or 1.5g"));
  };
  // Bytes alone may have more digits than a decimal with a unit.
  if (const std::optional<std::uint64_t> whole = parse_unsigned(text)) {
    return *whole <= (1ULL << 53) ? Result<std::uint64_t>(*whole) : refuse();
  }
  const Decimal number = take_decimal(text);
  if (number.length == 0) {
    return refuse();
  }
  std::string suffix = lower(text.substr(number.length));
  if (suffix.starts_with(' ')) {
    suffix.erase(0, 1);
  }
  if (suffix.ends_with('b')) {
    suffix.pop_back();
  }
  if (suffix.size() == 2 && suffix.ends_with('i')) {
    suffix.pop_back();
  }
  const auto* const unit =
      std::ranges::find_if(units, [&](const Unit& u) { return u.text == suffix; });
  if (unit == units.end()) {
    return refuse();
  }
  const std::optional<std::uint64_t> bytes = multiply(number, unit->factor);
  return bytes ? Result<std::uint64_t>(*bytes) : refuse();
}

Result<std::uint64_t> parse_cpu_nanos(std::string_view text) {
  const Decimal number = take_decimal(text);
  if (number.length == 0 || number.length != text.size()) {
    return fail(invalid(quoted(text) + " is not a number of processors", "write for instance 0.5"));
  }
  return number.nanos;
}

Result<std::uint32_t> parse_octal_mode(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with("0o")) {
    digits.remove_prefix(2);
  }
  std::uint32_t mode = 0;
  const bool octal = !digits.empty() && digits.size() <= 6 &&
                     std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '7'; });
  for (std::size_t i = 0; octal && i < digits.size(); ++i) {
    mode = mode * 8 + static_cast<std::uint32_t>(digits[i] - '0');
  }
  if (!octal || mode > 07777) {
    return fail(invalid(quoted(text) + " is not a file mode", "write for instance 0644"));
  }
  return mode;
}

Result<std::string> parse_absolute_path(std::string_view text) {
  if (!text.starts_with('/')) {
    return fail(invalid(quoted(text) + " is not an absolute path"));
  }
  if (text.find('\0') != std::string_view::npos || text.size() > 4096) {
    return fail(invalid("the path is longer than 4096 bytes or holds a NUL"));
  }
  std::vector<std::string_view> kept;
  for (const std::string_view part : split(text.substr(1), '/')) {
    if (part == ".." && !kept.empty()) {
      kept.pop_back();
    } else if (!part.empty() && part != "." && part != "..") {
      kept.push_back(part);
    }
  }
  std::string path;
  for (const std::string_view part : kept) {
    path.append("/").append(part);
  }
  return path.empty() ? "/" : path;
}

}  // namespace skerry::compose
