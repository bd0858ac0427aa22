#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace skerry::api::v1 {
class LabelSelector;
}  // namespace skerry::api::v1

namespace skerry::resource {

/// Labels and facts of one object, by key.
using Labels = std::map<std::string, std::string, std::less<>>;

/// One condition on one label.
struct Requirement {
  enum class Operator : std::uint8_t { in, not_in, exists, does_not_exist, greater, less };

  std::string key = {};
  Operator op = Operator::exists;
  std::vector<std::string> values =
      {};            // Sorted, no two equal. Of `greater` and `less` exactly one.
  double bound = 0;  // The value of `greater` and `less`.

  /// @param value  the label's value, nullptr where the label is missing
  [[nodiscard]] bool matches(const std::string* value) const;

  friend bool operator==(const Requirement&, const Requirement&) = default;
};

/// Chooses objects by labels and facts; every requirement must hold, so an empty one chooses all.
///
/// As in Kubernetes: `not_in` and `!=` hold where the label is missing. A value that is no number
/// is neither greater nor less.
class Selector {
 public:
  Selector() = default;

  /// `bad_selector` or `bad_label` with a field path below the selector.
  static Result<Selector> create(const api::v1::LabelSelector& message);

  /// Of the command line's `-l`: "app=web,tier!=db,region in (eu, us),!gpu,skerry/cores>2".
  /// The error's column counts in `text`.
  static Result<Selector> parse(std::string_view text);

  /// One look-up a requirement: linear in the selector, whatever the labels.
  [[nodiscard]] bool matches(const Labels& labels) const;

  [[nodiscard]] const std::vector<Requirement>& requirements() const { return requirements_; }

  /// In the syntax of `parse`, requirements in the order of their keys.
  [[nodiscard]] std::string to_string() const;

  void fill(api::v1::LabelSelector& message) const;

 private:
  explicit Selector(std::vector<Requirement> requirements);

  std::vector<Requirement> requirements_;
};

}  // namespace skerry::resource
