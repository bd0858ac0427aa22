#include "base/text.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/secret.h"

namespace skerry {
namespace {

TEST(Hex, RoundTripsEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes += static_cast<char>(i);
  }
  EXPECT_EQ(from_hex(to_hex(bytes)).value(), bytes);
  EXPECT_EQ(to_hex("\x01\xab"), "01ab");
}

TEST(Hex, RefusesWhatIsNotHex) {
  EXPECT_FALSE(from_hex("abc"));
  EXPECT_FALSE(from_hex("0g"));
}

TEST(Base64, MatchesTheVectorsOfRfc4648) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foo"), "Zm9v");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(from_base64("Zm9vYg==").value(), "foob");
  EXPECT_EQ(from_base64("Zm9vYmE=").value(), "fooba");
}

TEST(Base64, RefusesStrayBitsAndBadPadding) {
  EXPECT_FALSE(from_base64("Zh=="));
  EXPECT_FALSE(from_base64("Zg="));
  EXPECT_FALSE(from_base64("Z==="));
  EXPECT_FALSE(from_base64("Zg==Zg=="));
  EXPECT_FALSE(from_base64("Zm 9"));
}

TEST(ParseUnsigned, TakesDigitsAlone) {
  EXPECT_EQ(parse_unsigned("18446744073709551615"), 18446744073709551615U);
  EXPECT_FALSE(parse_unsigned("18446744073709551616"));
  EXPECT_FALSE(parse_unsigned("-1"));
  EXPECT_FALSE(parse_unsigned("+1"));
  EXPECT_FALSE(parse_unsigned(" 1"));
  EXPECT_FALSE(parse_unsigned(""));
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(split("a,,b", ',').size(), 3U);
  EXPECT_EQ(split("", ',').size(), 1U);
}

TEST(Nearest, SuggestsATypoAndNotAnotherWord) {
  const std::vector<std::string> known{"environment", "entrypoint", "expose"};
  EXPECT_EQ(nearest("enviroment", known), "environment");
  EXPECT_EQ(nearest("volumes", known), std::nullopt);
}

TEST(Utf8, RefusesSurrogatesOverlongFormsAndCutSequences) {
  EXPECT_TRUE(is_utf8("gr\xC3\xBC\xC3\x9F \xF0\x9F\x8C\x8A"));
  EXPECT_FALSE(is_utf8("\xC0\x80"));
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));
  EXPECT_FALSE(is_utf8("\xE2\x82"));
}

TEST(CutText, KeepsTheHeadInWholeCharactersAndCountsTheRest) {
  std::string text = "short";
  cut_text(text, 64);
  EXPECT_EQ(text, "short");
  text = std::string(15, 'x') + "é" + std::string(100, 'y');  // Its second byte would be the last.
  cut_text(text, 64);
  EXPECT_EQ(text, std::string(15, 'x') + "… (102 bytes more)");
  EXPECT_TRUE(is_utf8(text));
}

TEST(Digest, ReadsBackWhatItPrints) {
  Digest digest;
  digest.bytes[0] = 0xAB;
  EXPECT_EQ(parse_digest(to_string(digest)).value(), digest);
  EXPECT_EQ(short_name(digest), "ab0000000000");
  EXPECT_FALSE(parse_digest("sha256:00"));
}

TEST(Secret, IsEmptyAfterItWasMovedAway) {
  Secret first("hunter2");
  const Secret second = std::move(first);
  EXPECT_EQ(second.reveal(), "hunter2");
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is the promise.
}

TEST(ConstantTimeCompare, TellsEqualFromDifferent) {
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
}

}  // namespace
}  // namespace skerry
