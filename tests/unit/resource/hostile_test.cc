// What a stranger may send to cost us time or memory (threat T24): 1 MiB of anything is refused, or
// read, in under 100 ms and 32 MiB.
#include <algorithm>
#include <ctime>
#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <malloc.h>

#include "resource/codes.h"
#include "resource/json.h"
#include "resource/resources.h"
#include "resource/yaml.h"

namespace skerry::resource {
namespace {

constexpr std::size_t mebibyte = 1024UL * 1024UL;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer);
#else
constexpr bool sanitized = false;
#endif

constexpr double cpu_ms_max = sanitized ? 2000.0 : 100.0;

/// Processor time, so that a busy machine does not count.
double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

/// Runs `read` within the time one input may cost: the least of three, as a neighbour on the same
/// core slows a run down too.
void within_time(const std::function<void()>& read) {
  double least = 1e9;
  for (int run = 0; run < 3 && least > cpu_ms_max; ++run) {
    const double before = cpu_ms();
    read();
    least = std::min(least, cpu_ms() - before);
  }
  EXPECT_LT(least, cpu_ms_max);
}

/// Reads `text` within its caps and says how it was refused; "" where it was read.
std::string refusal(const std::string& text) {
  Result<std::vector<Node>> documents;
  within_time([&] { documents = read_yaml(text, {}); });
  if (documents) {
    for (Node& document : *documents) {
      const Status merged = expand_merges(document, {});
      EXPECT_TRUE(merged) << to_string(merged.error());
    }
  }
  return documents ? "" : std::string(documents.error().code.name);
}

/// The same for the reader of JSON.
std::string json_refusal(const std::string& text) {
  Result<Node> node;
  within_time([&] { node = read_json(text, {}); });
  return node ? "" : std::string(node.error().code.name);
}

/// Reads `text` as resources and gives the code of the first problem; "" where there is none.
std::string resource_refusal(const std::string& text, Syntax syntax = Syntax::yaml) {
  Problems problems;
  within_time([&] {
    problems = {};
    read_resources(text, {}, syntax, problems);
  });
  return problems.empty() ? "" : std::string(problems.list().front().code.name);
}

std::string repeated(std::string_view piece, std::size_t bytes = mebibyte) {
  std::string text;
  text.reserve(bytes);
  while (text.size() + piece.size() <= bytes) {
    text += piece;
  }
  return text;
}

std::string numbered_keys(std::string_view separator, std::size_t bytes = mebibyte) {
  std::string text;
  for (std::size_t i = 0; text.size() + 24 < bytes; ++i) {
    text += "k" + std::to_string(i) + ":" + std::string(separator);
  }
  return text;
}

TEST(Hostile, MoreThanTheCapIsRefusedUnread) {
  EXPECT_EQ(refusal(std::string(mebibyte + 1, 'a')), too_large.name);
}

TEST(Hostile, BillionLaughs) {
  std::string text = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
  for (int i = 1; i < 11; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int k = 1; k < 9; ++k) {
      text += ", " + last;
    }
    text += "]\n";
  }
  EXPECT_EQ(refusal(text), too_many_nodes.name);
}

TEST(Hostile, AliasesOfOneHugeScalar) {
  EXPECT_EQ(
      refusal("a: &a " + std::string(mebibyte / 2, 'x') + "\nb: [" + repeated("*a, ", 360) + "]\n"),
      too_many_nodes.name);
}

TEST(Hostile, ThousandsOfAliases) {
  EXPECT_EQ(refusal("- &a x\n" + repeated("- *a\n", mebibyte - 8)), too_many_aliases.name);
}

TEST(Hostile, AnAnchorInsideItself) {
  EXPECT_EQ(refusal("a: &a [*a]"), bad_alias.name);
}

TEST(Hostile, AnchorsInEachOther) {
  EXPECT_EQ(refusal(repeated("[&a ")), too_deep.name);
}

TEST(Hostile, MillionsOfKeys) {
  EXPECT_EQ(refusal(numbered_keys(" \n")), too_many_nodes.name);
  EXPECT_EQ(refusal("{" + numbered_keys(" 1,") + "}"), too_many_nodes.name);
}

TEST(Hostile, AMillionEqualKeys) {
  EXPECT_EQ(refusal(repeated("a:\n", 90'000)), duplicate_key.name);
}

TEST(Hostile, LongKeysThatDifferAtTheirEnd) {
  std::string text;
  const std::string common(900, 'k');
  for (int i = 0; text.size() + 920 < mebibyte; ++i) {
    text += common + std::to_string(i) + ": 1\n";
  }
  EXPECT_EQ(refusal(text), "");
}

TEST(Hostile, AMillionDeep) {
  EXPECT_EQ(refusal(repeated("[")), too_deep.name);
  EXPECT_EQ(refusal(repeated("{a: ")), too_deep.name);
  EXPECT_EQ(refusal(repeated("- ")), too_deep.name);
  EXPECT_EQ(refusal(repeated("[\n")), too_deep.name);
  EXPECT_EQ(refusal(repeated("? ")), bad_key.name);
}

// For each token libyaml looks at the possible key of every open level.
TEST(Hostile, ManyValuesAtTheGreatestDepth) {
  const auto deep = [](std::size_t brackets) {
    return repeated("- ", 62) + repeated("[", brackets) + repeated("a,", mebibyte - 200) +
           repeated("]", brackets);
  };
  EXPECT_EQ(refusal(deep(32)), too_many_nodes.name);
  EXPECT_EQ(refusal(deep(33)), too_deep.name);
}

TEST(Hostile, HugeScalars) {
  EXPECT_EQ(refusal("a: " + std::string(mebibyte - 8, 'x')), "");
  EXPECT_EQ(refusal("a: \"" + repeated("\\n", mebibyte - 8) + "\""), "");
  EXPECT_EQ(refusal("a: |\n" + repeated("  x\n", mebibyte - 8)), "");
  EXPECT_EQ(refusal("a: >\n" + repeated("  x\n\n", mebibyte - 8)), "");
  EXPECT_EQ(refusal("a: |\n" + repeated("\n", mebibyte - 8)), "");
  EXPECT_EQ(refusal("a: " + std::string(mebibyte - 8, '9')), number_out_of_range.name);
  EXPECT_EQ(refusal("a: 0." + std::string(mebibyte - 8, '9')), "");
}

TEST(Hostile, ThousandsOfBlocks) {
  EXPECT_EQ(refusal(repeated("- |\n  x\n", 600'000)), "");
  EXPECT_EQ(refusal(repeated("- |\n\n\n\n\n\n\n\n\n\n\n\n\n\n  x\n")), "");
}

TEST(Hostile, ItemsBeyondTheCap) {
  EXPECT_EQ(refusal("[" + repeated("1,", mebibyte - 8) + "]"), too_many_nodes.name);
  EXPECT_EQ(refusal(repeated("---\n")), too_many_nodes.name);
}

TEST(Hostile, TextWithoutMeaning) {
  EXPECT_EQ(refusal(repeated("# comment\n")), "");
  EXPECT_EQ(refusal(std::string(mebibyte, ' ')), "");
  EXPECT_EQ(refusal(std::string(mebibyte, '\n')), "");
  EXPECT_EQ(refusal(std::string(mebibyte, '\t')), bad_syntax.name);
  EXPECT_EQ(refusal(std::string(mebibyte, '"')), bad_syntax.name);
  EXPECT_EQ(refusal(std::string(mebibyte, '&')), bad_syntax.name);
  EXPECT_EQ(refusal(std::string(mebibyte, '!')), bad_tag.name);
  EXPECT_EQ(refusal(std::string(mebibyte, ':')), bad_syntax.name);
  EXPECT_EQ(refusal(std::string(mebibyte, '\0')), bad_syntax.name);
  EXPECT_EQ(refusal("%" + std::string(mebibyte - 1, 'Y')), bad_syntax.name);
  EXPECT_EQ(refusal(repeated("%TAG !a! b\n")), bad_syntax.name);
}

TEST(Hostile, BytesThatAreNotUtf8) {
  EXPECT_EQ(refusal("a: \xFF"), bad_encoding.name);
  EXPECT_EQ(refusal("a: \"\xC3\x28\""), bad_encoding.name);
  EXPECT_EQ(refusal("\xFF\xFE a"), bad_encoding.name);
  EXPECT_EQ(refusal(std::string(mebibyte, '\xE4')), bad_encoding.name);
  EXPECT_EQ(refusal(std::string(mebibyte - 1, 'a') + "\xE4"), bad_encoding.name);
  EXPECT_EQ(refusal("a: \"\\0\""), bad_encoding.name);
}

TEST(Hostile, TagsThatExpand) {
  EXPECT_EQ(refusal("%TAG ! " + std::string(1000, 'x') + "\n---\n" + repeated("- !a b\n", 200'000)),
            bad_tag.name);
}

TEST(Hostile, JsonOfEveryShape) {
  EXPECT_EQ(json_refusal(std::string(mebibyte + 1, ' ')), too_large.name);
  EXPECT_EQ(json_refusal(repeated("[")), too_deep.name);
  EXPECT_EQ(json_refusal(repeated("{\"a\":")), too_deep.name);
  EXPECT_EQ(json_refusal("[" + repeated("1,", mebibyte - 8) + "1]"), too_many_nodes.name);
  EXPECT_EQ(json_refusal("[" + repeated("[],", 500'000) + "1]"), too_many_nodes.name);
  EXPECT_EQ(json_refusal("{" + repeated("\"a\":1,", 290'000) + "\"a\":1}"), duplicate_key.name);
  EXPECT_EQ(json_refusal("\"" + std::string(mebibyte - 2, 'a') + "\""), "");
  EXPECT_EQ(json_refusal("\"" + repeated("\\u00e9", mebibyte - 8) + "\""), "");
  EXPECT_EQ(json_refusal(std::string(mebibyte, '9')), number_out_of_range.name);
  EXPECT_EQ(json_refusal("0." + std::string(mebibyte - 2, '9')), "");
  EXPECT_EQ(json_refusal(std::string(mebibyte, '\n')), bad_syntax.name);
  EXPECT_EQ(json_refusal("\"" + std::string(mebibyte - 1, 'a')), bad_syntax.name);
  EXPECT_EQ(json_refusal("\"\xFF\""), bad_encoding.name);
  EXPECT_EQ(json_refusal("\"\\u0000\""), bad_encoding.name);
}

TEST(Hostile, ResourcesOfEveryShape) {
  const std::string head = "apiVersion: skerry/v1\nkind: Stack\nmetadata: {name: a}\n";
  EXPECT_EQ(resource_refusal(head + numbered_keys("\n", 380'000)), unknown_field.name);
  EXPECT_EQ(resource_refusal(head + std::string(900'000, 'k') + ": 1\n"), bad_syntax.name);
  EXPECT_EQ(resource_refusal(head + "spec: {compose: x, targets: {sites: [" +
                             repeated("a, ", 290'000) + "]}}\n"),
            too_many_items.name);
  EXPECT_EQ(resource_refusal(head + "spec: {targets: {selector: {matchLabels: {" +
                             numbered_keys(" x, ", 400'000) + "}}}}\n"),
            too_many_items.name);
  EXPECT_EQ(resource_refusal(repeated("---\napiVersion: skerry/v1\nkind: Stack\n", 700'000)),
            missing_field.name);
  EXPECT_EQ(resource_refusal(repeated(
                "--- {apiVersion: skerry/v1, kind: Site, metadata: {name: a}}\n", 600'000)),
            "");
  EXPECT_EQ(resource_refusal("{\"" + std::string(900'000, 'k') + "\":1}", Syntax::json),
            bad_api_version.name);
}

// The tree is the memory: measured for the densest text there is.
TEST(Hostile, TheWholeTreeStaysUnder32MiB) {
  if (sanitized) {
    GTEST_SKIP() << "the sanitizer's allocator is not the one that counts";
  }
  const std::string text = "[" + repeated("1,", 199'000) + "]";
  const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  const Result<std::vector<Node>> documents = read_yaml(text, {});
  ASSERT_TRUE(documents);
  EXPECT_LT(mallinfo2().uordblks + mallinfo2().hblkhd - before, 32 * mebibyte);
}

}  // namespace
}  // namespace skerry::resource
