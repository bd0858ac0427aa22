#include <set>

#include "resource/codes.h"
#include "resource/reading.h"
#include "resource/yaml.h"

namespace skerry::resource {
namespace {

constexpr std::string_view merge_key = "<<";

class Merger {
 public:
  explicit Merger(const ReadOptions& options) : options_(options), budget_(options) {}

  /// Counts what is there, then merges from the leaves up: what is merged has no `<<` of its own.
  Status expand(Node& node);

 private:
  Status merge_into(Node& node);
  Status merge_one(Node& target, const Node& source, std::set<std::string, std::less<>>& taken);

  const ReadOptions& options_;
  Budget budget_;
};

bool is_merge(const Node& key) {
  return key.text == merge_key && key.style == Node::Style::plain;
}

Status Merger::expand(Node& node) {
  SKERRY_CHECK(budget_.take_node(node.at));
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (Status status = expand(node.items[i]); !status) {
      if (node.is_mapping()) {
        prepend_path(status.error(), node.keys[i].text);
      } else {
        prepend_path(status.error(), i);
      }
      return status;
    }
  }
  return merge_into(node);
}

Status Merger::merge_into(Node& node) {
  std::size_t at = 0;
  while (at < node.keys.size() && !is_merge(node.keys[at])) {
    ++at;
  }
  if (at == node.keys.size()) {
    return {};
  }
  const Node merged = std::move(node.items[at]);
  const auto offset = static_cast<std::ptrdiff_t>(at);
  node.keys.erase(node.keys.begin() + offset);
  node.items.erase(node.items.begin() + offset);
  std::set<std::string, std::less<>> taken;
  for (const Node& key : node.keys) {
    taken.insert(key.text);
  }
  if (!merged.is_sequence()) {
    return merge_one(node, merged, taken);
  }
  for (const Node& source : merged.items) {
    SKERRY_CHECK(merge_one(node, source, taken));
  }
  return {};
}

Status Merger::merge_one(Node& target,
                         const Node& source,
                         std::set<std::string, std::less<>>& taken) {
  if (!source.is_mapping()) {
    Error error = reading_error(
        bad_merge, options_.file, source.at, "<< takes a mapping or a list of mappings");
    prepend_path(error, merge_key);
    return fail(std::move(error));
  }
  for (std::size_t i = 0; i < source.keys.size(); ++i) {
    if (taken.insert(source.keys[i].text).second) {
      SKERRY_CHECK(budget_.take_copy(source.items[i], source.at));
      target.keys.push_back(source.keys[i]);
      target.items.push_back(source.items[i]);
    }
  }
  return {};
}

}  // namespace

Status expand_merges(Node& root, const ReadOptions& options) {
  return Merger(options).expand(root);
}

}  // namespace skerry::resource
