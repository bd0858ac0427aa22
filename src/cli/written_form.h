#pragma once

#include <string>

#include <google/protobuf/message.h>

namespace skerry::cli {

/// A resource as a user would write it, in one canonical form: without its status and what else
/// the server sets.
std::string written_form(const google::protobuf::Message& resource);

}  // namespace skerry::cli
