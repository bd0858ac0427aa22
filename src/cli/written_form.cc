#include "cli/written_form.h"

#include <algorithm>
#include <array>

#include "resource/codec.h"
#include "resource/write.h"

namespace skerry::cli {
namespace {

constexpr std::array<std::string_view, 1> of_the_server{"status"};
constexpr std::array<std::string_view, 5> of_metadata{
    "uid", "generation", "resourceVersion", "createdAt", "updatedAt"};

template <std::size_t size>
void drop(resource::Node& node, const std::array<std::string_view, size>& keys) {
  for (std::size_t i = node.keys.size(); i-- > 0;) {
    if (std::find(keys.begin(), keys.end(), node.keys[i].text) != keys.end()) {
      node.keys.erase(node.keys.begin() + static_cast<std::ptrdiff_t>(i));
      node.items.erase(node.items.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

}  // namespace

std::string written_form(const google::protobuf::Message& resource) {
  resource::Node root = resource::encode(resource);
  drop(root, of_the_server);
  for (std::size_t i = 0; i < root.keys.size(); ++i) {
    if (root.keys[i].text == "metadata") {
      drop(root.items[i], of_metadata);
    }
  }
  return resource::write_yaml(root);
}

}  // namespace skerry::cli
