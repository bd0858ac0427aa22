#include <vector>

#include "integration/api/server_fixture.h"

namespace skerry::api {
namespace {

class WatchTest : public ApiTest {
 protected:
  /// The frames of a watch until `enough` is in one.
  std::string watch(const std::string& target,
                    std::string_view enough,
                    std::vector<net::Header> headers = {}) {
    headers.push_back({"authorization", "Bearer " + token});
    std::string all;
    net::ClientOptions options = client_options();
    options.silence = std::chrono::seconds(20);
    net::Client watching(options);
    const Instant deadline = clock.now() + std::chrono::seconds(20);
    const Result<net::Response> response = watching.stream(
        {.target = target, .headers = std::move(headers)}, [&](std::string_view bytes) {
          all += bytes;
          return all.find(enough) == std::string::npos && clock.now() < deadline;
        });
    EXPECT_TRUE(response) << response.error().message << all;
    EXPECT_NE(all.find(enough), std::string::npos) << all;
    return all;
  }

  /// Whether a frame of this type is about this object.
  static bool has(const std::string& frames, const std::string& type, const std::string& name) {
    for (std::size_t at = 0; (at = frames.find("data: ", at)) != std::string::npos; ++at) {
      const std::string frame = frames.substr(at, frames.find('\n', at) - at);
      if (frame.find(R"("type":")" + type) != std::string::npos &&
          frame.find(R"(","name":")" + name) != std::string::npos) {
        return true;
      }
    }
    return false;
  }

  /// Whether a stream comes to its end, and not to the reader's patience.
  bool ends(const std::string& target, std::vector<net::Header> headers = {}) {
    headers.push_back({"authorization", "Bearer " + token});
    net::Client watching(client_options());
    const Instant deadline = clock.now() + std::chrono::seconds(5);
    bool in_time = true;
    const auto response =
        watching.stream({.target = target, .headers = std::move(headers)}, [&](std::string_view) {
          in_time = clock.now() < deadline;  // The beats go on.
          return in_time;
        });
    return response && in_time;
  }

  void put(const std::string& name, const std::string& version) {
    std::string stack = hello_stack;
    stack.replace(stack.find("hello"), 5, name);
    stack.replace(stack.find("1.0"), 3, version);
    ASSERT_LT(put_yaml("/api/v1/stacks/" + name, stack).status, 300U);
  }
};

TEST_F(WatchTest, GoesOnWhereAStreamBrokeWithoutLossOrRepetition) {
  set_up();
  const std::string start = std::to_string(reader->head()->revision);
  put("a", "1.0");
  put("b", "1.0");
  put("c", "1.0");
  const std::string target = "/api/v1/watch?kinds=stacks";
  const std::string first = watch(target, R"("name":"b")", {{"last-event-id", start}});
  const std::size_t id = first.find("id: ");
  ASSERT_NE(id, std::string::npos);
  const std::string cursor = first.substr(id + 4, first.find('\n', id) - id - 4);
  EXPECT_LT(first.find(R"("name":"a")"), first.find(R"("name":"b")"));
  const std::string rest = watch(target, R"("name":"c")", {{"last-event-id", cursor}});
  EXPECT_EQ(rest.find(R"("kind":"Stack","name":"a")"), std::string::npos);
  EXPECT_NE(rest.find(R"("kind":"Stack","name":"b")"), std::string::npos);
}

TEST_F(WatchTest, SaysThatItsPastIsGone) {
  set_up();
  const std::string start = std::to_string(reader->head()->revision);
  put("a", "1.0");
  store::Change change{.by = {.name = "server", .method = "internal"}};
  change.operations.emplace_back(store::CompactFeed{.through = reader->head()->revision});
  commit(std::move(change));
  const std::string frames = watch("/api/v1/watch", "Resync", {{"last-event-id", start}});
  EXPECT_NE(frames.find(R"("type":"Resync")"), std::string::npos);
}

TEST_F(WatchTest, ShowsThatItLivesWhileNothingHappens) {
  set_up();
  const std::string frames = watch("/api/v1/watch", ": beat\n\n: beat\n\n");
  EXPECT_EQ(frames.find("data:"), std::string::npos);
}

TEST_F(WatchTest, AnswersHeadWithTheHeadersAlone) {
  set_up();
  add_site("store-1");
  for (const std::string target : {"/api/v1/watch", "/api/v1/sites?watch=true"}) {
    const Answer answer = ask("HEAD", target);
    EXPECT_EQ(answer.status, 200U) << target;
    EXPECT_EQ(answer.header("content-type"), "text/event-stream");
    EXPECT_EQ(answer.body, "");
    // The answer has come to its end: the next one is its own.
    EXPECT_EQ(ask("GET", "/api/v1/whoami").at("user"), "ana");
  }
}

TEST_F(WatchTest, EndsForWhoMayNotWatchAnyMore) {
  set_up();
  bool signed_out = false;
  net::Client watching(client_options());
  const auto response = watching.stream(
      {.target = "/api/v1/watch", .headers = {{"authorization", "Bearer " + token}}},
      [&](std::string_view) {
        if (!std::exchange(signed_out, true)) {
          EXPECT_EQ(ask("POST", "/api/v1/logout").status, 204U);
        }
        return true;
      });
  // The stream comes to its end, and not to the reader's patience.
  EXPECT_TRUE(response) << response.error().message;
  EXPECT_TRUE(signed_out);
}

TEST_F(WatchTest, AWatchedListGoesOnWhereItBrokeWithTheNewestStatus) {
  set_up();
  put("a", "1.0");
  put("b", "1.0");
  const std::string start = std::to_string(reader->head()->revision);
  ASSERT_EQ(ask("DELETE", "/api/v1/stacks/a").status, 204U);
  add_site("store-1");
  const std::string frames = watch(
      "/api/v1/stacks?watch=true", R"("kind":"Stack","name":"b")", {{"last-event-id", start}});
  EXPECT_TRUE(has(frames, "Deleted", "a"));
  EXPECT_TRUE(has(frames, "Modified", "b"));
  EXPECT_EQ(frames.find("Added"), std::string::npos);
}

TEST_F(WatchTest, OfSomeTellsWhatComesToThemAndWhatLeavesThem) {
  set_up();
  add_site("store-1", "store");
  add_site("mast-1", "mast");
  const auto relabel = [&](const std::string& name, const std::string& type) {
    EXPECT_EQ(put_yaml("/api/v1/sites/" + name,
                       "apiVersion: skerry/v1\nkind: Site\nmetadata: {name: " + name +
                           ", labels: {type: " + type + "}}\n")
                  .status,
              200U);
  };
  const Instant deadline = clock.now() + std::chrono::seconds(20);
  std::string frames;
  int told = 0;
  net::Client watching(client_options());
  const auto response = watching.stream(
      {.target = "/api/v1/sites?watch=true&selector=type%3Dstore",
       .headers = {{"authorization", "Bearer " + token}}},
      [&](std::string_view bytes) {
        frames += bytes;
        if (told == 0 && frames.find(R"("name":"store-1")") != std::string::npos) {
          told = 1;
          relabel("mast-1", "store");
          relabel("store-1", "mast");
        }
        return frames.find("Deleted") == std::string::npos && clock.now() < deadline;
      });
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_TRUE(has(frames, "Modified", "mast-1"));
  EXPECT_TRUE(has(frames, "Deleted", "store-1"));
  EXPECT_FALSE(has(frames, "Added", "mast-1"));
}

TEST_F(WatchTest, AWatchedListBeginsWithAllThereIs) {
  set_up();
  put("a", "1.0");
  put("b", "1.0");
  const std::string frames = watch("/api/v1/stacks?watch=true", R"("name":"b")");
  EXPECT_NE(frames.find(R"("type":"Added")"), std::string::npos);
  EXPECT_NE(frames.find(R"("name":"a")"), std::string::npos);
}

TEST_F(WatchTest, EndsWhereWhatItBeginsWithCannotBeRead) {
  set_up();
  put("a", "1.0");
  const std::string start = std::to_string(reader->head()->revision);
  store::Change change{.by = {.name = "user/ana", .method = "session"}};
  change.operations.emplace_back(
      store::PutObject{.kind = "Stack", .name = "bad", .body = "\xff\xff"});
  commit(std::move(change));
  EXPECT_TRUE(ends("/api/v1/stacks?watch=true")) << "a part of a list looks like the whole";
  EXPECT_TRUE(ends("/api/v1/watch?kinds=stacks", {{"last-event-id", start}}));
  EXPECT_TRUE(ends("/api/v1/stacks?watch=true", {{"last-event-id", start}}));
  // Neither is left among those who go on.
  add_site("store-1");
  const std::string others = watch("/api/v1/sites?watch=true", ": beat\n\n: beat\n\n");
  EXPECT_TRUE(has(others, "Added", "store-1"));
}

TEST_F(WatchTest, TellsAStackWhereItsCountsChangedAndOnlyThere) {
  set_up();
  const store::SiteNumber site = let_in("store-1", "store");
  const std::string release =
      put_yaml("/api/v1/stacks/hello", hello_stack).at("status.release.digest");
  std::string other = hello_stack;
  other.replace(other.find("name: hello"), 11, "name: other");
  other.replace(other.find("type: store"), 11, "type: mast");
  ASSERT_EQ(put_yaml("/api/v1/stacks/other", other).status, 201U);
  const document::PlanNumber number = tell(site);
  std::string frames;
  bool said = false;
  const Instant deadline = clock.now() + std::chrono::seconds(20);
  net::Client watching(client_options());
  const auto response = watching.stream(
      {.target = "/api/v1/stacks?watch=true", .headers = {{"authorization", "Bearer " + token}}},
      [&](std::string_view bytes) {
        frames += bytes;
        if (!said && frames.find(R"("name":"other")") != std::string::npos) {
          said = true;
          report_healthy(site, release, number);
        }
        return !has(frames, "Modified", "hello") && clock.now() < deadline;
      });
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_NE(frames.find(R"("matched":1,"current":1,"healthy":1)"), std::string::npos) << frames;
  EXPECT_FALSE(has(frames, "Modified", "other"));
}

TEST_F(WatchTest, TellsTheNewStatusOfASite) {
  set_up();
  const Uuid id = add_site("store-1");
  const store::SiteNumber number = reader->site_by_id(id).value()->number;
  std::string frames;
  bool told = false;
  net::Client watching(client_options());
  const auto response = watching.stream(
      {.target = "/api/v1/sites?watch=true", .headers = {{"authorization", "Bearer " + token}}},
      [&](std::string_view bytes) {
        frames += bytes;
        if (!told && frames.find("store-1") != std::string::npos) {
          told = true;
          store::Change change{.by = {.name = "site", .method = "identity"},
                               .lane = store::Change::Lane::status};
          change.operations.emplace_back(store::SetState{.state = {.site = number,
                                                                   .number = {.start = 1, .seq = 1},
                                                                   .health = 5,
                                                                   .seen_at = clock.wall()}});
          commit(std::move(change));
        }
        return frames.find(R"("state":"Failed")") == std::string::npos;
      });
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_NE(frames.find(R"("type":"Modified")"), std::string::npos);
}

TEST_F(WatchTest, WatchesOnlyWhatCanBeWatched) {
  set_up();
  EXPECT_EQ(ask("GET", "/api/v1/watch?kinds=users").status, 400U);
  EXPECT_EQ(ask("GET", "/api/v1/watch", "", {{"last-event-id", "x"}}).status, 400U);
}

}  // namespace
}  // namespace skerry::api
