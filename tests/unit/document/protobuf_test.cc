// Holds our codec against protobuf's: the same fields by the same numbers and names, and the same
// bytes. The schema is proto/skerry/doc/v1.
#include <random>
#include <set>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include "document/charter.h"
#include "document/codec.h"
#include "document/envelope.h"
#include "document/manifest.h"
#include "document/report.h"
#include "document/trust_document.h"
#include "document/workload.h"
#include "skerry/doc/v1/charter.pb.h"
#include "skerry/doc/v1/envelope.pb.h"
#include "skerry/doc/v1/manifest.pb.h"
#include "skerry/doc/v1/report.pb.h"
#include "skerry/doc/v1/trust.pb.h"
#include "skerry/doc/v1/workload.pb.h"

namespace skerry::document {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

template <class T>
const Descriptor* descriptor_of() {
  return google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
      "skerry.doc.v1." + std::string(T::type_name));
}

template <class T>
void expect_same_schema();

/// Checks that a field of the schema can hold what our member holds.
struct SameType {
  const FieldDescriptor* field;

  template <class T>
  void one() const {
    if constexpr (std::same_as<T, bool>) {
      EXPECT_EQ(field->type(), FieldDescriptor::TYPE_BOOL) << field->full_name();
    } else if constexpr (Number<T>) {
      EXPECT_EQ(field->type(),
                sizeof(T) == 4 ? FieldDescriptor::TYPE_UINT32 : FieldDescriptor::TYPE_UINT64)
          << field->full_name();
    } else if constexpr (Enum<T>) {
      ASSERT_EQ(field->type(), FieldDescriptor::TYPE_ENUM) << field->full_name();
      EXPECT_EQ(field->enum_type()->value_count(), static_cast<int>(T::known_max) + 1)
          << field->full_name();
    } else if constexpr (Message<T>) {
      ASSERT_EQ(field->type(), FieldDescriptor::TYPE_MESSAGE) << field->full_name();
      EXPECT_EQ(field->message_type(), descriptor_of<T>()) << field->full_name();
      expect_same_schema<T>();
    } else {
      EXPECT_TRUE(field->type() == FieldDescriptor::TYPE_BYTES ||
                  field->type() == FieldDescriptor::TYPE_STRING)
          << field->full_name();
    }
  }

  template <class T>
  void member(const T&) const {
    EXPECT_FALSE(field->is_repeated()) << field->full_name();
    one<T>();
  }

  template <class T>
  void member(const std::optional<T>&) const {
    EXPECT_FALSE(field->is_repeated()) << field->full_name();
    one<T>();
  }

  template <class T>
  void member(const std::vector<T>&) const {
    EXPECT_TRUE(field->is_repeated()) << field->full_name();
    EXPECT_EQ(field->is_packed(), Number<T>) << field->full_name();
    one<T>();
  }
};

template <class T>
void expect_same_schema() {
  const Descriptor* descriptor = descriptor_of<T>();
  ASSERT_NE(descriptor, nullptr) << T::type_name;
  int fields = 0;
  T value;
  T::fields(value, [&](std::uint32_t number, std::string_view name, const auto& member) {
    ++fields;
    const FieldDescriptor* field = descriptor->FindFieldByNumber(static_cast<int>(number));
    ASSERT_NE(field, nullptr) << T::type_name << "." << name;
    EXPECT_EQ(field->name(), name);
    SameType{field}.member(member);
  });
  EXPECT_EQ(descriptor->field_count(), fields) << T::type_name;
}

/// Fills a value with anything its fields can hold; a third of them stay empty.
class Filler {
 public:
  explicit Filler(std::uint64_t seed) : engine_(seed) {}

  template <Message T>
  void fill(T& value) {
    T::fields(value, [&](std::uint32_t, std::string_view, auto& member) { field(member); });
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }

  template <class T>
  void field(T& member) {
    if (Message<T> || below(3) != 0) {
      present(member);
    }
  }

  void present(bool& value) { value = true; }

  template <Number T>
  void present(T& value) {
    value = static_cast<T>(engine_() >> below(64));
  }

  template <Enum T>
  void present(T& value) {
    value = static_cast<T>(below(static_cast<std::uint64_t>(T::known_max) + 1));
  }

  void present(std::string& value) { value.assign(below(200), static_cast<char>('a' + below(26))); }

  template <FixedBytes T>
  void present(T& value) {
    value.bytes.fill(static_cast<std::uint8_t>(below(256)));
  }

  template <Message T>
  void present(T& value) {
    fill(value);
  }

  template <class T>
  void present(std::optional<T>& value) {
    present(value.emplace());
  }

  template <class T>
  void present(std::vector<T>& values) {
    values.resize(below(3));
    for (T& value : values) {
      present(value);
    }
  }

  std::mt19937_64 engine_;
};

template <class T>
class AgainstProtobuf : public ::testing::Test {};

using Documents = ::testing::
    Types<Envelope, Payload, BatchHeader, Trust, Charter, Rekey, Manifest, Release, Report, Event>;
TYPED_TEST_SUITE(AgainstProtobuf, Documents);

TYPED_TEST(AgainstProtobuf, HasTheSameFields) {
  expect_same_schema<TypeParam>();
}

TYPED_TEST(AgainstProtobuf, HasTheSameBytes) {
  const google::protobuf::Message* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(
          descriptor_of<TypeParam>());
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    TypeParam value;
    Filler(seed).fill(value);
    const std::string bytes = encode(value);
    const std::unique_ptr<google::protobuf::Message> theirs(prototype->New());
    ASSERT_TRUE(theirs->ParseFromString(bytes)) << seed;
    EXPECT_EQ(theirs->SerializeAsString(), bytes) << seed;
    const Result<TypeParam> decoded = decode<TypeParam>(theirs->SerializeAsString());
    ASSERT_TRUE(decoded) << seed << " " << to_string(decoded.error());
    EXPECT_TRUE(*decoded == value) << seed;
  }
}

TEST(Schema, IsLinkedIn) {
  // Each file's descriptors exist only once something of it is used.
  const std::set<const Descriptor*> files{doc::v1::Envelope::descriptor(),
                                          doc::v1::Trust::descriptor(),
                                          doc::v1::Charter::descriptor(),
                                          doc::v1::Manifest::descriptor(),
                                          doc::v1::Release::descriptor(),
                                          doc::v1::Report::descriptor()};
  EXPECT_EQ(files.size(), 6U);
}

}  // namespace
}  // namespace skerry::document
