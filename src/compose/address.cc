#include <algorithm>

#include "base/text.h"
#include "compose/scalars.h"

namespace skerry::compose {
namespace {

bool is_ipv4(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '.');
  return parts.size() == 4 && std::ranges::all_of(parts, [](std::string_view part) {
           const bool plain = part.size() <= 3 && (part.size() == 1 || !part.starts_with('0'));
           return plain && parse_unsigned(part).value_or(256) <= 255;
         });
}

bool is_group(std::string_view text) {
  return !text.empty() && text.size() <= 4 && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

/// How many 16-bit groups one side of a "::" has; 9 where one of them is wrong.
std::size_t count_groups(std::string_view side) {
  constexpr std::size_t wrong = 9;
  if (side.empty()) {
    return 0;
  }
  std::vector<std::string_view> groups = split(side, ':');
  const std::size_t embedded = is_ipv4(groups.back()) ? 1 : 0;
  groups.resize(groups.size() - embedded);
  return std::ranges::all_of(groups, is_group) ? groups.size() + 2 * embedded : wrong;
}

/// RFC 4291 §2.2, without zones.
bool is_ipv6(std::string_view text) {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    return count_groups(text) == 8;
  }
  const std::string_view left = text.substr(0, gap);
  // An embedded IPv4 address is the end of the text, never of its left side.
  return left.find('.') == std::string_view::npos &&
         count_groups(left) + count_groups(text.substr(gap + 2)) < 8;
}

}  // namespace

Result<std::string> parse_address(std::string_view text) {
  std::string bare(text);
  if (bare.size() > 2 && bare.front() == '[' && bare.back() == ']') {
    bare = bare.substr(1, bare.size() - 2);
  }
  std::ranges::transform(bare, bare.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (!is_ipv4(bare) && !is_ipv6(bare)) {
    return fail(invalid("'" + std::string(text.substr(0, 80)) + "' is not an IP address"));
  }
  return bare;
}

}  // namespace skerry::compose
