#include "compose/scalars.h"

#include <gtest/gtest.h>

namespace skerry::compose {
namespace {

template <class T>
std::string shown(const Result<T>& result) {
  return result ? std::to_string(*result) : result.error().message;
}

TEST(Duration, AddsItsPartsInMilliseconds) {
  EXPECT_EQ(shown(parse_duration_ms("30s")), "30000");
  EXPECT_EQ(shown(parse_duration_ms("1h30m5s")), "5405000");
  EXPECT_EQ(shown(parse_duration_ms("1.5s")), "1500");
  EXPECT_EQ(shown(parse_duration_ms("500ms")), "500");
  EXPECT_EQ(shown(parse_duration_ms("2000us")), "2");
  EXPECT_EQ(shown(parse_duration_ms("1d")), "86400000");
  EXPECT_EQ(shown(parse_duration_ms("0s")), "0");
  EXPECT_EQ(shown(parse_duration_ms("0")), "0");
}

TEST(Duration, RefusesWhatIsNone) {
  for (const std::string_view bad : {"", "10", "s", "1 s", "-1s", "1x", "1s2", "1..5s", "s1"}) {
    EXPECT_FALSE(parse_duration_ms(bad)) << bad;
  }
  EXPECT_EQ(shown(parse_duration_ms("1us")), "'1us' is finer than a millisecond");
  EXPECT_FALSE(parse_duration_ms("999999999h"));
  std::string many;
  for (int i = 0; i < 100'000; ++i) {
    many += "3000d";
  }
  EXPECT_FALSE(parse_duration_ms(many));
}

TEST(Bytes, CountsInPowersOf1024) {
  EXPECT_EQ(shown(parse_bytes("512")), "512");
  EXPECT_EQ(shown(parse_bytes("64m")), "67108864");
  EXPECT_EQ(shown(parse_bytes("64MB")), "67108864");
  EXPECT_EQ(shown(parse_bytes("64MiB")), "67108864");
  EXPECT_EQ(shown(parse_bytes("1.5 g")), "1610612736");
  EXPECT_EQ(shown(parse_bytes("10b")), "10");
  EXPECT_EQ(shown(parse_bytes("9007199254740992")), "9007199254740992");
}

TEST(Bytes, RefusesWhatIsNone) {
  for (const std::string_view bad :
       {"", "m", "-1", "1x", "1mm", "1 000", "0.3b", "9007199254740993", "9p9"}) {
    EXPECT_FALSE(parse_bytes(bad)) << bad;
  }
}

TEST(Cpus, CountsInBillionths) {
  EXPECT_EQ(shown(parse_cpu_nanos("0.5")), "500000000");
  EXPECT_EQ(shown(parse_cpu_nanos("2")), "2000000000");
  EXPECT_EQ(shown(parse_cpu_nanos(".25")), "250000000");
  EXPECT_FALSE(parse_cpu_nanos("1.0000000001"));
  EXPECT_FALSE(parse_cpu_nanos("half"));
  EXPECT_FALSE(parse_cpu_nanos("1c"));
}

TEST(Mode, IsOctal) {
  EXPECT_EQ(parse_octal_mode("0644").value(), 0644U);
  EXPECT_EQ(parse_octal_mode("0o1777").value(), 01777U);
  EXPECT_FALSE(parse_octal_mode("0888"));
  EXPECT_FALSE(parse_octal_mode("17777"));
  EXPECT_FALSE(parse_octal_mode(""));
}

TEST(Path, BecomesCanonical) {
  EXPECT_EQ(parse_absolute_path("/a//b/./c/").value(), "/a/b/c");
  EXPECT_EQ(parse_absolute_path("/a/../../b").value(), "/b");
  EXPECT_EQ(parse_absolute_path("//").value(), "/");
  EXPECT_FALSE(parse_absolute_path("a"));
  EXPECT_FALSE(parse_absolute_path(""));
}

TEST(Address, IsEitherFamily) {
  for (const std::string_view good :
       {"0.0.0.0", "127.0.0.1", "::", "::1", "fe80::1:2", "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1"}) {
    EXPECT_EQ(parse_address(good).value_or("refused"), good);
  }
  EXPECT_EQ(parse_address("[2001:DB8::1]").value(), "2001:db8::1");
  for (const std::string_view bad : {"",
                                     "1.2.3",
                                     "1.2.3.256",
                                     "01.2.3.4",
                                     "1:2:3:4:5:6:7",
                                     "1:2:3:4:5:6:7:8:9",
                                     "1::2::3",
                                     ":::",
                                     "10.0.0.1::",
                                     "1:2:3:4:5:6:7::8",
                                     "12345::",
                                     "g::"}) {
    EXPECT_FALSE(parse_address(bad)) << bad;
  }
}

TEST(Image, IsCheckedByTheReferenceGrammar) {
  const std::string digest = "@sha256:" + std::string(64, 'a');
  for (const std::string& good : {std::string("nginx"),
                                  std::string("nginx:1.25-alpine"),
                                  std::string("registry.example:5000/team/app_x:V1.4"),
                                  std::string("localhost/app"),
                                  "ghcr.io/a/b:1" + digest,
                                  "app" + digest}) {
    EXPECT_TRUE(check_image(good)) << good;
  }
  for (const std::string_view bad : {"",
                                     "App",
                                     "app:",
                                     "app: 1",
                                     "app:a:b",
                                     "team//app",
                                     "-app",
                                     "app@sha256:abc",
                                     "registry.example:x/app"}) {
    EXPECT_FALSE(check_image(bad)) << bad;
  }
}

std::string words_of(std::string line) {
  const auto words = split_words({.literal = std::move(line)});
  if (!words) {
    return "refused: " + words.error().message;
  }
  std::string made;
  for (const document::Text& word : *words) {
    made += "<" + word.literal + ">";
  }
  return made;
}

TEST(Words, AreSplitAsTheReferenceDoes) {
  EXPECT_EQ(words_of("  a  b\tc\n"), "<a><b><c>");
  EXPECT_EQ(words_of(R"(sh -c "echo 'x y'; z" '')"), "<sh><-c><echo 'x y'; z><>");
  EXPECT_EQ(words_of(R"('a\b' a\ b "q\"r" x"y"z)"), R"(<a\b><a b><q"r><xyz>)");
  EXPECT_EQ(words_of(R"(a\tb)"), "<a\tb>");
  EXPECT_EQ(words_of(""), "");
}

TEST(Words, RefusesWhatOnlyAShellUnderstands) {
  EXPECT_EQ(words_of("a; b"), "refused: ';' needs a shell, and a command has none");
  for (const char* bad : {"a | b", "a && b", "a > f", "$(a)", "`a`", "'a", "\"a", "a\\"}) {
    EXPECT_TRUE(words_of(bad).starts_with("refused")) << bad;
  }
}

TEST(Words, KeepASlotWhole) {
  const document::Text line{.literal = "a x b ", .holes = {{3, 0}, {6, 1}}};
  const auto words = split_words(line).value();
  ASSERT_EQ(words.size(), 4U);
  EXPECT_EQ(words[1], (document::Text{.literal = "x", .holes = {{1, 0}}}));
  EXPECT_EQ(words[3], (document::Text{.literal = "", .holes = {{0, 1}}}));
}

}  // namespace
}  // namespace skerry::compose
