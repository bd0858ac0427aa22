#include "cli/command.h"

namespace skerry::cli {

std::string Options::get(std::string_view key, std::string_view otherwise) const {
  const auto* values = find(key);
  return values == nullptr || values->empty() ? std::string(otherwise) : values->back();
}

std::vector<std::string> Options::all(std::string_view key) const {
  const auto* values = find(key);
  return values == nullptr ? std::vector<std::string>{} : *values;
}

void Options::set(std::string_view key, std::vector<std::string> values) {
  values_.insert_or_assign(std::string(key), std::move(values));
}

const std::vector<std::string>* Options::find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

std::string_view key_of(const Flag& flag) {
  const std::size_t comma = flag.names.rfind(',');
  std::string_view name =
      comma == std::string_view::npos ? flag.names : flag.names.substr(comma + 1);
  return name.substr(name.find_first_not_of('-'));
}

}  // namespace skerry::cli
