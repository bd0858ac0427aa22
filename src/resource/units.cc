#include "resource/units.h"

#include <array>
#include <charconv>
#include <utility>

namespace skerry::resource {
namespace {

constexpr std::int64_t value_max = (std::int64_t{1} << 53U) - 1;

struct Unit {
  std::string_view name = {};
  std::int64_t factor = 1;
};

constexpr std::array<Unit, 5> durations{{
    {"d", 86'400'000},
    {"h", 3'600'000},
    {"m", 60'000},
    {"s", 1'000},
    {"ms", 1},
}};

constexpr std::array<Unit, 9> sizes{{
    {"Ti", std::int64_t{1} << 40U},
    {"Gi", std::int64_t{1} << 30U},
    {"Mi", std::int64_t{1} << 20U},
    {"Ki", std::int64_t{1} << 10U},
    {"T", 1'000'000'000'000},
    {"G", 1'000'000'000},
    {"M", 1'000'000},
    {"k", 1'000},
    {"", 1},
}};

/// Takes the digits off the front of `text`. Nothing where there are none or too many.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t value = 0;
  if (text.empty() || text.front() == '-') {
    return std::nullopt;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value > value_max) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

/// `number * factor + sum`, unless that is above the greatest.
std::optional<std::int64_t> scaled(std::int64_t number, std::int64_t factor, std::int64_t sum) {
  if (number > (value_max - sum) / factor) {
    return std::nullopt;
  }
  return sum + number * factor;
}

}  // namespace

std::optional<std::int64_t> parse_duration(std::string_view text) {
  std::optional<std::int64_t> sum = text.empty() ? std::nullopt : std::optional<std::int64_t>(0);
  std::size_t next = 0;
  while (sum && !text.empty()) {
    const std::optional<std::int64_t> number = take_number(text);
    const std::size_t letters = text.find_first_of("0123456789");
    const std::string_view name = text.substr(0, letters);
    while (next < durations.size() && durations[next].name != name) {
      ++next;
    }
    if (!number || next == durations.size()) {
      return std::nullopt;
    }
    sum = scaled(*number, durations[next].factor, *sum);
    text.remove_prefix(name.size());
    ++next;
  }
  return sum;
}

std::string format_duration(std::int64_t milliseconds) {
  if (milliseconds == 0) {
    return "0s";
  }
  std::string text;
  for (const Unit& unit : durations) {
    // A day is not always 24 hours to a reader, so it is never written.
    if (unit.name != "d" && milliseconds >= unit.factor) {
      text += std::to_string(milliseconds / unit.factor);
      text += unit.name;
      milliseconds %= unit.factor;
    }
  }
  return text;
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  const std::optional<std::int64_t> number = take_number(text);
  for (const Unit& unit : sizes) {
    if (number && unit.name == text) {
      return scaled(*number, unit.factor, 0);
    }
  }
  return std::nullopt;
}

std::string format_size(std::int64_t bytes) {
  for (const Unit& unit : sizes) {
    if (unit.name.ends_with("i") && bytes != 0 && bytes % unit.factor == 0) {
      return std::to_string(bytes / unit.factor) + std::string(unit.name);
    }
  }
  return std::to_string(bytes);
}

}  // namespace skerry::resource
