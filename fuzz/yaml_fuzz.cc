// Any text as YAML: the reader ends within its caps, and every node it returns knows where it
// stands.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "resource/yaml.h"

namespace skerry::resource {
namespace {

void check(const Node& node) {
  if (node.at.line == 0 || (node.is_mapping() && node.keys.size() != node.items.size())) {
    std::abort();
  }
  for (const Node& item : node.items) {
    check(item);
  }
}

}  // namespace
}  // namespace skerry::resource

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using skerry::resource::Node;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  skerry::Result<std::vector<Node>> documents = skerry::resource::read_yaml(text, {});
  if (!documents) {
    return 0;
  }
  for (Node& document : *documents) {
    skerry::resource::check(document);
    if (skerry::resource::expand_merges(document, {})) {
      skerry::resource::check(document);
    }
  }
  return 0;
}
