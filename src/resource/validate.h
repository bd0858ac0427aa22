#pragma once

#include <string_view>

#include "resource/problems.h"
#include "resource/yaml.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace skerry::resource {

/// What one field alone cannot say: selectors that make sense, targets that are there, nothing
/// twice. Single values are held to the schema by `decode`.
///
/// @param node  what the message was read from, for the places in errors; an empty one gives none
void validate(const google::protobuf::Message& resource,
              const Node& node,
              std::string_view file,
              Problems& problems);

}  // namespace skerry::resource
