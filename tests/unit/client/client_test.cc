#include "client/client.h"

#include <deque>

#include <gtest/gtest.h>

#include "client/codes.h"
#include "client/event_stream.h"
#include "client/https_transport.h"
#include "client/query.h"
#include "skerry/api/v1/stack.pb.h"

namespace skerry::client {
namespace {

class FakeTransport final : public Transport {
 public:
  std::deque<Reply> replies;
  std::vector<Request> asked;

  Result<Reply> send(const Request& request) override {
    asked.push_back(request);
    if (replies.empty()) {
      return fail({.kind = ErrorKind::internal, .message = "a request too many"});
    }
    Reply reply = replies.front();
    replies.pop_front();
    return reply;
  }

  /// Hands over a body three bytes at a time.
  Result<Reply> stream(const Request& request, const Take& take) override {
    SKERRY_TRY(Reply reply, send(request));
    for (std::size_t at = 0; reply.status == 200 && at < reply.body.size(); at += 3) {
      if (!take(std::string_view(reply.body).substr(at, 3))) {
        break;
      }
    }
    return reply;
  }
};

const resource::Kind& stack_kind() {
  return *resource::kind_named("Stack");
}

class ClientTest : public testing::Test {
 protected:
  void answer(unsigned status, std::string body) {
    transport_.replies.push_back({.status = status, .body = std::move(body)});
  }

  FakeTransport transport_;
  Client client_{transport_, Secret("t")};
};

TEST_F(ClientTest, FollowsEveryPageOfAList) {
  answer(200, R"({"items":[{"metadata":{"name":"a"}}],"page":{"next":"c1"}})");
  answer(200, R"({"items":[{"metadata":{"name":"b"}}],"page":{"next":""}})");
  const auto stacks = client_.list(stack_kind(), {.selector = "a=b"});
  ASSERT_TRUE(stacks) << stacks.error().message;
  ASSERT_EQ(stacks->size(), 2U);
  EXPECT_EQ((*stacks)[1].as<api::v1::Stack>().metadata().name(), "b");
  EXPECT_NE(transport_.asked[0].target.find("selector=a%3Db"), std::string::npos);
  EXPECT_NE(transport_.asked[1].target.find("cursor=c1"), std::string::npos);
}

TEST_F(ClientTest, KeepsTheFieldsOfANewerServer) {
  answer(200, R"({"metadata":{"name":"a"},"novelty":42})");
  const auto stack = client_.get(stack_kind(), "a");
  ASSERT_TRUE(stack) << stack.error().message;
  ASSERT_NE(stack->node.get("novelty"), nullptr);
}

TEST_F(ClientTest, SendsWhatIsAppliedAsItIs) {
  answer(201, R"({"metadata":{"name":"a"}})");
  const std::string bytes = "# a note\nkind:   Stack\n";
  const auto applied = client_.apply(stack_kind(), "a", bytes, {});
  ASSERT_TRUE(applied);
  EXPECT_EQ(applied->outcome, Applied::Outcome::created);
  EXPECT_EQ(transport_.asked[0].body, bytes);
}

TEST_F(ClientTest, RemembersWhatTheServerSaidAsItRefused) {
  answer(422,
         R"({"status":422,"code":"invalid","detail":"no","fields":[
             {"path":"spec.compose","line":7,"column":3,"message":"unknown key"}]})");
  const auto applied = client_.apply(stack_kind(), "a", "x", {});
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().kind, ErrorKind::invalid);
  ASSERT_TRUE(client_.refusal());
  ASSERT_EQ(client_.refusal()->fields.size(), 1U);
  EXPECT_EQ(client_.refusal()->fields[0].at.line, 7U);
}

TEST_F(ClientTest, ForgetsARefusalWithTheNextAnswer) {
  answer(404, "{}");
  answer(200, R"({"metadata":{"name":"a"}})");
  EXPECT_FALSE(client_.get(stack_kind(), "a"));
  EXPECT_TRUE(client_.get(stack_kind(), "a"));
  EXPECT_FALSE(client_.refusal());
}

TEST_F(ClientTest, WatchReadsChangesHoweverTheyAreCut) {
  answer(200,
         ": beat\n\nid: 1\ndata: {\"type\":\"Added\",\"name\":\"a\","
         "\"stack\":{\"metadata\":{\"name\":\"a\"}}}\n\n"
         "data: {\"type\":\"Deleted\",\"name\":\"a\"}\n\n");
  std::vector<Change::Type> types;
  const Status watched = client_.watch(stack_kind(), {}, "", [&](const Change& change) {
    types.push_back(change.type);
    return true;
  });
  ASSERT_TRUE(watched) << watched.error().message;
  EXPECT_EQ(types, (std::vector{Change::Type::added, Change::Type::deleted}));
}

TEST_F(ClientTest, WatchEndsWhenTheCallerHasSeenEnough) {
  answer(200,
         "data: {\"type\":\"Deleted\",\"name\":\"a\"}\n\n"
         "data: {\"type\":\"Deleted\",\"name\":\"b\"}\n\n");
  int seen = 0;
  ASSERT_TRUE(client_.watch(stack_kind(), {}, "", [&](const Change&) { return ++seen < 1; }));
  EXPECT_EQ(seen, 1);
}

TEST_F(ClientTest, AnAnswerThatIsNoJsonIsTheServersFault) {
  answer(200, "<html>");
  const auto stack = client_.get(stack_kind(), "a");
  ASSERT_FALSE(stack);
  EXPECT_EQ(stack.error().code, bad_answer);
}

TEST(Escape, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(escape("a-b_c.d~e/f g%é"), "a-b_c.d~e%2Ff%20g%25%C3%A9");
}

TEST(EventStream, JoinsTheLinesOfOneEvent) {
  EventStreamReader reader;
  std::string data;
  const auto fed = reader.feed("data: one\r\ndata: two\r\nid: 7\r\n\r\n", [&](const auto& event) {
    data = event.data;
    return true;
  });
  ASSERT_TRUE(fed);
  EXPECT_EQ(data, "one\ntwo");
  EXPECT_EQ(reader.last_id(), "7");
}

TEST(EventStream, RefusesAnEventWithoutEnd) {
  EventStreamReader reader;
  const std::string block(1024 * 1024, 'x');
  const auto take = [](const StreamEvent&) { return true; };
  Result<bool> fed = true;
  for (int i = 0; i < 5 && fed; ++i) {
    fed = reader.feed(block, take);
  }
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, bad_answer);
}

TEST(ConnectHttps, TakesHostsWithAndWithoutPort) {
  EXPECT_TRUE(connect_https("https://edge.example", {}));
  EXPECT_TRUE(connect_https("https://edge.example:8443/", {}));
  EXPECT_TRUE(connect_https("https://[::1]:8443", {}));
}

TEST(ConnectHttps, RefusesWhatIsNoServerAddress) {
  EXPECT_FALSE(connect_https("http://edge.example:8443", {}));
  EXPECT_FALSE(connect_https("https://edge.example/path", {}));
  EXPECT_FALSE(connect_https("https://user@edge.example", {}));
}

}  // namespace
}  // namespace skerry::client
