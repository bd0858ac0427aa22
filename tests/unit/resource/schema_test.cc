#include "resource/schema.h"

#include <set>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include "skerry/api/v1/meta.pb.h"
#include "skerry/api/v1/options.pb.h"
#include "skerry/api/v1/service.pb.h"
#include "skerry/api/v1/site.pb.h"

namespace skerry::resource {
namespace {

using api::v1::Format;
using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

void collect(const Descriptor* type, std::set<const Descriptor*>& all) {
  if (!all.insert(type).second) {
    return;
  }
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->message_type() != nullptr && !field->is_map()) {
      collect(field->message_type(), all);
    }
  }
}

/// Every message a resource or an answer of the API is made of.
std::set<const Descriptor*> all_messages() {
  std::set<const Descriptor*> all;
  const auto* file = api::v1::Change::descriptor()->file();
  for (int i = 0; i < file->message_type_count(); ++i) {
    collect(file->message_type(i), all);
  }
  for (const Kind& kind : kinds()) {
    collect(kind.descriptor, all);
  }
  return all;
}

std::vector<const FieldDescriptor*> all_fields() {
  std::vector<const FieldDescriptor*> fields;
  for (const Descriptor* type : all_messages()) {
    for (int i = 0; i < type->field_count(); ++i) {
      fields.push_back(type->field(i));
    }
  }
  return fields;
}

// The codec knows these types; another one needs a line there first.
TEST(Schema, HasOnlyTypesTheCodecKnows) {
  for (const FieldDescriptor* field : all_fields()) {
    if (field->is_map()) {
      EXPECT_EQ(field->message_type()->map_key()->type(), FieldDescriptor::TYPE_STRING);
      EXPECT_EQ(field->message_type()->map_value()->type(), FieldDescriptor::TYPE_STRING);
      continue;
    }
    const bool in_list = field->type() == FieldDescriptor::TYPE_STRING ||
                         field->type() == FieldDescriptor::TYPE_MESSAGE;
    const bool single = field->type() == FieldDescriptor::TYPE_BOOL ||
                        field->type() == FieldDescriptor::TYPE_UINT32 ||
                        field->type() == FieldDescriptor::TYPE_UINT64 ||
                        field->type() == FieldDescriptor::TYPE_INT64 ||
                        field->type() == FieldDescriptor::TYPE_ENUM;
    EXPECT_TRUE(in_list || (single && !field->is_repeated())) << field->full_name();
  }
}

// In C++ a number says its unit; in YAML its text does.
TEST(Schema, NamesTheUnitOfEveryTimeAndSize) {
  for (const FieldDescriptor* field : all_fields()) {
    const Format::Kind format = field->options().GetExtension(api::v1::format);
    const bool time = format == Format::DURATION || format == Format::TIME;
    const bool measured = time || format == Format::SIZE;
    EXPECT_EQ(measured, field->type() == FieldDescriptor::TYPE_INT64) << field->full_name();
    EXPECT_EQ(time, field->name().ends_with("_ms")) << field->full_name();
    EXPECT_EQ(measured && field->json_name().ends_with("Ms"), false) << field->full_name();
  }
}

TEST(Schema, NestsEveryEnumAndLeavesZeroUnspecified) {
  for (const FieldDescriptor* field : all_fields()) {
    const EnumDescriptor* type = field->enum_type();
    if (type != nullptr) {
      EXPECT_NE(type->containing_type(), nullptr) << type->full_name();
      EXPECT_EQ(type->value(0)->name(), "UNSPECIFIED") << type->full_name();
      EXPECT_EQ(type->value(0)->number(), 0) << type->full_name();
    }
  }
}

TEST(Schema, GivesEveryKindItsNamesOnce) {
  std::set<std::string_view> names;
  for (const Kind& kind : kinds()) {
    EXPECT_TRUE(names.insert(kind.plural).second) << kind.plural;
    EXPECT_TRUE(names.insert(kind.short_name).second) << kind.short_name;
    EXPECT_EQ(kind_named(kind.name), &kind);
    EXPECT_EQ(kind_called(kind.plural), &kind);
  }
}

TEST(Schema, PlansOnlyKindsThatAreNotThereYet) {
  EXPECT_EQ(planned_kinds().size(), 17U);
  for (const std::string& planned : planned_kinds()) {
    EXPECT_EQ(kind_named(planned), nullptr) << planned;
  }
}

TEST(Schema, FindsAKindAsPeopleTypeIt) {
  const Kind* site = kind_named("Site");
  ASSERT_NE(site, nullptr);
  EXPECT_EQ(kind_called("site"), site);
  EXPECT_EQ(kind_called("Sites"), site);
  EXPECT_EQ(kind_called("SI"), site);
  EXPECT_EQ(kind_called("enrollment-token"), kind_named("EnrollmentToken"));
  EXPECT_EQ(kind_called("pods"), nullptr);
  EXPECT_EQ(kind_named("site"), nullptr);
}

TEST(Schema, MakesAResourceThatSaysWhatItIs) {
  const auto message = make_resource(*kind_named("Site"));
  const auto* site = dynamic_cast<const api::v1::Site*>(message.get());
  ASSERT_NE(site, nullptr);
  EXPECT_EQ(site->api_version(), "skerry/v1");
  EXPECT_EQ(site->kind(), "Site");
  EXPECT_EQ(kind_of(*message), kind_named("Site"));
}

TEST(Schema, ReachesTheMetadataOfAnyResource) {
  const auto site = make_resource(*kind_named("Site"));
  EXPECT_EQ(metadata_of(*site), nullptr);
  mutable_metadata_of(*site)->set_name("store-1");
  ASSERT_NE(metadata_of(*site), nullptr);
  EXPECT_EQ(metadata_of(*site)->name(), "store-1");
  EXPECT_EQ(mutable_metadata_of(*make_resource(*kind_named("Event"))), nullptr);
}

TEST(Schema, WritesStatesInUpperAndSettingsInLowerCase) {
  const EnumDescriptor& state = *api::v1::WorkloadState::Word_descriptor();
  EXPECT_EQ(word_of(*state.FindValueByName("ROLLED_BACK")), "RolledBack");
  EXPECT_EQ(word_of(*state.FindValueByName("UNSPECIFIED")), "");
  EXPECT_EQ(word_of(*api::v1::Drift::Mode_descriptor()->FindValueByName("ENFORCE")), "enforce");
  EXPECT_EQ(words_of(*api::v1::Condition::Status_descriptor()),
            (std::vector<std::string>{"True", "False", "Unknown"}));
}

TEST(Schema, ReadsAWordInAnyCase) {
  const EnumDescriptor& state = *api::v1::WorkloadState::Word_descriptor();
  for (const std::string_view word : {"RolledBack", "rolledback", "ROLLED_BACK", "rolled-back"}) {
    ASSERT_NE(value_of(state, word), nullptr) << word;
    EXPECT_EQ(value_of(state, word)->name(), "ROLLED_BACK");
  }
  EXPECT_EQ(value_of(state, "unspecified"), nullptr);
  EXPECT_EQ(value_of(state, ""), nullptr);
}

}  // namespace
}  // namespace skerry::resource
