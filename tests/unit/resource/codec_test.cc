#include "resource/codec.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "random_message.h"
#include "resource/codes.h"
#include "resource/json.h"
#include "resource/resources.h"
#include "skerry/api/v1/access.pb.h"
#include "skerry/api/v1/options.pb.h"
#include "skerry/api/v1/service.pb.h"
#include "skerry/api/v1/site.pb.h"
#include "skerry/api/v1/stack.pb.h"

namespace skerry::resource {
namespace {

namespace pb = google::protobuf;
using pb::util::MessageDifferencer;

const DecodeOptions own_output{.reading = DecodeOptions::Reading::own_output};
constexpr EncodeOptions everything{.secrets = EncodeOptions::Secrets::send};

/// Reads what we wrote; every problem fails the test.
void read_back(const Result<Node>& node, pb::Message& out) {
  ASSERT_TRUE(node) << to_string(node.error());
  Problems problems;
  EXPECT_TRUE(decode(*node, out, own_output, problems)) << to_string(problems.list().front());
}

/// A random resource, list or change frame.
std::unique_ptr<pb::Message> random_message(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::unique_ptr<pb::Message> message;
  if (random() % 4 == 0) {
    message = std::make_unique<api::v1::Change>();
  } else {
    message = make_resource(kinds()[random() % kinds().size()]);
  }
  fill_at_random(*message, random);
  return message;
}

RC_GTEST_PROP(Codec, YamlReadsBackAsTheSameMessage, (std::uint64_t seed)) {
  const auto message = random_message(seed);
  const std::string text = to_yaml(*message, everything);
  const std::unique_ptr<pb::Message> back(message->New());
  read_back(read_one_yaml(text, {}), *back);
  RC_ASSERT(MessageDifferencer::Equals(*message, *back));
  RC_ASSERT(to_yaml(*back, everything) == text);
}

RC_GTEST_PROP(Codec, JsonReadsBackAsTheSameMessage, (std::uint64_t seed)) {
  const auto message = random_message(seed);
  const std::string text = to_json(*message, everything);
  const std::unique_ptr<pb::Message> back(message->New());
  read_back(read_json(text, {}), *back);
  RC_ASSERT(MessageDifferencer::Equals(*message, *back));
  RC_ASSERT(to_json(*back, everything) == text);
}

api::v1::Stack stack_of(const Resource& resource) {
  api::v1::Stack stack;
  stack.CopyFrom(*resource.message);
  return stack;
}

constexpr std::string_view written_stack = R"(apiVersion: skerry/v1
kind: Stack
metadata:
  name: point-of-sale
  labels:
    ring: "1"
    team: retail
  generation: 3
  resourceVersion: 17
  createdAt: "2026-03-02T14:02:07.123Z"
spec:
  compose: |
    services:
      pos: {image: x}
  targets:
    selector:
      matchLabels:
        type: store
      matchExpressions:
        - key: skerry/cores
          operator: Gt
          values:
            - "2"
  variables:
    - name: POS_VERSION
      value: "1.5"
  drift: report
status:
  observedGeneration: 3
  release:
    state: Ready
)";

TEST(Codec, WritesAStackAsAPersonWould) {
  api::v1::Stack stack;
  read_back(read_one_yaml(written_stack, {}), stack);
  EXPECT_EQ(stack.metadata().created_at_ms(), 1'772'460'127'123);
  EXPECT_EQ(to_yaml(stack), written_stack);
}

// `get -o yaml`, an edit, `apply`: what the server set is there and does no harm.
TEST(Codec, TakesItsOwnOutputBackFromAUser) {
  Problems problems;
  const auto resources = read_resources(written_stack, {}, Syntax::yaml, problems);
  EXPECT_TRUE(problems.empty());
  ASSERT_EQ(resources.size(), 1U);
  const api::v1::Stack stack = stack_of(resources[0]);
  EXPECT_EQ(stack.spec().drift(), api::v1::Drift::REPORT);
  EXPECT_EQ(stack.metadata().resource_version(), 0U);
  EXPECT_FALSE(stack.has_status());
}

TEST(Codec, FindsTheComposeTextInTheFileAroundIt) {
  Problems problems;
  const auto resources = read_resources(written_stack, {}, Syntax::yaml, problems);
  const Node& compose = node_at(resources.at(0).node, "spec.compose");
  EXPECT_EQ(outer_mark(origin_of(compose), {2, 3}), (Mark{14, 7}));
}

TEST(Codec, FindsANodeByItsPathOrTheNearestAroundIt) {
  const Node root = *read_one_yaml(written_stack, {});
  EXPECT_EQ(node_at(root, "spec.variables[0].name").text, "POS_VERSION");
  EXPECT_EQ(node_at(root, "spec.variables[7].name").at, node_at(root, "spec.variables").at);
  EXPECT_EQ(node_at(root, "spec.absent.deeper").at, node_at(root, "spec").at);
  EXPECT_EQ(node_at(root, "").at, root.at);
  EXPECT_EQ(node_at(root, "[").at, root.at);
}

TEST(Codec, HidesAPasswordUnlessItIsToBeSent) {
  api::v1::User user;
  user.mutable_spec()->set_password("correct horse");
  EXPECT_THAT(to_json(user), testing::Not(testing::HasSubstr("password")));
  EXPECT_THAT(to_json(user, everything), testing::HasSubstr("correct horse"));
}

TEST(Codec, SkipsWhatANewerServerAdds) {
  api::v1::Site site;
  const Node node = *read_one_yaml("{kind: Site, hue: 1, status: {state: Glowing, keyId: x}}", {});
  Problems problems;
  EXPECT_TRUE(decode(node, site, own_output, problems));
  EXPECT_EQ(site.status().key_id(), "x");
}

TEST(Codec, ShowsZeroButNotWhatIsUnset) {
  api::v1::SiteStatus status;
  EXPECT_EQ(to_json(status), R"({"observedGeneration":0,"connected":false})");
}

TEST(Codec, WritesMapsByKey) {
  api::v1::SiteStatus status;
  for (const char* key : {"skerry/os", "skerry/arch", "skerry/memory"}) {
    (*status.mutable_facts())[key] = "1";
  }
  EXPECT_THAT(to_json(status),
              testing::HasSubstr(R"({"skerry/arch":"1","skerry/memory":"1","skerry/os":"1"})"));
}

TEST(Codec, RefusesABadTime) {
  api::v1::Site site;
  Problems problems;
  const Node node = *read_one_yaml("{status: {lastSeen: yesterday}}", {.file = "a.yaml"});
  EXPECT_FALSE(decode(node, site, own_output, problems));
  EXPECT_EQ(to_string(problems.list().at(0)), "-:1:21  status.lastSeen: not a time [bad_time]");
}

TEST(Codec, StopsAtTwentyProblems) {
  std::string text = "apiVersion: skerry/v1\nkind: Site\nmetadata: {name: s}\n";
  for (int i = 0; i < 40'000; ++i) {
    text += "f" + std::to_string(i) + ":\n";
  }
  Problems problems;
  read_resources(text, {}, Syntax::yaml, problems);
  EXPECT_EQ(problems.list().size(), 20U);
}

/// No resource has a size yet; this message has one, with bounds.
class SizeTest : public testing::Test {
 protected:
  SizeTest() : pool_(pb::DescriptorPool::generated_pool()) {
    pb::FileDescriptorProto file;
    file.set_name("size_test.proto");
    file.set_syntax("proto3");
    pb::DescriptorProto& type = *file.add_message_type();
    type.set_name("Cache");
    pb::FieldDescriptorProto& field = *type.add_field();
    field.set_name("size_bytes");
    field.set_json_name("size");
    field.set_number(1);
    field.set_label(pb::FieldDescriptorProto::LABEL_OPTIONAL);
    field.set_type(pb::FieldDescriptorProto::TYPE_INT64);
    field.mutable_options()->SetExtension(api::v1::format, api::v1::Format::SIZE);
    field.mutable_options()->SetExtension(api::v1::least, 1024);
    field.mutable_options()->SetExtension(api::v1::greatest, 1 << 30);
    type_ = pool_.BuildFile(file)->message_type(0);
    message_.reset(factory_.GetPrototype(type_)->New());
  }

  std::string read(std::string_view size) {
    Problems problems;
    message_->Clear();
    const Node node = *read_one_yaml("size: " + std::string(size), {});
    decode(node, *message_, {}, problems);
    return problems.empty() ? to_json(*message_) : to_string(problems.list().front());
  }

 private:
  pb::DescriptorPool pool_;
  pb::DynamicMessageFactory factory_;
  const pb::Descriptor* type_ = nullptr;
  std::unique_ptr<pb::Message> message_;
};

TEST_F(SizeTest, IsReadWithItsUnit) {
  EXPECT_EQ(read("64Mi"), R"({"size":"64Mi"})");
  EXPECT_EQ(read("65536Ki"), R"({"size":"64Mi"})");
  EXPECT_EQ(read("2000"), R"({"size":2000})");
  EXPECT_EQ(read("64MB"), "-:1:7  size: not a size [bad_size]");
}

TEST_F(SizeTest, IsHeldToItsBounds) {
  EXPECT_EQ(read("1"), "-:1:7  size: must be from 1Ki to 1Gi [out_of_range]");
  EXPECT_EQ(read("2Gi"), "-:1:7  size: must be from 1Ki to 1Gi [out_of_range]");
}

}  // namespace
}  // namespace skerry::resource
