#include "resource/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resource/codes.h"

namespace skerry::resource {
namespace {

Node read(std::string_view text) {
  Result<Node> node = read_json(text, {});
  EXPECT_TRUE(node) << (node ? "" : to_string(node.error()));
  return node ? *std::move(node) : Node{};
}

std::string error_of(std::string_view text) {
  const Result<Node> node = read_json(text, {.file = "a.json"});
  return node ? "no error" : to_string(node.error());
}

TEST(Json, GivesEveryValueItsPlace) {
  const Node root = read("{\n\t\"größe\": 1, \"b\": [true,\n null]}");
  EXPECT_EQ(root.items[0].at, (Mark{2, 11}));
  EXPECT_EQ(root.keys[1].at, (Mark{2, 14}));
  EXPECT_EQ(root.items[1].items[1].at, (Mark{3, 2}));
}

TEST(Json, ReadsEveryEscape) {
  EXPECT_EQ(read(R"("\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\ude00")").text,
            "\"\\/\b\f\n\r\t\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST(Json, ReadsNumbersAsJsonHasThem) {
  EXPECT_EQ(type_of(read("-12")), ScalarType::integer);
  EXPECT_EQ(type_of(read("0.5E+3")), ScalarType::number);
  EXPECT_EQ(type_of(read("\"12\"")), ScalarType::text);
  for (const std::string_view bad : {"01", "+1", "1.", ".5", "1e", "0x1", "-", "NaN", "Infinity"}) {
    EXPECT_THAT(error_of(bad), testing::HasSubstr("[bad_syntax]")) << bad;
  }
}

TEST(Json, RefusesWhatOnlyYamlHas) {
  for (const std::string_view bad : {"{a: 1}",
                                     "{'a': 1}",
                                     "[1,]",
                                     "{\"a\": 1,}",
                                     "[1] # c",
                                     "",
                                     "yes",
                                     "[1] [2]",
                                     "{\"a\" 1}",
                                     "\"\t\"",
                                     "\"\\x\"",
                                     "\"\\u12\"",
                                     "\"open",
                                     "nul",
                                     "[1 2]"}) {
    EXPECT_THAT(error_of(bad), testing::HasSubstr("[bad_syntax]")) << bad;
  }
}

TEST(Json, RefusesHalfASurrogatePair) {
  for (const std::string_view bad :
       {R"("\ud83d")", R"("\ud83dx")", R"("\ud83d\u0041")", R"("\ude00")"}) {
    EXPECT_THAT(error_of(bad), testing::HasSubstr("[bad_encoding]")) << bad;
  }
}

TEST(Json, NamesThePathOfWhatItRefuses) {
  EXPECT_EQ(error_of("{\"a\": [1,\n {\"b\": 2, \"b\": 3}]}"),
            "a.json:2:11  a[1].b: the key is already there in line 2 [duplicate_key]");
  EXPECT_THAT(error_of("{\"a\": [1e999]}"), testing::HasSubstr("a[0]: "));
}

}  // namespace
}  // namespace skerry::resource
