#pragma once

#include <string>
#include <string_view>

#include "resource/problems.h"
#include "resource/schema.h"
#include "resource/yaml.h"

namespace skerry::resource {

struct DecodeOptions {
  enum class Reading : std::uint8_t {
    // What a user sends: everything is checked, and what the server sets is skipped unread, so that
    // the output of `get -o yaml` can be edited and applied.
    user_input,
    // What our own encoder wrote, perhaps a newer one: unknown fields are skipped, all else is
    // read.
    own_output,
  };

  std::string file = {};  // For the positions in errors.
  Reading reading = Reading::user_input;
};

/// Fills `out` from a mapping by the schema's names, types and options. What is good is filled in
/// even where something else is wrong.
///
/// @param problems  gets what is wrong, each with position, field path and code
/// @return          whether nothing was wrong
bool decode(const Node& node,
            google::protobuf::Message& out,
            const DecodeOptions& options,
            Problems& problems);

struct EncodeOptions {
  // Fields that are never shown again, a password for instance; for a client that sends them.
  enum class Secrets : std::uint8_t { hide, send };

  Secrets secrets = Secrets::hide;
};

/// The message as a tree in canonical order: fields by number, map entries by key. Numbers and
/// booleans are there even if zero; empty texts, lists, unset durations, sizes and times are not.
Node encode(const google::protobuf::Message& message, const EncodeOptions& options = {});

/// One line of JSON, without a line feed.
std::string to_json(const google::protobuf::Message& message, const EncodeOptions& options = {});

/// One YAML document, without `---`.
std::string to_yaml(const google::protobuf::Message& message, const EncodeOptions& options = {});

}  // namespace skerry::resource
