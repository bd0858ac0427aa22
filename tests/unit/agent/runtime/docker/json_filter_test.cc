#include "agent/runtime/docker/json_filter.h"

#include <algorithm>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include "agent/runtime/docker/codes.h"
#include "agent/runtime/docker/inspect_reader.h"

namespace skerry::agent::docker {
namespace {

using ::testing::HasSubstr;

std::string kept(std::string_view text, std::string_view members) {
  const auto json = parse_json(text, {.members = members});
  return json ? json->dump() : to_string(json.error());
}

std::string repeated(std::string_view element, std::size_t count) {
  std::string out = "[";
  for (std::size_t index = 0; index < count; ++index) {
    out += element;
  }
  out += "0]";
  return out;
}

ErrorCode code_of(const Result<Json>& result) {
  return result ? ErrorCode{"none"} : result.error().code;
}

TEST(JsonFilter, KeepsTheMembersThatAreWantedAndNoOther) {
  EXPECT_EQ(
      kept(R"({"Id": "a", "Size": 7, "State": {"Status": "b", "Pid": 1}})", "Id,State{Status}"),
      R"({"Id":"a","State":{"Status":"b"}})");
}

TEST(JsonFilter, KeepsAMemberWithoutBracesWhole) {
  EXPECT_EQ(kept(R"({"Labels":{"a":"1","b":[{"c":null}]},"Env":[]})", "Labels"),
            R"({"Labels":{"a":"1","b":[{"c":null}]}})");
}

TEST(JsonFilter, TakesAnArrayForItsElements) {
  EXPECT_EQ(kept(R"([{"Id":"a","x":[1]},{"y":2},{"Id":"b"}])", "Id"),
            R"([{"Id":"a"},{},{"Id":"b"}])");
}

TEST(JsonFilter, TakesAStarForAnyName) {
  EXPECT_EQ(
      kept(R"({"Networks":{"front":{"Aliases":["a"],"Mac":1},"back":{}}})", "Networks{*{Aliases}}"),
      R"({"Networks":{"front":{"Aliases":["a"]},"back":{}}})");
}

TEST(JsonFilter, ReadsAlikeInPiecesOfAnySize) {
  const std::string text = R"({"a":{"b":"q\"\\","n":-1.5e3},"x":["\"}",{"a":1}],"c":[true, null]})";
  for (std::size_t piece = 1; piece < 9; ++piece) {
    JsonFilter filter({.members = "a{b},c"});
    for (std::size_t at = 0; at < text.size(); at += piece) {
      ASSERT_TRUE(filter.feed(std::string_view(text).substr(at, piece)));
    }
    const auto json = filter.end();
    ASSERT_TRUE(json);
    EXPECT_EQ(json->dump(), R"({"a":{"b":"q\"\\"},"c":[true,null]})");
  }
}

TEST(JsonFilter, RefusesWhatIsNoJsonAlsoWhereItIsNotWanted) {
  EXPECT_THAT(kept(R"({"a":1,"b":[1 2]})", "a"), HasSubstr("not JSON at byte 15"));
  EXPECT_THAT(kept(R"({"a":1,"b":[1}})", "a"), HasSubstr("not JSON"));
  EXPECT_THAT(kept(R"({"a":1,"b"})", "a"), HasSubstr("not JSON"));
  EXPECT_THAT(kept(R"({"a":1,})", "a"), HasSubstr("not JSON"));
  EXPECT_THAT(kept(R"({"a":1}})", "a"), HasSubstr("not JSON"));
  EXPECT_THAT(kept("<html>", "a"), HasSubstr("not JSON"));
}

TEST(JsonFilter, RefusesATextThatIsCutOff) {
  EXPECT_THAT(kept(R"({"a":1)", "a"), HasSubstr("not JSON"));
  EXPECT_THAT(kept(R"({"a":"1)", "a"), HasSubstr("not JSON"));
  EXPECT_THAT(kept("", "a"), HasSubstr("not JSON"));
}

TEST(JsonFilter, WhatIsNotWantedCostsNothingHoweverMuchItIs) {
  const std::string text = R"({"Id":"a","Log":)" + repeated("{},", 3'000'000) + "}";

  EXPECT_EQ(kept(text, "Id"), R"({"Id":"a"})");
}

TEST(JsonFilter, RefusesATextThatIsTooLongInWords) {
  const auto refused = parse_json("[\"" + std::string(reply_memory_max, 'x') + "\"]");

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, runtime_reply_too_large);
  EXPECT_THAT(refused.error().message, HasSubstr("more than 1024 KiB"));
}

TEST(JsonFilter, RefusesANameThatIsTooLong) {
  const std::string name(reply_memory_max, 'x');

  EXPECT_EQ(code_of(parse_json("{\"" + name + "\":1}")), runtime_reply_too_large);
  EXPECT_EQ(kept("{\"" + name + "\":1,\"a\":2}", "a"), R"({"a":2})");
}

/// Counts what the parser takes, with the allocator's share.
class CountedMemory {
 public:
  CountedMemory() {
    now() = 0;
    peak() = 0;
    json_set_alloc_funcs(&take, &give);
  }

  CountedMemory(const CountedMemory&) = delete;
  CountedMemory& operator=(const CountedMemory&) = delete;

  ~CountedMemory() { json_set_alloc_funcs(&std::malloc, &std::free); }

  static std::size_t& now() {
    static std::size_t size = 0;
    return size;
  }

  static std::size_t& peak() {
    static std::size_t size = 0;
    return size;
  }

 private:
  static constexpr std::size_t chunk_head = 8;

  static void* take(std::size_t size) {
    void* const memory = std::malloc(size);
    now() += ::malloc_usable_size(memory) + chunk_head;
    peak() = std::max(peak(), now());
    return memory;
  }

  static void give(void* memory) {
    now() -= memory == nullptr ? 0 : ::malloc_usable_size(memory) + chunk_head;
    std::free(memory);
  }
};

class HostileReply : public ::testing::TestWithParam<std::string> {};

TEST_P(HostileReply, IsRefusedBeforeItIsATree) {
  const CountedMemory memory;

  const auto refused = parse_json(repeated(GetParam(), 8 * 1024 * 1024 / GetParam().size()));

  EXPECT_EQ(code_of(refused), runtime_reply_too_large);
  EXPECT_EQ(memory.peak(), 0U);
}

TEST_P(HostileReply, TakesNoMoreThanItsBoundWhereItIsJustAllowed) {
  std::size_t most = 1;
  for (std::size_t step = 1 << 20; step > 0; step /= 2) {
    most += parse_json(repeated(GetParam(), most + step)) ? step : 0;
  }
  const CountedMemory memory;

  const auto json = parse_json(repeated(GetParam(), most));

  EXPECT_TRUE(json);
  EXPECT_GT(memory.peak(), 0U);
  EXPECT_LE(memory.peak(), reply_memory_max);
}

INSTANTIATE_TEST_SUITE_P(Shapes,
                         HostileReply,
                         ::testing::Values("{},",
                                           "[],",
                                           "[[[]]],",
                                           "\"\",",
                                           "1,",
                                           "true,",
                                           R"({"":0},)",
                                           R"({"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0},)",
                                           R"("0123456789012345678901234567890123456789",)"));

TEST(HostileObject, TakesNoMoreThanItsBoundWhereItIsJustAllowed) {
  const auto object_of = [](std::size_t count) {
    std::string out = "{";
    for (std::size_t index = 0; index < count; ++index) {
      out += "\"" + std::to_string(index) + "\":\"\",";
    }
    return out + "\"\":0}";
  };
  std::size_t most = 1;
  for (std::size_t step = 1 << 16; step > 0; step /= 2) {
    most += parse_json(object_of(most + step)) ? step : 0;
  }
  const CountedMemory memory;

  EXPECT_TRUE(parse_json(object_of(most)));
  EXPECT_GT(memory.peak(), 0U);
  EXPECT_LE(memory.peak(), reply_memory_max);
}

}  // namespace
}  // namespace skerry::agent::docker
