#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skerry::cli {

/// Lines of cells below a head, aligned. On a screen too narrow the widest columns are cut, with an
/// ellipsis; the first, which names the thing, is cut last.
class Table {
 public:
  explicit Table(std::vector<std::string> head) : head_(std::move(head)) {}

  /// As many cells as the head has; they must be printable.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  /// @param width     of the screen; 0 never cuts
  /// @param ellipsis  what stands for what was cut
  [[nodiscard]] std::string text(std::size_t width, std::string_view ellipsis) const;

  [[nodiscard]] bool empty() const { return rows_.empty(); }

 private:
  [[nodiscard]] std::vector<std::size_t> widths(std::size_t width) const;

  std::vector<std::string> head_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace skerry::cli
