#pragma once

#include <string_view>

#include "resource/yaml.h"

namespace skerry::resource {

/// Reads one JSON text (RFC 8259) with the same caps and refusals as `read_yaml`. What YAML's
/// reader would get wrong is right here: surrogate pairs in escapes, long keys, tabs between
/// values.
Result<Node> read_json(std::string_view text, const ReadOptions& options);

}  // namespace skerry::resource
