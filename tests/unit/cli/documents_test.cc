#include "cli/documents.h"

#include <gtest/gtest.h>

#include "cli/compose_file.h"
#include "cli/text_diff.h"
#include "resource/codec.h"
#include "resource/resources.h"
#include "skerry/api/v1/stack.pb.h"

namespace skerry::cli {
namespace {

std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts;
  for (const Part& part : split_documents(text)) {
    parts.emplace_back(part.bytes);
  }
  return parts;
}

using Parts = std::vector<std::string>;

TEST(SplitDocuments, KeepsOneDocumentAsItIs) {
  EXPECT_EQ(parts_of("# note\na: 1\n"), Parts({"# note\na: 1\n"}));
}

TEST(SplitDocuments, CutsBeforeEachSeparatorAndKeepsEveryByte) {
  EXPECT_EQ(parts_of("a: 1\r\n---\nb: 2 # x\n---\nc: 3"),
            Parts({"a: 1\r\n", "---\nb: 2 # x\n", "---\nc: 3"}));
}

TEST(SplitDocuments, LeavesOutEmptyDocuments) {
  EXPECT_EQ(parts_of("---\n# nothing\n---\n\n---\na: 1\n---\n"), Parts({"---\na: 1\n"}));
}

TEST(SplitDocuments, DoesNotCutInsideABlock) {
  EXPECT_EQ(parts_of("a: |\n  x\n  ---\n  y\n"), Parts({"a: |\n  x\n  ---\n  y\n"}));
}

TEST(SplitDocuments, KeepsADirectiveWithItsDocument) {
  EXPECT_EQ(parts_of("%YAML 1.1\n---\na: 1\n"), Parts({"%YAML 1.1\n---\na: 1\n"}));
}

TEST(SplitDocuments, TakesContentBehindTheSeparator) {
  EXPECT_EQ(parts_of("--- {a: 1}\n--- {b: 2}\n"), Parts({"--- {a: 1}\n", "--- {b: 2}\n"}));
}

TEST(SplitDocuments, CountsTheLinesBefore) {
  const auto parts = split_documents("a: 1\nb: 2\n---\nc: 3\n");
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].lines_before, 0);
  EXPECT_EQ(parts[1].lines_before, 2);
}

TEST(SplitDocuments, OfNothingIsNothing) {
  EXPECT_TRUE(parts_of("").empty());
}

/// The Compose text that a stack made of a file holds.
std::string compose_inside(const Document& document) {
  resource::Problems problems;
  const auto resources =
      resource::read_resources(document.bytes, {}, resource::Syntax::yaml, problems);
  EXPECT_TRUE(problems.empty()) << to_string(problems.list().front()) << document.bytes;
  if (resources.size() != 1) {
    return {};
  }
  return static_cast<const api::v1::Stack&>(*resources.front().message).spec().compose();
}

class StackAround : public testing::TestWithParam<std::string> {};

TEST_P(StackAround, KeepsEveryByteOfTheComposeFile) {
  const auto document =
      stack_around(GetParam(), "compose.yaml", {.stack = "web", .sites = {"type=store"}});
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(compose_inside(*document), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Texts,
                         StackAround,
                         testing::Values("services: {}\n",
                                         "services: {}",
                                         "services: {}\n\n\n",
                                         "\n\nservices: {}\n",
                                         "  services:\n    web: {}\n",
                                         "# note\nservices:\n\n  web:\n    image: x # y\n",
                                         "services:\n  a: 'x\n   y'\n"));

TEST(StackAroundCompose, NamesSitesAndSelectors) {
  const auto document = stack_around(
      "services: {}\n", "compose.yaml", {.stack = "web", .sites = {"one", "type=store", "two"}});
  ASSERT_TRUE(document);
  EXPECT_NE(document->bytes.find("- key: type\n          operator: In"), std::string::npos)
      << document->bytes;
  EXPECT_NE(document->bytes.find("- one"), std::string::npos);
}

TEST(StackAroundCompose, NeedsANameAndSites) {
  EXPECT_FALSE(stack_around("services: {}\n", "compose.yaml", {.stack = "web"}));
  EXPECT_FALSE(stack_around("services: {}\n", "compose.yaml", {.sites = {"one"}}));
  EXPECT_FALSE(stack_around("services: {}\n", "c.yaml", {.stack = "No!", .sites = {"one"}}));
}

TEST(StackAroundCompose, PlacesErrorsInTheComposeFile) {
  const auto document =
      stack_around("services:\n  web: {}\n", "compose.yaml", {.stack = "web", .sites = {"one"}});
  ASSERT_TRUE(document);
  const auto line = static_cast<std::uint32_t>(2 - document->lines_before);
  const Error error = placed({.at = {.line = line, .column = 7}}, *document);
  EXPECT_EQ(error.at, (Position{.file = "compose.yaml", .line = 2, .column = 3}));
}

TEST(StackAroundCompose, PlacesNothingInLinesOfItsOwn) {
  const auto document =
      stack_around("services: {}\n", "compose.yaml", {.stack = "web", .sites = {"one"}});
  ASSERT_TRUE(document);
  const Error error = placed({.at = {.line = 2, .column = 3}}, *document);
  EXPECT_EQ(error.at, (Position{.file = "compose.yaml"}));
}

TEST(TextDiff, OfEqualTextsIsEmpty) {
  EXPECT_EQ(text_diff("a\nb\n", "a\nb\n"), "");
}

TEST(TextDiff, ShowsAChangedLineAndWhatStandsAroundIt) {
  EXPECT_EQ(text_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
            " 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n ...\n");
}

TEST(TextDiff, OfNothingBeforeIsAllNew) {
  EXPECT_EQ(text_diff("", "a\nb\n"), "+a\n+b\n");
}

TEST(TextDiff, OfNothingLeftIsAllGone) {
  EXPECT_EQ(text_diff("a\nb\n", ""), "-a\n-b\n");
}

TEST(TextDiff, KeepsLinesThatOnlyMovedApart) {
  EXPECT_EQ(text_diff("a\nb\nc\n", "a\nx\nb\ny\nc\n"), " a\n+x\n b\n+y\n c\n");
}

}  // namespace
}  // namespace skerry::cli
