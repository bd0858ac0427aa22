#include "random_message.h"

#include <string>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "skerry/api/v1/options.pb.h"

namespace skerry::resource {
namespace {

namespace pb = google::protobuf;
using api::v1::Format;
using pb::FieldDescriptor;

/// Deeper messages are left out: the schema has no cycle, but it has many lists.
constexpr int depth_max = 5;

std::uint64_t below(std::mt19937_64& random, std::uint64_t bound) {
  return random() % bound;
}

std::string random_text(std::mt19937_64& random) {
  static const std::vector<std::string> pieces{
      "a", "B", "7",  " ",  "\n",   "\t",  ":", ": ", " #", "- ",  "'",        "\"",           "\\",
      "{", "]", "&a", "*a", "!x",   "|",   ">", "%",  "é",  "😀",   "\xC2\x85", "\xE2\x80\xA8", "\r",
      "~", "",  "no", "1",  "null", "1e9", "=", "@",  "`",  "\x7F"};
  std::string text;
  for (std::uint64_t i = below(random, 6); i != 0; --i) {
    text += pieces[below(random, pieces.size())];
  }
  return text;
}

std::int64_t random_number(std::mt19937_64& random, Format::Kind format) {
  // The last millisecond of the year 9999.
  constexpr std::uint64_t time_max = 253'402'300'799'999;
  constexpr std::uint64_t number_max = (std::uint64_t{1} << 53U) - 1;
  const std::uint64_t bound = format == Format::TIME ? time_max : number_max;
  const std::uint64_t magnitude = below(random, 54);
  return static_cast<std::int64_t>((random() >> (63 - magnitude)) % (bound + 1));
}

void fill_map(pb::Message& message, const FieldDescriptor& field, std::mt19937_64& random) {
  for (std::uint64_t i = below(random, 4); i != 0; --i) {
    pb::Message& entry = *message.GetReflection()->AddMessage(&message, &field);
    const pb::Descriptor& type = *entry.GetDescriptor();
    // No two keys alike, and none empty.
    const std::string key = std::to_string(i) + random_text(random);
    entry.GetReflection()->SetString(&entry, type.map_key(), key);
    entry.GetReflection()->SetString(&entry, type.map_value(), random_text(random));
  }
}

void fill_list(pb::Message& message,
               const FieldDescriptor& field,
               std::mt19937_64& random,
               int depth) {
  const pb::Reflection& reflection = *message.GetReflection();
  for (std::uint64_t i = below(random, 4); i != 0; --i) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      fill_at_random(*reflection.AddMessage(&message, &field), random, depth + 1);
    } else {
      reflection.AddString(&message, &field, random_text(random));
    }
  }
}

void fill_single(pb::Message& message,
                 const FieldDescriptor& field,
                 std::mt19937_64& random,
                 int depth) {
  const pb::Reflection& reflection = *message.GetReflection();
  const Format::Kind format = field.options().GetExtension(api::v1::format);
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      fill_at_random(*reflection.MutableMessage(&message, &field), random, depth + 1);
      break;
    case FieldDescriptor::CPPTYPE_STRING:
      reflection.SetString(&message, &field, random_text(random));
      break;
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto count = static_cast<std::uint64_t>(field.enum_type()->value_count());
      const int index = static_cast<int>(below(random, count));
      reflection.SetEnum(&message, &field, field.enum_type()->value(index));
      break;
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection.SetBool(&message, &field, below(random, 2) != 0);
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      reflection.SetUInt32(&message, &field, static_cast<std::uint32_t>(random()));
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      reflection.SetUInt64(
          &message, &field, static_cast<std::uint64_t>(random_number(random, format)));
      break;
    default:
      reflection.SetInt64(&message, &field, random_number(random, format));
  }
}

}  // namespace

void fill_at_random(pb::Message& message, std::mt19937_64& random, int depth) {
  const pb::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const bool too_deep = depth == depth_max &&
                          field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field.is_map();
    if (too_deep || below(random, 4) == 0) {
      continue;
    }
    if (field.is_map()) {
      fill_map(message, field, random);
    } else if (field.is_repeated()) {
      fill_list(message, field, random, depth);
    } else {
      fill_single(message, field, random, depth);
    }
  }
}

}  // namespace skerry::resource
