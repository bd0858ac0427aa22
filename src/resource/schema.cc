#include "resource/schema.h"

#include <algorithm>
#include <array>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "skerry/api/v1/access.pb.h"
#include "skerry/api/v1/history.pb.h"
#include "skerry/api/v1/meta.pb.h"
#include "skerry/api/v1/options.pb.h"
#include "skerry/api/v1/site.pb.h"
#include "skerry/api/v1/stack.pb.h"

namespace skerry::resource {
namespace {

namespace pb = google::protobuf;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

/// Letters and digits alone, in lower case: what two spellings of one word share.
std::string folded(std::string_view word) {
  std::string text;
  for (const char c : word) {
    if (c != '-' && c != '_') {
      text += lower(c);
    }
  }
  return text;
}

Kind kind_from(const pb::Descriptor* descriptor) {
  const api::v1::ResourceKind& options = descriptor->options().GetExtension(api::v1::resource);
  return {.name = descriptor->name(),
          .plural = options.plural(),
          .short_name = options.short_name(),
          .read_only = options.read_only(),
          .descriptor = descriptor};
}

/// ROLLED_BACK as "RolledBack", or as "rolledBack" for a setting.
std::string camel_case(std::string_view name, bool upper_first) {
  std::string word;
  bool raise = upper_first;
  for (const char c : name) {
    if (c == '_') {
      raise = true;
      continue;
    }
    word += raise ? upper(c) : lower(c);
    raise = false;
  }
  return word;
}

}  // namespace

std::span<const Kind> kinds() {
  static const std::array all{
      kind_from(api::v1::ApiToken::descriptor()),
      kind_from(api::v1::AuditRecord::descriptor()),
      kind_from(api::v1::EnrollmentToken::descriptor()),
      kind_from(api::v1::Event::descriptor()),
      kind_from(api::v1::Site::descriptor()),
      kind_from(api::v1::Stack::descriptor()),
      kind_from(api::v1::User::descriptor()),
  };
  return all;
}

const Kind* kind_named(std::string_view name) {
  const auto found = std::ranges::find(kinds(), name, &Kind::name);
  return found == kinds().end() ? nullptr : &*found;
}

const Kind* kind_called(std::string_view word) {
  const std::string wanted = folded(word);
  const auto found = std::ranges::find_if(kinds(), [&](const Kind& kind) {
    return wanted == folded(kind.name) || wanted == kind.plural || wanted == kind.short_name;
  });
  return found == kinds().end() ? nullptr : &*found;
}

const std::vector<std::string>& planned_kinds() {
  static const std::vector<std::string> all = [] {
    const pb::FileOptions& options = api::v1::Metadata::descriptor()->file()->options();
    const auto& names = options.GetRepeatedExtension(api::v1::planned_kinds);
    return std::vector<std::string>(names.begin(), names.end());
  }();
  return all;
}

std::unique_ptr<pb::Message> make_resource(const Kind& kind) {
  pb::MessageFactory* factory = pb::MessageFactory::generated_factory();
  std::unique_ptr<pb::Message> message(factory->GetPrototype(kind.descriptor)->New());
  const pb::Reflection& reflection = *message->GetReflection();
  reflection.SetString(
      message.get(), kind.descriptor->FindFieldByName("api_version"), std::string(api_version));
  reflection.SetString(
      message.get(), kind.descriptor->FindFieldByName("kind"), std::string(kind.name));
  return message;
}

const Kind* kind_of(const pb::Message& resource) {
  const auto found = std::ranges::find(kinds(), resource.GetDescriptor(), &Kind::descriptor);
  return found == kinds().end() ? nullptr : &*found;
}

const api::v1::Metadata* metadata_of(const pb::Message& resource) {
  const pb::FieldDescriptor* field = resource.GetDescriptor()->FindFieldByName("metadata");
  if (field == nullptr || !resource.GetReflection()->HasField(resource, field)) {
    return nullptr;
  }
  return dynamic_cast<const api::v1::Metadata*>(
      &resource.GetReflection()->GetMessage(resource, field));
}

api::v1::Metadata* mutable_metadata_of(pb::Message& resource) {
  const pb::FieldDescriptor* field = resource.GetDescriptor()->FindFieldByName("metadata");
  if (field == nullptr) {
    return nullptr;
  }
  return dynamic_cast<api::v1::Metadata*>(
      resource.GetReflection()->MutableMessage(&resource, field));
}

std::string word_of(const pb::EnumValueDescriptor& value) {
  if (value.number() == 0) {
    return "";
  }
  if (value.options().HasExtension(api::v1::word)) {
    return value.options().GetExtension(api::v1::word);
  }
  const api::v1::Words::Case words = value.type()->options().GetExtension(api::v1::words);
  return camel_case(value.name(), words != api::v1::Words::LOWER_CAMEL);
}

const pb::EnumValueDescriptor* value_of(const pb::EnumDescriptor& type, std::string_view word) {
  const std::string wanted = folded(word);
  for (int i = 0; i < type.value_count(); ++i) {
    const pb::EnumValueDescriptor* value = type.value(i);
    if (value->number() != 0 && folded(word_of(*value)) == wanted) {
      return value;
    }
  }
  return nullptr;
}

std::vector<std::string> words_of(const pb::EnumDescriptor& type) {
  std::vector<std::string> words;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) {
      words.push_back(word_of(*type.value(i)));
    }
  }
  return words;
}

}  // namespace skerry::resource
