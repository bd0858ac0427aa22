#include "agent/runtime/docker/stream_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skerry::agent::docker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> lines_of(LineReader& reader, std::string_view text, std::size_t piece) {
  std::vector<std::string> out;
  const auto keep = [&out](std::string_view line) { out.emplace_back(line); };
  for (std::size_t at = 0; at < text.size(); at += piece) {
    reader.feed(text.substr(at, piece), keep);
  }
  return out;
}

TEST(LineReader, PutsLinesTogetherFromPiecesOfAnySize) {
  for (const std::size_t piece : {1U, 2U, 3U, 100U}) {
    LineReader reader(100);
    EXPECT_THAT(lines_of(reader, "one\ntwo\r\n\nthree\n", piece),
                ElementsAre("one", "two\r", "three"));
  }
}

TEST(LineReader, DropsALineThatIsTooLongAndReadsTheNext) {
  LineReader reader(5);

  EXPECT_THAT(lines_of(reader, "123456789\nshort\n", 4), ElementsAre("short"));
  EXPECT_EQ(reader.dropped(), 1U);
}

TEST(EventReader, ReadsWhoDidWhatToWhom) {
  const auto event =
      read_event(R"({"Type":"container","Action":"die","Actor":{"ID":"42","Attributes":)"
                 R"({"exitCode":"137","skerry.install":"0a"}}})");

  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, EngineEvent::Type::container);
  EXPECT_EQ(event->action, "die");
  EXPECT_EQ(event->id, "42");
  EXPECT_EQ(event->install, "0a");
}

TEST(EventReader, TakesNothingButObjects) {
  EXPECT_FALSE(read_event("[]"));
  EXPECT_FALSE(read_event("7"));
  EXPECT_FALSE(read_event("{\"Type\""));
  EXPECT_TRUE(read_event(R"({"Type":7,"Actor":"x"})"));
}

TEST(EventReader, AsksForNoEventsOfHealthChecks) {
  EXPECT_THAT(event_filters(), Not(HasSubstr("exec")));
  EXPECT_THAT(event_filters(), HasSubstr("health_status"));
}

TEST(PullReader, FindsTheFailureInTheStream) {
  PullReader reader;

  reader.feed(R"({"status":"Pulling from a","id":"1"})"
              "\n"
              R"({"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"})");
  reader.end();

  ASSERT_FALSE(reader.outcome());
  EXPECT_EQ(reader.outcome().error().message, "manifest unknown");
}

TEST(PullReader, ShowsTheNewestLineOnce) {
  PullReader reader;

  reader.feed(R"({"status":"Downloading","id":"ab","progress":"[=>] 1MB/2MB"})"
              "\n");

  EXPECT_EQ(reader.take_progress(), "Downloading ab [=>] 1MB/2MB");
  EXPECT_EQ(reader.take_progress(), "");
  EXPECT_TRUE(reader.outcome());
}

}  // namespace
}  // namespace skerry::agent::docker
