#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <google/protobuf/message.h>

#include "resource/problems.h"
#include "resource/schema.h"
#include "resource/yaml.h"

namespace skerry::resource {

/// One resource as a user wrote it. `message` is as good as it could be read; whether it is good at
/// all is what the problems say.
struct Resource {
  const Kind* kind = nullptr;  // Never nullptr in what `read_resources` returns.
  std::unique_ptr<google::protobuf::Message> message = {};
  Node node = {};  // For the places of what the message alone no longer knows.
};

enum class Syntax : std::uint8_t { yaml, json };

/// Reads every document of a text as a resource: syntax, `apiVersion`, `kind`, fields, then the
/// rules of `validate`. Empty documents are skipped; a document whose kind is not known is not in
/// the result but in the problems.
std::vector<Resource> read_resources(std::string_view text,
                                     const ReadOptions& options,
                                     Syntax syntax,
                                     Problems& problems);

/// The value at a field path such as "spec.compose" or "spec.variables[0].name", or the nearest one
/// around it that is there. A key that holds a point or bracket cannot be named.
const Node& node_at(const Node& root, std::string_view field_path);

}  // namespace skerry::resource
