// What users write, as a stranger would send it: read as YAML and as JSON, written back, read
// again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "resource/codec.h"
#include "resource/json.h"
#include "resource/resources.h"
#include "resource/selector.h"
#include "resource/write.h"

namespace skerry::resource {
namespace {

void require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

/// What was read and written once reads and writes the same for ever.
void try_tree(const Node& node) {
  const std::string yaml = write_yaml(node);
  // A text may grow beyond the caps where escapes replace characters; it is then refused.
  if (const Result<Node> again = read_one_yaml(yaml, {})) {
    require(write_yaml(*again) == yaml);
    require(write_json(*again) == write_json(node));
  }
}

void try_resources(std::string_view text, Syntax syntax) {
  Problems problems;
  const auto resources = read_resources(text, {}, syntax, problems);
  for (const Error& error : problems.list()) {
    require(!error.code.name.empty() && error.at.line != 0);
  }
  if (!problems.empty()) {
    return;
  }
  for (const Resource& resource : resources) {
    Problems none;
    const auto again = read_resources(to_yaml(*resource.message), {}, Syntax::yaml, none);
    require(none.empty() && again.size() == 1);
    require(to_json(*again[0].message) == to_json(*resource.message));
  }
}

void try_selector(std::string_view text) {
  const Result<Selector> selector = Selector::parse(text);
  if (selector) {
    const Result<Selector> again = Selector::parse(selector->to_string());
    require(again && again->requirements() == selector->requirements());
  }
}

}  // namespace
}  // namespace skerry::resource

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (Result<std::vector<resource::Node>> documents = resource::read_yaml(text, {})) {
    for (resource::Node& document : *documents) {
      resource::try_tree(document);
      static_cast<void>(resource::expand_merges(document, {}));
    }
  }
  if (const Result<resource::Node> node = resource::read_json(text, {})) {
    resource::try_tree(*node);
  }
  resource::try_resources(text, resource::Syntax::yaml);
  resource::try_resources(text, resource::Syntax::json);
  resource::try_selector(text);
  return 0;
}
