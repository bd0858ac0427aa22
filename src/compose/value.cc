#include "compose/value.h"

namespace skerry::compose {

std::string Value::path() const {
  if (parent_ == nullptr) {
    return {};
  }
  std::string path = parent_->path();
  if (key_ == nullptr) {
    return path + "[" + std::to_string(index_) + "]";
  }
  return path.empty() ? key_->text : path + "." + key_->text;
}

}  // namespace skerry::compose
