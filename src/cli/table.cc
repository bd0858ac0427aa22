#include "cli/table.h"

#include <algorithm>
#include <numeric>

#include "cli/words.h"

namespace skerry::cli {
namespace {

constexpr std::size_t gap = 3;
constexpr std::size_t least = 6;  // No column is cut below this.

/// The first `columns` columns of a text, whole characters only. A coloured text ends uncoloured.
std::string cut(std::string_view text, std::size_t columns, std::string_view ellipsis) {
  if (columns_of(text) <= columns) {
    return std::string(text);
  }
  const std::size_t keep = columns - std::min(columns, columns_of(ellipsis));
  std::size_t end = text.size();
  while (end > 0 && columns_of(text.substr(0, end)) > keep) {
    --end;
  }
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  const bool coloured = text.find('\x1b') != std::string_view::npos;
  return std::string(text.substr(0, end)).append(ellipsis).append(coloured ? "\x1b[0m" : "");
}

std::string line_of(const std::vector<std::string>& cells,
                    const std::vector<std::size_t>& widths,
                    std::string_view ellipsis) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string cell = cut(cells[i], widths[i], ellipsis);
    line += cell;
    if (i + 1 < cells.size()) {
      line.append(widths[i] - std::min(widths[i], columns_of(cell)) + gap, ' ');
    }
  }
  line.resize(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

std::vector<std::size_t> Table::widths(std::size_t width) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < head_.size(); ++i) {
    std::size_t widest = columns_of(head_[i]);
    for (const auto& row : rows_) {
      widest = std::max(widest, columns_of(row[i]));
    }
    widths.push_back(widest);
  }
  const std::size_t gaps = gap * (widths.size() - 1);
  while (width != 0 && std::accumulate(widths.begin(), widths.end(), gaps) > width) {
    // Whatever says most gives way first; the name only where nothing else can.
    auto widest = std::max_element(widths.begin() + (widths.size() > 1 ? 1 : 0), widths.end());
    widest = *widest > least ? widest : widths.begin();
    if (*widest <= least) {
      break;
    }
    --*widest;
  }
  return widths;
}

std::string Table::text(std::size_t width, std::string_view ellipsis) const {
  const auto columns = widths(width);
  std::string out = line_of(head_, columns, ellipsis);
  for (const auto& row : rows_) {
    out += line_of(row, columns, ellipsis);
  }
  return out;
}

}  // namespace skerry::cli
