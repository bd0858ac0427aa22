#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class Descriptor;
class EnumDescriptor;
class EnumValueDescriptor;
class FieldDescriptor;
class Message;
}  // namespace google::protobuf

namespace skerry::api::v1 {
class Metadata;
}  // namespace skerry::api::v1

namespace skerry::resource {

inline constexpr std::string_view api_version = "skerry/v1";

/// A kind of resource, as the schema declares it.
struct Kind {
  std::string_view name = {};        // "Site"
  std::string_view plural = {};      // "sites", as in paths
  std::string_view short_name = {};  // "si"
  bool read_only = false;            // Only the server makes one.
  const google::protobuf::Descriptor* descriptor = nullptr;
};

/// Every kind there is in this version, by name.
std::span<const Kind> kinds();

/// By its exact name, as in a file: "Site". nullptr where there is none.
const Kind* kind_named(std::string_view name);

/// As people type it: name, plural or short name, in any case. nullptr where there is none.
const Kind* kind_called(std::string_view word);

/// Kinds that this version knows of but does not have yet.
const std::vector<std::string>& planned_kinds();

/// An empty resource with its `apiVersion` and `kind` set.
std::unique_ptr<google::protobuf::Message> make_resource(const Kind& kind);

/// The kind of a resource; nullptr for any other message.
const Kind* kind_of(const google::protobuf::Message& resource);

/// The metadata of a resource; nullptr where its kind has none or none is set.
const api::v1::Metadata* metadata_of(const google::protobuf::Message& resource);
/// The same to write to, made where there is none. nullptr where the kind has none.
api::v1::Metadata* mutable_metadata_of(google::protobuf::Message& resource);

/// The word of an enum value in YAML and JSON: "enforce", "RolledBack". Empty for zero.
std::string word_of(const google::protobuf::EnumValueDescriptor& value);

/// The value a word means, in any case and with or without "-" and "_" between its parts.
const google::protobuf::EnumValueDescriptor* value_of(const google::protobuf::EnumDescriptor& type,
                                                      std::string_view word);

/// All words of an enum but zero's, in the order of the schema.
std::vector<std::string> words_of(const google::protobuf::EnumDescriptor& type);

}  // namespace skerry::resource
