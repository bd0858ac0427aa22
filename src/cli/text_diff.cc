#include "cli/text_diff.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/text.h"

namespace skerry::cli {
namespace {

constexpr std::size_t lines_max = 4'000;
constexpr std::size_t around = 3;

using Lines = std::vector<std::string_view>;

struct Marked {
  char mark = ' ';
  std::string_view line = {};
};

Lines lines_of(std::string_view text) {
  if (text.ends_with('\n')) {
    text.remove_suffix(1);
  }
  return text.empty() ? Lines{} : split(text, '\n');
}

/// How long the longest common subsequence of every two tails is.
class Lengths {
 public:
  Lengths(const Lines& a, const Lines& b) : columns_(b.size() + 1) {
    cells_.resize((a.size() + 1) * columns_);
    for (std::size_t i = a.size(); i-- > 0;) {
      for (std::size_t j = b.size(); j-- > 0;) {
        cells_[i * columns_ + j] = a[i] == b[j] ? static_cast<std::uint16_t>(at(i + 1, j + 1) + 1)
                                                : std::max(at(i + 1, j), at(i, j + 1));
      }
    }
  }

  [[nodiscard]] std::uint16_t at(std::size_t i, std::size_t j) const {
    return cells_[i * columns_ + j];
  }

 private:
  std::size_t columns_;
  std::vector<std::uint16_t> cells_;
};

void replace_all(const Lines& a, const Lines& b, std::vector<Marked>& out) {
  for (const auto line : a) {
    out.push_back({.mark = '-', .line = line});
  }
  for (const auto line : b) {
    out.push_back({.mark = '+', .line = line});
  }
}

void compare(const Lines& a, const Lines& b, std::vector<Marked>& out) {
  if (a.size() > lines_max || b.size() > lines_max) {
    replace_all(a, b, out);
    return;
  }
  const Lengths lengths(a, b);
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      out.push_back({.line = a[i++]});
      ++j;
    } else if (j == b.size() || (i < a.size() && lengths.at(i + 1, j) >= lengths.at(i, j + 1))) {
      out.push_back({.mark = '-', .line = a[i++]});
    } else {
      out.push_back({.mark = '+', .line = b[j++]});
    }
  }
}

/// Only what changed and what stands around it; "..." where lines are left out.
std::string near_changes(const std::vector<Marked>& lines) {
  std::vector<bool> shown(lines.size(), false);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].mark != ' ') {
      const std::size_t end = std::min(i + around + 1, lines.size());
      std::fill(shown.begin() + static_cast<std::ptrdiff_t>(i - std::min(i, around)),
                shown.begin() + static_cast<std::ptrdiff_t>(end),
                true);
    }
  }
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (shown[i]) {
      out += lines[i].mark;
      out.append(lines[i].line).append("\n");
    } else if (i > 0 && shown[i - 1]) {
      out += " ...\n";
    }
  }
  return out;
}

}  // namespace

std::string text_diff(std::string_view before, std::string_view after) {
  if (before == after) {
    return {};
  }
  Lines a = lines_of(before);
  Lines b = lines_of(after);
  std::vector<Marked> lines;
  const auto [end_a, end_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  for (auto at = a.begin(); at != end_a; ++at) {
    lines.push_back({.line = *at});
  }
  const auto [tail_a, tail_b] = std::mismatch(
      a.rbegin(), std::make_reverse_iterator(end_a), b.rbegin(), std::make_reverse_iterator(end_b));
  compare(Lines(end_a, tail_a.base()), Lines(end_b, tail_b.base()), lines);
  for (auto at = tail_a.base(); at != a.end(); ++at) {
    lines.push_back({.line = *at});
  }
  return near_changes(lines);
}

}  // namespace skerry::cli
