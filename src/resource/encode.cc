#include <algorithm>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "base/clock.h"
#include "resource/codec.h"
#include "resource/units.h"
#include "resource/write.h"
#include "skerry/api/v1/options.pb.h"

namespace skerry::resource {
namespace {

namespace pb = google::protobuf;
using api::v1::Access;
using api::v1::Format;
using pb::FieldDescriptor;

Node text_node(std::string text) {
  return {.style = Node::Style::double_quoted, .text = std::move(text)};
}

Node plain_node(std::string text) {
  return {.text = std::move(text)};
}

Node number_node(std::int64_t value, Format::Kind format) {
  switch (format) {
    case Format::DURATION:
      return text_node(format_duration(value));
    case Format::SIZE: {
      std::string text = format_size(value);
      const bool unit = text.ends_with('i');
      return unit ? text_node(std::move(text)) : plain_node(std::move(text));
    }
    case Format::TIME:
      return text_node(to_rfc3339(WallTime{std::chrono::milliseconds{value}}));
    default:
      return plain_node(std::to_string(value));
  }
}

/// One field of one message, of which `index` counts the values of a list.
struct Value {
  const pb::Message& message;
  const pb::Reflection& reflection;
  const FieldDescriptor* field;
  int index = 0;
};

std::string string_of(const Value& value) {
  return value.field->is_repeated()
             ? value.reflection.GetRepeatedString(value.message, value.field, value.index)
             : value.reflection.GetString(value.message, value.field);
}

const pb::Message& message_of(const Value& value) {
  return value.field->is_repeated()
             ? value.reflection.GetRepeatedMessage(value.message, value.field, value.index)
             : value.reflection.GetMessage(value.message, value.field);
}

Node encode_value(const Value& value, const EncodeOptions& options) {
  const auto& [message, reflection, field, index] = value;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return encode(message_of(value), options);
    case FieldDescriptor::CPPTYPE_STRING:
      return text_node(string_of(value));
    // Lists hold messages and texts only; a test walks the schema to hold that.
    case FieldDescriptor::CPPTYPE_ENUM:
      return text_node(word_of(*reflection.GetEnum(message, field)));
    case FieldDescriptor::CPPTYPE_BOOL:
      return plain_node(reflection.GetBool(message, field) ? "true" : "false");
    case FieldDescriptor::CPPTYPE_UINT32:
      return plain_node(std::to_string(reflection.GetUInt32(message, field)));
    case FieldDescriptor::CPPTYPE_UINT64:
      return plain_node(std::to_string(reflection.GetUInt64(message, field)));
    default:
      return number_node(reflection.GetInt64(message, field),
                         field->options().GetExtension(api::v1::format));
  }
}

Node encode_map(const Value& value) {
  std::vector<std::pair<std::string, std::string>> entries;
  const int size = value.reflection.FieldSize(value.message, value.field);
  for (int i = 0; i < size; ++i) {
    const pb::Message& entry = value.reflection.GetRepeatedMessage(value.message, value.field, i);
    const pb::Reflection& reflection = *entry.GetReflection();
    entries.emplace_back(reflection.GetString(entry, entry.GetDescriptor()->map_key()),
                         reflection.GetString(entry, entry.GetDescriptor()->map_value()));
  }
  std::ranges::sort(entries);
  Node node{.kind = Node::Kind::mapping};
  for (auto& [key, text] : entries) {
    node.keys.push_back(text_node(std::move(key)));
    node.items.push_back(text_node(std::move(text)));
  }
  return node;
}

Node encode_field(Value value, const EncodeOptions& options) {
  if (value.field->is_map()) {
    return encode_map(value);
  }
  if (!value.field->is_repeated()) {
    return encode_value(value, options);
  }
  Node node{.kind = Node::Kind::sequence};
  const int size = value.reflection.FieldSize(value.message, value.field);
  for (value.index = 0; value.index < size; ++value.index) {
    node.items.push_back(encode_value(value, options));
  }
  return node;
}

bool is_written(const Value& value, const EncodeOptions& options) {
  const FieldDescriptor& field = *value.field;
  const bool secret = field.options().GetExtension(api::v1::access) == Access::WRITE_ONLY;
  if (secret && options.secrets == EncodeOptions::Secrets::hide) {
    return false;
  }
  if (field.is_repeated()) {
    return value.reflection.FieldSize(value.message, &field) != 0;
  }
  const bool text_like = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING ||
                         field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM ||
                         field.options().HasExtension(api::v1::format);
  const bool zero_says_something = !field.has_presence() && !text_like;
  return zero_says_something || value.reflection.HasField(value.message, &field);
}

}  // namespace

Node encode(const pb::Message& message, const EncodeOptions& options) {
  const pb::Descriptor& type = *message.GetDescriptor();
  std::vector<const FieldDescriptor*> fields;
  fields.reserve(static_cast<std::size_t>(type.field_count()));
  for (int i = 0; i < type.field_count(); ++i) {
    fields.push_back(type.field(i));
  }
  std::ranges::sort(fields, {}, &FieldDescriptor::number);
  Node node{.kind = Node::Kind::mapping};
  for (const FieldDescriptor* field : fields) {
    const Value value{.message = message, .reflection = *message.GetReflection(), .field = field};
    if (is_written(value, options)) {
      node.keys.push_back(text_node(field->json_name()));
      node.items.push_back(encode_field(value, options));
    }
  }
  return node;
}

std::string to_json(const pb::Message& message, const EncodeOptions& options) {
  return write_json(encode(message, options));
}

std::string to_yaml(const pb::Message& message, const EncodeOptions& options) {
  return write_yaml(encode(message, options));
}

}  // namespace skerry::resource
