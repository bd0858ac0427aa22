#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "compose/value.h"

namespace skerry::compose {

/// What a list or mapping adds to a list of a service that is sorted by a name and has each name
/// once. It is sorted once in the end: a file may put 100,000 elements each before the last one.
template <class Element>
class Additions {
 public:
  /// @param elements  sorted, each name once
  Additions(std::vector<Element>& elements, std::string Element::*name)
      : elements_(elements), name_(name), before_(elements.size()) {}

  /// @param value  where it stands; its parent outlives this
  void add(const Value& value, Element element) {
    elements_.push_back(std::move(element));
    values_.push_back(value);
  }

  /// Sorts, drops each whose name is there already, and calls `report(value, name)` for it, in the
  /// order of the file.
  template <class Report>
  void settle(const Report& report) {
    const std::vector<std::size_t> order = by_name();
    std::vector<Element> kept;
    kept.reserve(order.size());
    std::vector<std::size_t> twins;
    for (const std::size_t index : order) {
      if (!kept.empty() && kept.back().*name_ == elements_[index].*name_) {
        twins.push_back(index);
      } else {
        kept.push_back(std::move(elements_[index]));
      }
    }
    std::ranges::sort(twins);
    for (const std::size_t index : twins) {
      report(values_[index - before_], elements_[index].*name_);
    }
    elements_ = std::move(kept);
  }

 private:
  /// Of two of one name the later comes second.
  [[nodiscard]] std::vector<std::size_t> by_name() const {
    std::vector<std::size_t> order(elements_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [this](std::size_t a, std::size_t b) {
      const int compared = (elements_[a].*name_).compare(elements_[b].*name_);
      return compared != 0 ? compared < 0 : a < b;
    });
    return order;
  }

  std::vector<Element>& elements_;
  std::string Element::*name_;
  std::size_t before_;
  std::vector<Value> values_ = {};
};

}  // namespace skerry::compose
