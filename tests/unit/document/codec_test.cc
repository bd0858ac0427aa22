#include "document/codec.h"

#include <gtest/gtest.h>

#include "document/charter.h"
#include "document/envelope.h"
#include "document/manifest.h"
#include "document/trust_document.h"
#include "document/workload.h"

namespace skerry::document {
namespace {

Manifest small_manifest() {
  Manifest manifest;
  manifest.stacks.push_back(
      {.name = "pos", .slot_values = {"", "store-1"}, .drift = DriftMode::enforce});
  manifest.stacks[0].release.bytes[0] = 7;
  manifest.stale_after_s = 300;
  return manifest;
}

template <class T>
ErrorCode refusal_of(std::string_view bytes, DecodeLimits limits = {}) {
  const Result<T> result = decode<T>(bytes, limits);
  return result ? ErrorCode{"accepted"} : result.error().code;
}

TEST(Codec, DecodeIsTheInverseOfEncode) {
  const Manifest manifest = small_manifest();
  EXPECT_EQ(decode<Manifest>(encode(manifest)).value(), manifest);

  Trust trust{.version = 3, .threshold = 1, .keys = {{.rights = {TrustedKey::Right::root}}}};
  trust.keys[0].key.bytes[0] = 4;
  EXPECT_EQ(decode<Trust>(encode(trust)).value(), trust);
}

TEST(Codec, KeepsEmptyElementsOfAList) {
  const Manifest manifest = small_manifest();
  EXPECT_EQ(decode<Manifest>(encode(manifest)).value().stacks[0].slot_values.size(), 2U);
}

TEST(Codec, TellsAnAbsentCommandFromAnEmptyOne) {
  Service service{.name = "web"};
  EXPECT_FALSE(decode<Service>(encode(service)).value().command.has_value());
  service.command = Words{};
  EXPECT_TRUE(decode<Service>(encode(service)).value().command.has_value());
}

TEST(Codec, RefusesAnUnknownFieldAsAMissingCapability) {
  EXPECT_EQ(refusal_of<Manifest>(encode(small_manifest()) + std::string("\xF8\x01\x01")),
            capability);
}

TEST(Codec, RefusesAnUnknownWordAsAMissingCapability) {
  EXPECT_EQ(refusal_of<Header>(std::string_view("\x08\x63", 2)), capability);
}

TEST(Codec, RefusesAWrongWireType) {
  EXPECT_EQ(refusal_of<Header>(std::string_view("\x0A\x01x", 3)), malformed);
  EXPECT_EQ(refusal_of<Slot>(std::string_view("\x08\x01", 2)), malformed);
}

TEST(Codec, RefusesASecondEncodingOfTheSameValue) {
  EXPECT_EQ(refusal_of<Header>(std::string_view("\x18\x00", 2)), malformed);      // Zero written.
  EXPECT_EQ(refusal_of<Header>(std::string_view("\x18\x81\x00", 3)), malformed);  // Long varint.
  EXPECT_EQ(refusal_of<Header>(std::string_view("\x20\x01\x18\x01", 4)),
            malformed);  // Out of order.
  EXPECT_EQ(refusal_of<Header>(std::string_view("\x18\x01\x18\x01", 4)), malformed);  // Twice.
}

TEST(Codec, RefusesAFixedFieldOfAnotherLength) {
  EXPECT_EQ(refusal_of<Header>(std::string_view("\x12\x02xx", 4)), malformed);
}

TEST(Codec, RefusesACutMessageAtEveryByte) {
  const std::string whole = encode(small_manifest());
  for (std::size_t length = 1; length < whole.size(); ++length) {
    const Result<Manifest> cut = decode<Manifest>(whole.substr(0, length));
    EXPECT_TRUE(!cut || encode(*cut).size() == length) << length;
  }
}

TEST(Codec, RefusesAMissingMessage) {
  EXPECT_EQ(refusal_of<Payload>(std::string_view("\x12\x01x", 3)), malformed);
}

TEST(Codec, BoundsWhatADocumentMayCost) {
  std::string many;
  for (int i = 0; i < 100; ++i) {
    many += std::string("\x0A\x00", 2);
  }
  EXPECT_EQ(refusal_of<Text>(many, {.bytes_max = 10}), too_large);
  EXPECT_EQ(refusal_of<Words>(many, {.elements_max = 50}), too_large);
}

}  // namespace
}  // namespace skerry::document
