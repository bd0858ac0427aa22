#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "resource/yaml.h"

namespace skerry::resource {

enum class JsonLayout : std::uint8_t { one_line, indented };

/// JSON (RFC 8259) of a tree. Plain scalars keep their type: null, booleans and numbers are written
/// as JSON has them, all else as strings. Indented text ends with a line feed.
std::string write_json(const Node& node, JsonLayout layout = JsonLayout::one_line);

/// {"key":"text",…} on one line.
std::string json_of(std::initializer_list<std::pair<std::string_view, std::string_view>> texts);

/// YAML that reads back as the same tree, whichever of YAML 1.1 and 1.2 reads it: a text is quoted
/// where either would take it for something else, and written as a block where it has lines.
std::string write_yaml(const Node& node);

}  // namespace skerry::resource
