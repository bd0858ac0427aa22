#include <charconv>
#include <optional>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "base/clock.h"
#include "base/text.h"
#include "resource/codec.h"
#include "resource/codes.h"
#include "resource/names.h"
#include "resource/units.h"
#include "skerry/api/v1/options.pb.h"

namespace skerry::resource {
namespace {

namespace pb = google::protobuf;
using api::v1::Access;
using api::v1::Format;
using pb::FieldDescriptor;

/// What annotations may hold together, as in Kubernetes.
constexpr std::size_t annotation_bytes_max = 256UL * 1024UL;

/// A JSON integer: no sign but "-", no leading zero, no other base.
std::optional<std::int64_t> parse_integer(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  const bool canonical = digits == "0" || !digits.starts_with('0');
  return whole && canonical ? std::optional(value) : std::nullopt;
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : ", ") + word;
  }
  return text;
}

/// Reads one tree into one message. Errors are added as they are met; reading goes on until the
/// list of problems is full.
class Decoder {
 public:
  Decoder(const DecodeOptions& options, Problems& problems)
      : options_(options), problems_(problems) {}

  void message(const Node& node, pb::Message& out);

 private:
  /// Lengthens the field path for as long as it lives.
  class Step {
   public:
    Step(Decoder& decoder, std::string_view part) : path_(decoder.path_), length_(path_.size()) {
      path_ += path_.empty() || part.starts_with('[') ? "" : ".";
      path_ += part.substr(0, 80);
    }

    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

    ~Step() { path_.resize(length_); }

   private:
    std::string& path_;
    std::size_t length_;
  };

  void entry(const Node& key, const Node& value, pb::Message& out);
  void unknown_field(const Node& key, const pb::Descriptor& type);
  void require(const Node& node, const pb::Message& out);
  void field(const Node& node, const FieldDescriptor& field, pb::Message& out);
  void list(const Node& node, const FieldDescriptor& field, pb::Message& out);
  void map(const Node& node, const FieldDescriptor& field, pb::Message& out);
  void map_entry(const Node& key,
                 const Node& value,
                 const FieldDescriptor& field,
                 pb::Message& out);
  void single(const Node& node, const FieldDescriptor& field, pb::Message& out);
  void enumeration(const Node& node, const FieldDescriptor& field, pb::Message& out);
  void number(const Node& node, const FieldDescriptor& field, pb::Message& out);
  void boolean(const Node& node, const FieldDescriptor& field, pb::Message& out);
  void text(const Node& node, const FieldDescriptor& field, pb::Message& out);

  std::optional<std::int64_t> number_of(const Node& node, Format::Kind format);
  bool in_range(const Node& node, const FieldDescriptor& field, std::int64_t value);
  bool fits(const Node& node, const FieldDescriptor& field, std::size_t count);
  void check_text(const Node& node, const FieldDescriptor& field);
  void check_label(const Node& key, const Node& value, Format::Kind format);
  bool is_text(const Node& node);

  [[nodiscard]] bool strict() const {
    return options_.reading == DecodeOptions::Reading::user_input;
  }

  void error(ErrorCode code, const Node& node, std::string message, std::string hint = "");
  void wrong_type(const Node& node, std::string_view wanted, std::string hint = "");

  const DecodeOptions& options_;
  Problems& problems_;
  std::string path_;
};

void Decoder::error(ErrorCode code, const Node& node, std::string message, std::string hint) {
  problems_.add({.kind = ErrorKind::invalid,
                 .code = code,
                 .message = std::move(message),
                 .field_path = path_,
                 .at = {.file = options_.file, .line = node.at.line, .column = node.at.column},
                 .hint = std::move(hint)});
}

void Decoder::wrong_type(const Node& node, std::string_view wanted, std::string hint) {
  error(resource::wrong_type,
        node,
        "expected " + std::string(wanted) + ", found " + std::string(describe(node)),
        std::move(hint));
}

void Decoder::message(const Node& node, pb::Message& out) {
  if (!node.is_mapping()) {
    wrong_type(node, "a mapping");
    return;
  }
  for (std::size_t i = 0; i < node.keys.size() && !problems_.full(); ++i) {
    entry(node.keys[i], node.items[i], out);
  }
  if (strict()) {
    require(node, out);
  }
}

void Decoder::entry(const Node& key, const Node& value, pb::Message& out) {
  const Step step(*this, key.text);
  const pb::Descriptor& type = *out.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->json_name() == key.text) {
      const pb::FieldOptions& options = type.field(i)->options();
      if (strict() && options.GetExtension(api::v1::planned)) {
        error(not_available, key, "this field is not available yet");
      } else if (!strict() || options.GetExtension(api::v1::access) != Access::READ_ONLY) {
        field(value, *type.field(i), out);
      }
      return;
    }
  }
  if (strict()) {
    unknown_field(key, type);
  }
}

void Decoder::unknown_field(const Node& key, const pb::Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) {
    if (!type.field(i)->options().GetExtension(api::v1::planned)) {
      names.push_back(type.field(i)->json_name());
    }
  }
  const std::optional<std::string> meant = nearest(key.text, names);
  error(resource::unknown_field,
        key,
        "there is no such field",
        meant ? "did you mean \"" + *meant + "\"?" : "one of: " + listed(names));
}

void Decoder::require(const Node& node, const pb::Message& out) {
  const pb::Descriptor& type = *out.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const Node* given = node.get(field.json_name());
    const bool absent = given == nullptr || type_of(*given) == ScalarType::null;
    // A value that was there and wrong has its own error.
    const bool empty = given != nullptr && given->is_scalar() && given->text.empty();
    if (field.options().GetExtension(api::v1::required) && (absent || empty)) {
      const Step step(*this, field.json_name());
      error(missing_field, given == nullptr ? node : *given, "this field is required");
    }
  }
}

void Decoder::field(const Node& node, const FieldDescriptor& field, pb::Message& out) {
  if (type_of(node) == ScalarType::null) {
    return;  // As if it were not there, as in protobuf's JSON.
  }
  if (field.is_map()) {
    map(node, field, out);
  } else if (field.is_repeated()) {
    list(node, field, out);
  } else {
    single(node, field, out);
  }
}

bool Decoder::fits(const Node& node, const FieldDescriptor& field, std::size_t count) {
  const pb::FieldOptions& options = field.options();
  const std::uint32_t items_max = options.GetExtension(api::v1::items_max);
  if (strict() && options.HasExtension(api::v1::items_max) && count > items_max) {
    error(too_many_items,
          node,
          std::to_string(count) + " are more than the " + std::to_string(items_max) + " allowed");
    return false;
  }
  return true;
}

void Decoder::list(const Node& node, const FieldDescriptor& field, pb::Message& out) {
  if (!node.is_sequence()) {
    wrong_type(node, "a list");
    return;
  }
  if (!fits(node, field, node.items.size())) {
    return;
  }
  for (std::size_t i = 0; i < node.items.size() && !problems_.full(); ++i) {
    const Step step(*this, "[" + std::to_string(i) + "]");
    single(node.items[i], field, out);
  }
}

void Decoder::map(const Node& node, const FieldDescriptor& field, pb::Message& out) {
  if (!node.is_mapping()) {
    wrong_type(node, "a mapping");
    return;
  }
  if (!fits(node, field, node.keys.size())) {
    return;
  }
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < node.keys.size() && !problems_.full(); ++i) {
    const Step step(*this, node.keys[i].text);
    bytes += node.keys[i].text.size() + node.items[i].text.size();
    map_entry(node.keys[i], node.items[i], field, out);
  }
  if (strict() && bytes > annotation_bytes_max) {
    error(too_long, node, "the texts have more than 256 KiB together");
  }
}

void Decoder::map_entry(const Node& key,
                        const Node& value,
                        const FieldDescriptor& field,
                        pb::Message& out) {
  if (!is_text(value)) {
    return;
  }
  if (strict()) {
    check_label(key, value, field.options().GetExtension(api::v1::format));
  }
  pb::Message& entry = *out.GetReflection()->AddMessage(&out, &field);
  const pb::Descriptor& type = *entry.GetDescriptor();
  entry.GetReflection()->SetString(&entry, type.map_key(), key.text);
  entry.GetReflection()->SetString(&entry, type.map_value(), value.text);
}

void Decoder::single(const Node& node, const FieldDescriptor& field, pb::Message& out) {
  const pb::Reflection& reflection = *out.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      message(node,
              field.is_repeated() ? *reflection.AddMessage(&out, &field)
                                  : *reflection.MutableMessage(&out, &field));
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      enumeration(node, field, out);
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      boolean(node, field, out);
      break;
    case FieldDescriptor::CPPTYPE_STRING:
      text(node, field, out);
      break;
    default:
      number(node, field, out);
  }
}

void Decoder::enumeration(const Node& node, const FieldDescriptor& field, pb::Message& out) {
  const pb::EnumDescriptor& type = *field.enum_type();
  if (!node.is_scalar()) {
    wrong_type(node, "a word");
    return;
  }
  const pb::EnumValueDescriptor* value = value_of(type, node.text);
  if (value != nullptr) {
    out.GetReflection()->SetEnum(&out, &field, value);
  } else if (strict()) {
    const std::vector<std::string> words = words_of(type);
    const std::optional<std::string> meant = nearest(node.text, words);
    error(bad_word,
          node,
          "not one of: " + listed(words),
          meant ? "did you mean \"" + *meant + "\"?" : "");
  }
}

void Decoder::boolean(const Node& node, const FieldDescriptor& field, pb::Message& out) {
  if (type_of(node) != ScalarType::boolean) {
    wrong_type(node, "true or false");
    return;
  }
  const bool value = node.text.front() == 't' || node.text.front() == 'T';
  out.GetReflection()->SetBool(&out, &field, value);
}

std::optional<std::int64_t> Decoder::number_of(const Node& node, Format::Kind format) {
  std::optional<std::int64_t> value;
  if (!node.is_scalar()) {
    wrong_type(node, format == Format::UNSPECIFIED ? "a whole number" : "a text");
    return value;
  }
  if (format == Format::DURATION) {
    value = parse_duration(node.text);
    if (!value) {
      error(bad_duration, node, "not a duration", "write for instance 30s, 5m or 1h30m");
    }
  } else if (format == Format::SIZE) {
    value = parse_size(node.text);
    if (!value) {
      error(bad_size, node, "not a size", "write for instance 512, 64Mi or 2G");
    }
  } else if (format == Format::TIME) {
    const Result<WallTime> time = parse_rfc3339(node.text);
    if (!time) {
      error(bad_time, node, "not a time", "write for instance 2026-03-02T14:02:07Z");
    } else {
      value = time->time_since_epoch().count();
    }
  } else {
    const bool plain = type_of(node) == ScalarType::integer;
    value = plain ? parse_integer(node.text) : std::nullopt;
    if (!value) {
      wrong_type(node, "a whole number", "write it in decimal digits, without quotes");
    }
  }
  return value;
}

bool Decoder::in_range(const Node& node, const FieldDescriptor& field, std::int64_t value) {
  const pb::FieldOptions& options = field.options();
  std::int64_t least = INT64_MIN;
  std::int64_t greatest = INT64_MAX;
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
    least = 0;
    greatest = UINT32_MAX;
  } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64) {
    least = 0;
  }
  if (strict() && options.HasExtension(api::v1::least)) {
    least = options.GetExtension(api::v1::least);
  }
  if (strict() && options.HasExtension(api::v1::greatest)) {
    greatest = options.GetExtension(api::v1::greatest);
  }
  if (value >= least && value <= greatest) {
    return true;
  }
  const Format::Kind format = options.GetExtension(api::v1::format);
  const auto shown = [&](std::int64_t bound) {
    return format == Format::DURATION ? format_duration(bound)
           : format == Format::SIZE   ? format_size(bound)
                                      : std::to_string(bound);
  };
  error(out_of_range, node, "must be from " + shown(least) + " to " + shown(greatest));
  return false;
}

void Decoder::number(const Node& node, const FieldDescriptor& field, pb::Message& out) {
  const std::optional<std::int64_t> value =
      number_of(node, field.options().GetExtension(api::v1::format));
  if (!value || !in_range(node, field, *value)) {
    return;
  }
  const pb::Reflection& reflection = *out.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT32:
      reflection.SetUInt32(&out, &field, static_cast<std::uint32_t>(*value));
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      reflection.SetUInt64(&out, &field, static_cast<std::uint64_t>(*value));
      break;
    default:
      // The schema has no other number; a test walks it to hold that.
      reflection.SetInt64(&out, &field, *value);
  }
}

bool Decoder::is_text(const Node& node) {
  if (node.is_scalar() && type_of(node) == ScalarType::text) {
    return true;
  }
  wrong_type(node, "a string", node.is_scalar() ? "put it in quotes" : "");
  return false;
}

void Decoder::text(const Node& node, const FieldDescriptor& field, pb::Message& out) {
  if (!is_text(node)) {
    return;
  }
  if (strict() && !node.text.empty()) {
    check_text(node, field);
  }
  const pb::Reflection& reflection = *out.GetReflection();
  if (field.is_repeated()) {
    reflection.AddString(&out, &field, node.text);
  } else {
    reflection.SetString(&out, &field, node.text);
  }
}

void Decoder::check_text(const Node& node, const FieldDescriptor& field) {
  const pb::FieldOptions& options = field.options();
  const std::uint32_t bytes_max = options.GetExtension(api::v1::bytes_max);
  if (options.HasExtension(api::v1::bytes_max) && node.text.size() > bytes_max) {
    error(too_long, node, "has more than " + std::to_string(bytes_max) + " bytes");
  }
  ErrorCode code = bad_label;
  std::string_view problem;
  const Format::Kind format = options.GetExtension(api::v1::format);
  if (format == Format::NAME) {
    code = bad_name;
    problem = name_problem(node.text);
  } else if (format == Format::LABEL_KEY) {
    problem = label_key_problem(node.text);
  } else if (format == Format::LABEL_VALUE) {
    problem = label_value_problem(node.text);
  } else if (format == Format::VARIABLE) {
    code = bad_variable;
    problem = variable_problem(node.text);
  }
  if (!problem.empty()) {
    error(code, node, "the text " + std::string(problem));
  }
}

void Decoder::check_label(const Node& key, const Node& value, Format::Kind format) {
  if (const std::string_view problem = label_key_problem(key.text); !problem.empty()) {
    error(bad_label, key, "the key " + std::string(problem));
  } else if (format != Format::SELECTOR_LABELS && key.text.starts_with(fact_prefix)) {
    error(reserved_prefix, key, "keys under \"skerry/\" are set by the server alone");
  }
  const bool is_label = format != Format::ANNOTATIONS;
  const std::string_view problem = is_label ? label_value_problem(value.text) : "";
  if (!problem.empty()) {
    error(bad_label, value, "the value " + std::string(problem));
  }
}

}  // namespace

bool decode(const Node& node, pb::Message& out, const DecodeOptions& options, Problems& problems) {
  const std::size_t before = problems.list().size() + problems.unlisted();
  Decoder(options, problems).message(node, out);
  return problems.list().size() + problems.unlisted() == before;
}

}  // namespace skerry::resource
