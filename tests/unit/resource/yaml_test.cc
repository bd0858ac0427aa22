#include "resource/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resource/codes.h"

namespace skerry::resource {
namespace {

Node read(std::string_view text, const ReadOptions& options = {.file = "a.yaml"}) {
  Result<Node> node = read_one_yaml(text, options);
  EXPECT_TRUE(node) << (node ? "" : to_string(node.error()));
  return node ? *std::move(node) : Node{};
}

std::string error_of(std::string_view text, const ReadOptions& options = {.file = "a.yaml"}) {
  const Result<Node> node = read_one_yaml(text, options);
  return node ? "no error" : to_string(node.error());
}

const Node& at(const Node& node, std::string_view key) {
  const Node* value = node.get(key);
  EXPECT_NE(value, nullptr) << key;
  static const Node nothing;
  return value == nullptr ? nothing : *value;
}

TEST(Yaml, GivesEveryValueItsPlace) {
  const Node root = read("kind: Stack\nspec:\n  - one\n  - {two: 2}\n");
  EXPECT_EQ(root.at, (Mark{1, 1}));
  EXPECT_EQ(at(root, "kind").at, (Mark{1, 7}));
  EXPECT_EQ(at(root, "spec").items[0].at, (Mark{3, 5}));
  EXPECT_EQ(at(at(root, "spec").items[1], "two").at, (Mark{4, 11}));
}

TEST(Yaml, CountsColumnsInCharacters) {
  EXPECT_EQ(at(read("{größe: 1, b: 2}"), "b").at, (Mark{1, 15}));
}

TEST(Yaml, KnowsTheTypesOfTheCoreSchema) {
  const auto type = [](std::string_view text) { return type_of(read(text)); };
  EXPECT_EQ(type("~"), ScalarType::null);
  EXPECT_EQ(type("True"), ScalarType::boolean);
  EXPECT_EQ(type("yes"), ScalarType::text);
  EXPECT_EQ(type("-12"), ScalarType::integer);
  EXPECT_EQ(type("0x1F"), ScalarType::integer);
  EXPECT_EQ(type("1.5e3"), ScalarType::number);
  EXPECT_EQ(type("1.5.0"), ScalarType::text);
  EXPECT_EQ(type("."), ScalarType::text);
  EXPECT_EQ(type("'12'"), ScalarType::text);
  EXPECT_EQ(type("!!str 12"), ScalarType::text);
  EXPECT_EQ(type("!!int '12'"), ScalarType::integer);
}

TEST(Yaml, ReadsJson) {
  const Node root = read("{\"a\":[1,true,null,\"x\\ny\"],\"b\":{}}");
  EXPECT_EQ(at(root, "a").items[3].text, "x\ny");
  EXPECT_TRUE(at(root, "b").is_mapping());
}

TEST(Yaml, ReadsEveryDocumentOfAStream) {
  const auto documents = read_yaml("a: 1\n---\nb: 2\n---\n", {});
  ASSERT_TRUE(documents);
  ASSERT_EQ(documents->size(), 3U);
  EXPECT_EQ((*documents)[1].at, (Mark{3, 1}));
  EXPECT_EQ(type_of((*documents)[2]), ScalarType::null);
}

TEST(Yaml, TakesNoTextAsNoDocument) {
  EXPECT_TRUE(read_yaml("# nothing\n", {})->empty());
  EXPECT_EQ(type_of(read("")), ScalarType::null);
}

TEST(Yaml, SkipsAByteOrderMark) {
  EXPECT_EQ(at(read("\xEF\xBB\xBFkind: Stack\n"), "kind").at, (Mark{1, 7}));
}

TEST(Yaml, CopiesWhatAnAliasNames) {
  const Node root = read("a: &x {k: [1]}\nb: *x\nc: &x 2\nd: *x\n");
  EXPECT_EQ(at(at(root, "b"), "k").items[0].text, "1");
  EXPECT_EQ(at(root, "b").at.line, 1U);
  EXPECT_EQ(at(root, "d").text, "2");
}

TEST(Yaml, CopiesAnAliasInsideAnAliasedValue) {
  const Node root = read("a: &x [1]\nb: &y [*x, *x]\nc: *y\n");
  EXPECT_EQ(at(root, "c").items[1].items[0].text, "1");
}

TEST(Yaml, KeepsAnAllowedTag) {
  static constexpr std::string_view tags[] = {"!reset"};
  const Node root = read("a: !reset null", {.tags = tags});
  EXPECT_EQ(at(root, "a").tag, "!reset");
  EXPECT_EQ(error_of("a: !reset null"),
            "a.yaml:1:4  a: the tag !reset is not allowed here [bad_tag]");
}

TEST(Yaml, NamesTheSecondOfTwoEqualKeys) {
  EXPECT_EQ(error_of("spec:\n  a: 1\n  b: 2\n  a: 3\n"),
            "a.yaml:4:3  spec.a: the key is already there in line 2 [duplicate_key]");
}

TEST(Yaml, RefusesNumbersThatReadersDisagreeOn) {
  EXPECT_THAT(error_of("[9007199254740992]"), testing::HasSubstr("a.yaml:1:2  [0]: "));
  EXPECT_THAT(error_of("18446744073709551616"), testing::HasSubstr("[number_out_of_range]"));
  EXPECT_THAT(error_of("-9007199254740992"), testing::HasSubstr("[number_out_of_range]"));
  EXPECT_THAT(error_of("1e999"), testing::HasSubstr("[number_out_of_range]"));
  EXPECT_THAT(error_of(".nan"), testing::HasSubstr("[number_out_of_range]"));
  EXPECT_THAT(error_of("-.inf"), testing::HasSubstr("[number_out_of_range]"));
  EXPECT_EQ(read("9007199254740991").text, "9007199254740991");
  EXPECT_EQ(read("'9007199254740992'").text, "9007199254740992");
}

TEST(Yaml, NamesTheLineOfBadSyntax) {
  EXPECT_THAT(error_of("a:\n\tb: 1\n"), testing::HasSubstr("a.yaml:2:1  "));
  EXPECT_THAT(error_of("a: b: c\n"), testing::HasSubstr("[bad_syntax]"));
}

// What stands inside `compose: |` is read again, and its errors name the outer file's places.
TEST(Yaml, MapsALiteralBlockToTheOuterFile) {
  const Node root =
      read("spec:\n  compose: |   # comment\n\n    services:\n      web: {image: x}\n");
  const Node& compose = at(at(root, "spec"), "compose");
  const Node inner = read(compose.text, {.file = "a.yaml", .origin = origin_of(compose)});
  EXPECT_EQ(at(inner, "services").at, (Mark{5, 7}));
  EXPECT_EQ(at(at(at(inner, "services"), "web"), "image").at, (Mark{5, 20}));
}

TEST(Yaml, MapsALiteralBlockWithAnIndentationIndicator) {
  const Node root = read("a: |2\n    x: 1\n   y: 2\n");
  EXPECT_EQ(outer_mark(origin_of(at(root, "a")), {2, 2}), (Mark{3, 4}));
}

TEST(Yaml, MapsALiteralBlockInsideALiteralBlock) {
  const Node outer = read("a: |\n  b: |\n    c: 1\n");
  const Node middle = read(at(outer, "a").text, {.origin = origin_of(at(outer, "a"))});
  const Node& block = at(middle, "b");
  EXPECT_EQ(block.at, (Mark{2, 6}));
  const Node inner = read(block.text, {.origin = origin_of(block)});
  EXPECT_EQ(at(inner, "c").at, (Mark{3, 8}));
}

TEST(Yaml, PlacesWhatIsInAnotherScalarAtTheScalar) {
  const Node root = read("{\"compose\": \"a: 1\\nb: 2\"}");
  const Node inner = read(at(root, "compose").text, {.origin = origin_of(at(root, "compose"))});
  EXPECT_EQ(at(inner, "b").at, (Mark{1, 13}));
}

TEST(Yaml, PlacesErrorsOfAnInnerTextInTheOuterFile) {
  const Node root = read("compose: |\n  a: 1\n  a: 2\n");
  const Node& compose = at(root, "compose");
  EXPECT_EQ(error_of(compose.text, {.file = "o.yaml", .origin = origin_of(compose)}),
            "o.yaml:3:3  a: the key is already there in line 2 [duplicate_key]");
}

TEST(Merge, LetsTheMappingsOwnKeysWin) {
  Node root = read("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\n");
  ASSERT_TRUE(expand_merges(root, {}));
  const Node& use = at(root, "use");
  EXPECT_EQ(use.keys.size(), 2U);
  EXPECT_EQ(at(use, "x").text, "1");
  EXPECT_EQ(at(use, "y").text, "3");
}

TEST(Merge, LetsTheEarlierOfAListWin) {
  Node root = read("a: &a {x: 1}\nb: &b {x: 2, y: 2}\nuse: {<<: [*a, *b]}\n");
  ASSERT_TRUE(expand_merges(root, {}));
  EXPECT_EQ(at(at(root, "use"), "x").text, "1");
  EXPECT_EQ(at(at(root, "use"), "y").text, "2");
}

TEST(Merge, MergesWhatIsItselfMerged) {
  Node root = read("a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}\n");
  ASSERT_TRUE(expand_merges(root, {}));
  EXPECT_EQ(at(at(root, "c"), "x").text, "1");
  EXPECT_EQ(at(root, "c").get("<<"), nullptr);
}

TEST(Merge, LeavesAQuotedKeyAlone) {
  Node root = read("{'<<': 1}");
  ASSERT_TRUE(expand_merges(root, {}));
  EXPECT_EQ(at(root, "<<").text, "1");
}

TEST(Merge, RefusesWhatIsNotAMapping) {
  Node root = read("a:\n  <<: [1]\n");
  const Status status = expand_merges(root, {.file = "a.yaml"});
  ASSERT_FALSE(status);
  EXPECT_EQ(to_string(status.error()),
            "a.yaml:2:8  a.<<: << takes a mapping or a list of mappings [bad_merge]");
}

}  // namespace
}  // namespace skerry::resource
