#include "resource/resources.h"

#include <algorithm>

#include <google/protobuf/message.h>

#include "base/text.h"
#include "resource/codec.h"
#include "resource/codes.h"
#include "resource/json.h"
#include "resource/reading.h"
#include "resource/validate.h"

namespace skerry::resource {
namespace {

Result<std::vector<Node>> read_documents(std::string_view text,
                                         const ReadOptions& options,
                                         Syntax syntax) {
  if (syntax == Syntax::yaml) {
    return read_yaml(text, options);
  }
  SKERRY_TRY(Node node, read_json(text, options));
  std::vector<Node> documents;
  documents.push_back(std::move(node));
  return documents;
}

class ResourceReader {
 public:
  ResourceReader(const ReadOptions& options, Problems& problems)
      : options_(options), problems_(problems) {}

  void read(Node document, std::vector<Resource>& resources);

 private:
  bool check_header(const Node& document);
  const Kind* kind_of_document(const Node& document);
  void unknown_kind_error(const Node& kind);
  void error(ErrorCode code, const Node& node, std::string_view path, std::string message);

  const ReadOptions& options_;
  Problems& problems_;
};

void ResourceReader::error(ErrorCode code,
                           const Node& node,
                           std::string_view path,
                           std::string message) {
  Error error = reading_error(code, options_.file, node.at, std::move(message));
  error.field_path = path;
  problems_.add(std::move(error));
}

/// What must be right before the fields can mean anything.
bool ResourceReader::check_header(const Node& document) {
  if (!document.is_mapping()) {
    error(wrong_type,
          document,
          "",
          "expected a mapping with apiVersion and kind, found " + std::string(describe(document)));
    return false;
  }
  const Node* version = document.get("apiVersion");
  if (version == nullptr || version->text != api_version) {
    error(bad_api_version,
          version == nullptr ? document : *version,
          "apiVersion",
          "must be " + std::string(api_version));
    return false;
  }
  return true;
}

void ResourceReader::unknown_kind_error(const Node& kind) {
  std::vector<std::string> names;
  for (const Kind& known : kinds()) {
    if (!known.read_only) {
      names.emplace_back(known.name);
    }
  }
  Error error = reading_error(unknown_kind, options_.file, kind.at, "there is no such kind");
  error.field_path = "kind";
  if (const std::optional<std::string> meant = nearest(kind.text, names)) {
    error.hint = "did you mean \"" + *meant + "\"?";
  }
  problems_.add(std::move(error));
}

const Kind* ResourceReader::kind_of_document(const Node& document) {
  const Node* node = document.get("kind");
  if (node == nullptr) {
    error(missing_field, document, "kind", "this field is required");
    return nullptr;
  }
  const Kind* kind = kind_named(node->text);
  if (std::ranges::find(planned_kinds(), node->text) != planned_kinds().end()) {
    error(not_available, *node, "kind", "this kind is not available yet");
  } else if (kind == nullptr) {
    unknown_kind_error(*node);
  } else if (kind->read_only) {
    error(read_only_kind, *node, "kind", "the server alone makes objects of this kind");
    return nullptr;
  }
  return kind;
}

void ResourceReader::read(Node document, std::vector<Resource>& resources) {
  const Kind* kind = check_header(document) ? kind_of_document(document) : nullptr;
  if (kind == nullptr) {
    return;
  }
  Resource resource{.kind = kind, .message = make_resource(*kind), .node = std::move(document)};
  const DecodeOptions decoding{.file = options_.file};
  if (decode(resource.node, *resource.message, decoding, problems_)) {
    validate(*resource.message, resource.node, options_.file, problems_);
  }
  resources.push_back(std::move(resource));
}

/// The next step of a field path: a key, or the number in brackets.
std::string_view take_step(std::string_view& path) {
  path.remove_prefix(path.starts_with('.') ? 1 : 0);
  const std::size_t end = path.find_first_of(".[", 1);
  const std::string_view step = path.substr(0, end);
  path.remove_prefix(step.size());
  return step;
}

const Node* child(const Node& node, std::string_view step) {
  if (!step.starts_with('[')) {
    return node.get(step);
  }
  const auto index = parse_unsigned(step.substr(1, step.size() - 2));
  return index && *index < node.items.size() ? &node.items[*index] : nullptr;
}

}  // namespace

std::vector<Resource> read_resources(std::string_view text,
                                     const ReadOptions& options,
                                     Syntax syntax,
                                     Problems& problems) {
  std::vector<Resource> resources;
  Result<std::vector<Node>> documents = read_documents(text, options, syntax);
  if (!documents) {
    problems.add(std::move(documents).error());
    return resources;
  }
  ResourceReader reader(options, problems);
  for (Node& document : *documents) {
    if (problems.full()) {
      break;
    }
    if (type_of(document) != ScalarType::null) {
      reader.read(std::move(document), resources);
    }
  }
  return resources;
}

const Node& node_at(const Node& root, std::string_view field_path) {
  const Node* node = &root;
  while (!field_path.empty()) {
    const Node* next = child(*node, take_step(field_path));
    if (next == nullptr) {
      break;
    }
    node = next;
  }
  return *node;
}

}  // namespace skerry::resource
