#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "resource/yaml.h"

namespace skerry::compose {

/// A node of the file and the way to it. Lives on the stack of whoever walks down: a child points
/// to its parent, so that a path costs nothing until there is a problem to report.
class Value {
 public:
  explicit Value(const resource::Node& root) : node_(&root) {}

  [[nodiscard]] const resource::Node& node() const { return *node_; }

  [[nodiscard]] bool is_null() const {
    return resource::type_of(*node_) == resource::ScalarType::null;
  }

  /// How many entries a list or mapping has.
  [[nodiscard]] std::size_t size() const { return node_->items.size(); }

  /// An element of a list, or an entry of a mapping. The parent must outlive it.
  [[nodiscard]] Value operator[](std::size_t index) const {
    return Value(
        node_->items[index], this, node_->is_mapping() ? &node_->keys[index] : nullptr, index);
  }

  /// The entry's key; empty for an element of a list.
  [[nodiscard]] std::string_view key() const {
    return key_ == nullptr ? std::string_view() : std::string_view(key_->text);
  }

  /// Where the key stands, or the value where there is no key.
  [[nodiscard]] resource::Mark key_at() const { return key_ == nullptr ? node_->at : key_->at; }

  /// "services.web.ports[0]"
  [[nodiscard]] std::string path() const;

 private:
  Value(const resource::Node& node,
        const Value* parent,
        const resource::Node* key,
        std::size_t index)
      : node_(&node), parent_(parent), key_(key), index_(index) {}

  const resource::Node* node_;
  const Value* parent_ = nullptr;
  const resource::Node* key_ = nullptr;
  std::size_t index_ = 0;
};

}  // namespace skerry::compose
