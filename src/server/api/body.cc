#include "server/api/body.h"

#include <algorithm>

#include "resource/json.h"
#include "server/api/codes.h"

namespace skerry::api {

namespace {

Error invalid(ErrorCode code, std::string message, std::string hint = {}) {
  return {.kind = ErrorKind::invalid,
          .code = code,
          .message = std::move(message),
          .hint = std::move(hint)};
}

/// The type without its parameters, in lower case.
std::string media_type(const Call& call) {
  const std::string* header = call.header("content-type");
  std::string type = header == nullptr ? "" : header->substr(0, header->find(';'));
  std::ranges::transform(type, type.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  while (type.ends_with(' ')) {
    type.pop_back();
  }
  return type;
}

Error wrong_media_type() {
  return invalid(media_type_unsupported,
                 "the body is neither application/json nor application/yaml",
                 "set the header Content-Type");
}

std::optional<resource::Syntax> syntax_of(const Call& call) {
  const std::string type = media_type(call);
  if (type == "application/json") {
    return resource::Syntax::json;
  }
  if (type == "application/yaml" || type == "application/x-yaml" || type == "text/yaml") {
    return resource::Syntax::yaml;
  }
  return std::nullopt;
}

Error misplaced(ErrorCode code, const resource::Node& node, std::string path, std::string message) {
  const resource::Mark at = resource::node_at(node, path).at;
  return {.kind = ErrorKind::invalid,
          .code = code,
          .message = std::move(message),
          .field_path = std::move(path),
          .at = {.line = at.line, .column = at.column}};
}

}  // namespace

std::optional<resource::Resource> read_body(Desk& desk, const CallPtr& call) {
  const std::optional<resource::Syntax> syntax = syntax_of(*call);
  if (!syntax) {
    refuse(desk, call, wrong_media_type());
    return std::nullopt;
  }
  resource::Problems problems;
  std::vector<resource::Resource> read =
      resource::read_resources(call->body, {}, *syntax, problems);
  if (problems.empty() && read.size() != 1) {
    refuse(desk, call, invalid(one_resource, "a body holds exactly one resource"));
    return std::nullopt;
  }
  if (problems.empty() && read.front().kind->name != call->route->kind) {
    problems.add(misplaced(kind_mismatch,
                           read.front().node,
                           "kind",
                           "this path is for a " + std::string(call->route->kind)));
  }
  if (problems.empty() && !call->name.empty() &&
      resource::metadata_of(*read.front().message)->name() != call->name) {
    problems.add(misplaced(
        name_mismatch, read.front().node, "metadata.name", "the path says \"" + call->name + "\""));
  }
  if (!problems.empty()) {
    refuse(desk, call, problems.list(), problems.unlisted());
    return std::nullopt;
  }
  return std::move(read.front());
}

std::optional<std::vector<std::string>> read_texts(Desk& desk,
                                                   const CallPtr& call,
                                                   std::initializer_list<std::string_view> fields) {
  // JSON alone: a form of another site can send text, but not this type, without being asked.
  if (media_type(*call) != "application/json") {
    refuse(desk, call, wrong_media_type());
    return std::nullopt;
  }
  const Result<resource::Node> node = resource::read_json(call->body, {});
  if (!node) {
    refuse(desk, call, std::vector<Error>{node.error()}, 0);
    return std::nullopt;
  }
  std::vector<std::string> texts;
  for (const std::string_view field : fields) {
    const resource::Node* value = node->get(field);
    if (value == nullptr || resource::type_of(*value) != resource::ScalarType::text) {
      refuse(desk,
             call,
             invalid(bad_parameter, "the field \"" + std::string(field) + "\" is missing"));
      return std::nullopt;
    }
    texts.push_back(value->text);
  }
  return texts;
}

}  // namespace skerry::api
