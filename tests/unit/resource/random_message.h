#pragma once

#include <random>

#include <google/protobuf/message.h>

namespace skerry::resource {

/// Fills every field of `message` that the codec writes with something, or leaves it out; texts are
/// of the kind that YAML is particular about. Equal seeds give equal messages.
void fill_at_random(google::protobuf::Message& message, std::mt19937_64& random, int depth = 0);

}  // namespace skerry::resource
