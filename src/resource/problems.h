#pragma once

#include <cstddef>
#include <vector>

#include "base/error.h"

namespace skerry::resource {

/// What is wrong with one input: the first twenty errors, in the order of the text, and how many
/// more were seen. Empty means good.
class Problems {
 public:
  static constexpr std::size_t listed_max = 20;

  void add(Error error);

  [[nodiscard]] bool empty() const { return list_.empty(); }

  /// Whoever looks for errors may stop: no more will be listed.
  [[nodiscard]] bool full() const { return list_.size() == listed_max; }

  [[nodiscard]] const std::vector<Error>& list() const { return list_; }

  /// Errors that were seen after the list was full. There may be more that nobody looked for.
  [[nodiscard]] std::size_t unlisted() const { return unlisted_; }

 private:
  std::vector<Error> list_;
  std::size_t unlisted_ = 0;
};

}  // namespace skerry::resource
