#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "resource/selector.h"

namespace skerry::resource {

/// Holds a requirement to its operator's rules and brings its values in order. Errors have a field
/// path below the requirement.
Result<Requirement> checked_requirement(Requirement requirement);

/// The syntax of `-l`, one requirement after the other; in one pass. Private to the room.
class SelectorParser {
 public:
  explicit SelectorParser(std::string_view text) : text_(text) {}

  Result<std::vector<Requirement>> parse();

 private:
  Result<Requirement> requirement();
  Status operation(Requirement& requirement);
  Status values(Requirement& requirement);
  bool take(std::string_view token);
  std::string_view word();
  void skip_spaces();
  [[nodiscard]] tl::unexpected<Error> error(std::string message) const;

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace skerry::resource
