#include "os/unix_http.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/codes.h"
#include "unit/os/loop_fixture.h"
#include "unit/os/unix_test_server.h"

namespace skerry::os {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using Connection = UnixTestServer::Connection;

struct HttpResponse {
  HttpHead head = {};
  std::string body = {};
};

/// Sends a request and collects the whole answer, whatever its status.
Result<HttpCall> collect(UnixHttpClient& client,
                         const HttpRequest& request,
                         HttpLimits limits,
                         std::function<void(Result<HttpResponse>)> done) {
  // Shared by the three callbacks of one exchange and nobody else.
  const auto response = std::make_shared<HttpResponse>();
  HttpCallbacks callbacks;
  callbacks.head = [response](const HttpHead& head) { response->head = head; };
  callbacks.bytes = [response](std::string_view bytes) { response->body.append(bytes); };
  callbacks.done = [response, done = std::move(done)](Status status) {
    if (status) {
      done(std::move(*response));
    } else {
      done(fail(std::move(status).error()));
    }
  };
  return client.stream(request, limits, std::move(callbacks));
}

class UnixHttp : public LoopTest {
 protected:
  /// Sends one request and waits for its end.
  Result<HttpResponse> fetch(UnixHttpClient& client,
                             const HttpRequest& request = {},
                             HttpLimits limits = {}) {
    std::optional<Result<HttpResponse>> answer;
    auto call = collect(
        client, request, limits, [&](Result<HttpResponse> result) { answer = std::move(result); });
    if (!call) {
      return fail(call.error());
    }
    EXPECT_FALSE(answer.has_value());
    EXPECT_TRUE(run_until([&] { return answer.has_value(); }));
    return std::move(*answer);
  }

  /// What a client makes of a server that answers any request with these bytes and hangs up.
  Result<HttpResponse> fetch_answer(const std::string& bytes, HttpLimits limits = {}) {
    const UnixTestServer server([bytes](const Connection& connection, int) {
      connection.read_head();
      connection.send(bytes);
    });
    UnixHttpClient client(loop(), server.path());
    return fetch(client, {}, limits);
  }
};

TEST_F(UnixHttp, SendsTheRequestAndCollectsTheAnswer) {
  std::string head;
  std::string body;
  const UnixTestServer server([&](const Connection& connection, int) {
    head = connection.read_head();
    body = connection.read_to("}");
    connection.send("HTTP/1.1 201 Created\r\nContent-Length: 2\r\nX-Id: 7\r\n\r\nok");
    connection.wait_for_hang_up();
  });
  UnixHttpClient client(loop(), server.path());
  const auto answer = fetch(client,
                            {.method = "POST",
                             .target = "/containers/create?name=a",
                             .headers = {{"Content-Type", "application/json"}},
                             .body = "{}"});
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->head.status, 201U);
  EXPECT_EQ(answer->body, "ok");
  ASSERT_NE(answer->head.find("x-id"), nullptr);
  EXPECT_EQ(*answer->head.find("x-id"), "7");
  EXPECT_EQ(answer->head.find("missing"), nullptr);
  EXPECT_EQ(head,
            "POST /containers/create?name=a HTTP/1.1\r\nHost: localhost\r\n"
            "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(body, "{}");
}

TEST_F(UnixHttp, KeepsOneConnectionForRequestsInARow) {
  const UnixTestServer server([](const Connection& connection, int) {
    while (!connection.read_head().empty()) {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    }
  });
  UnixHttpClient client(loop(), server.path());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(fetch(client).has_value());
  }
  EXPECT_EQ(client.idle_connections(), 1U);
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(UnixHttp, KeepsNoMoreConnectionsThanItsBound) {
  const UnixTestServer server([](const Connection& connection, int) {
    connection.read_head();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    connection.wait_for_hang_up();
  });
  UnixHttpClient client(loop(), server.path(), {.idle_max = 1, .calls_max = 4});
  int done = 0;
  std::vector<HttpCall> calls;
  for (int i = 0; i < 4; ++i) {
    calls.push_back(*collect(client, {}, {}, [&](const Result<HttpResponse>& answer) {
      EXPECT_TRUE(answer.has_value());
      ++done;
    }));
  }
  ASSERT_TRUE(run_until([&] { return done == 4; }));
  EXPECT_EQ(client.idle_connections(), 1U);
}

TEST_F(UnixHttp, DropsAKeptConnectionThatTheServerCloses) {
  const UnixTestServer server([](const Connection& connection, int) {
    connection.read_head();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  UnixHttpClient client(loop(), server.path());
  ASSERT_TRUE(fetch(client).has_value());
  EXPECT_TRUE(run_until([&] { return client.idle_connections() == 0; }));
  EXPECT_TRUE(fetch(client).has_value());
}

TEST_F(UnixHttp, RepeatsAGetOnceWhenAKeptConnectionTurnsOutDead) {
  const UnixTestServer server([](const Connection& connection, int number) {
    connection.read_head();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + std::to_string(number));
    if (number == 0) {
      connection.read_head();  // The second request is read and not answered.
    }
  });
  UnixHttpClient client(loop(), server.path());
  ASSERT_EQ(fetch(client)->body, "0");
  const auto second = fetch(client);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->body, "1");
}

TEST_F(UnixHttp, NeverRepeatsAPostThatMayHaveHadItsEffect) {
  const UnixTestServer server([](const Connection& connection, int) {
    connection.read_head();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    connection.read_head();
  });
  UnixHttpClient client(loop(), server.path());
  ASSERT_TRUE(fetch(client, {.method = "POST"}).has_value());
  const auto second = fetch(client, {.method = "POST"});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, connection_lost);
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(UnixHttp, ReadsAChunkedBodyWithItsFramingTakenOff) {
  const auto answer = fetch_answer(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->body, "abcde");
}

TEST_F(UnixHttp, ReadsABodyThatEndsWithTheConnection) {
  const auto answer = fetch_answer("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->body, "all of it");
}

TEST_F(UnixHttp, SkipsAnInterimAnswer) {
  const auto answer =
      fetch_answer("HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->head.status, 204U);
  EXPECT_EQ(answer->head.find("X"), nullptr);
}

TEST_F(UnixHttp, HandsOnEventsAsTheyCome) {
  const UnixTestServer server([](const Connection& connection, int) {
    connection.read_head();
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    connection.send("4\r\none\n\r\n");
    connection.wait_for_hang_up();
  });
  UnixHttpClient client(loop(), server.path());
  unsigned status = 0;
  std::string seen;
  bool ended = false;
  auto call = client.stream({.target = "/events"},
                            endless(),
                            {.head = [&](const HttpHead& head) { status = head.status; },
                             .bytes = [&](std::string_view bytes) { seen += bytes; },
                             .done = [&](const Status&) { ended = true; }});
  ASSERT_TRUE(call.has_value());
  ASSERT_TRUE(run_until([&] { return seen == "one\n"; }));
  EXPECT_EQ(status, 200U);
  EXPECT_TRUE(call->pending());
  call->cancel();
  loop().run_once(milliseconds(10));
  EXPECT_FALSE(ended);
}

TEST_F(UnixHttp, MayBeCancelledInsideAnyOfItsCallbacks) {
  const UnixTestServer server([](const Connection& connection, int) {
    connection.read_head();
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n");
    connection.wait_for_hang_up();
  });
  UnixHttpClient client(loop(), server.path());
  HttpCall in_head;
  HttpCall in_bytes;
  int heads = 0;
  std::string bytes_seen;
  const auto nothing = [](const Status&) { FAIL() << "cancelled calls end silently"; };
  in_head = *client.stream({},
                           {},
                           {.head =
                                [&](const HttpHead&) {
                                  ++heads;
                                  in_head = HttpCall();
                                },
                            .bytes = [](std::string_view) { FAIL(); },
                            .done = nothing});
  in_bytes = *client.stream({},
                            {},
                            {.head = [](const HttpHead&) {},
                             .bytes =
                                 [&](std::string_view bytes) {
                                   bytes_seen += bytes;
                                   in_bytes = HttpCall();
                                 },
                             .done = nothing});
  ASSERT_TRUE(run_until([&] { return heads == 1 && !bytes_seen.empty(); }));
  loop().run_once(milliseconds(10));
  EXPECT_EQ(bytes_seen, "a");
}

TEST_F(UnixHttp, MayStartTheNextCallFromTheEndOfTheLast) {
  const UnixTestServer server([](const Connection& connection, int) {
    while (!connection.read_head().empty()) {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  });
  UnixHttpClient client(loop(), server.path());
  int done = 0;
  HttpCall call;
  std::function<void(Result<HttpResponse>)> next = [&](Result<HttpResponse> answer) {
    EXPECT_TRUE(answer.has_value());
    if (++done < 3) {
      call = *collect(client, {}, {}, next);
    }
  };
  call = *collect(client, {}, {}, next);
  EXPECT_TRUE(run_until([&] { return done == 3; }));
}

TEST_F(UnixHttp, ReportsABodyCutOffInTheMiddle) {
  EXPECT_EQ(fetch_answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").error().code,
            connection_lost);
  EXPECT_EQ(
      fetch_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab").error().code,
      connection_lost);
  EXPECT_EQ(fetch_answer("HTTP/1.1 20").error().code, connection_lost);
  EXPECT_EQ(fetch_answer("").error().message, "the server hung up before it answered");
}

TEST_F(UnixHttp, RefusesWhatIsNotHttp) {
  EXPECT_EQ(
      fetch_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n").error().code,
      protocol_violation);
  EXPECT_EQ(fetch_answer("SSH-2.0-OpenSSH_9.2\r\n").error().code, protocol_violation);
  EXPECT_EQ(fetch_answer("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                         "Upgrade: tcp\r\n\r\nraw")
                .error()
                .code,
            protocol_violation);
  EXPECT_EQ(fetch_answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
                .error()
                .code,
            protocol_violation);
}

TEST_F(UnixHttp, RefusesAHugeHead) {
  EXPECT_EQ(
      fetch_answer("HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n").error().code,
      too_large);
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 200; ++i) {
    many += "X: y\r\n";
  }
  EXPECT_EQ(fetch_answer(many + "\r\n").error().code, too_large);
}

TEST_F(UnixHttp, EndsABodyThatIsLargerThanItsCap) {
  const HttpLimits limits{.body_size_max = 10};
  EXPECT_TRUE(
      fetch_answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", limits).has_value());
  EXPECT_EQ(
      fetch_answer("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789a", limits).error().code,
      too_large);
}

TEST_F(UnixHttp, GivesUpOnAServerThatNeverAnswers) {
  const UnixTestServer server(
      [](const Connection& connection, int) { connection.wait_for_hang_up(); });
  UnixHttpClient client(loop(), server.path());
  const auto answer = fetch(client, {}, {.first_byte = milliseconds(30)});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, timed_out);
  EXPECT_EQ(answer.error().message, "no answer came in time");
  EXPECT_EQ(client.idle_connections(), 0U);
}

TEST_F(UnixHttp, GivesUpOnAServerThatStopsInTheBody) {
  const UnixTestServer server([](const Connection& connection, int) {
    connection.read_head();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nha");
    connection.wait_for_hang_up();
  });
  UnixHttpClient client(loop(), server.path());
  EXPECT_EQ(fetch(client, {}, {.silence = milliseconds(30)}).error().code, timed_out);
  EXPECT_EQ(fetch(client, {}, {.total = milliseconds(30)}).error().message,
            "the answer was not complete in time");
}

TEST_F(UnixHttp, SendsABodyLargerThanTheSocketHolds) {
  const std::size_t size = std::size_t{4} * 1024 * 1024;
  std::size_t received = 0;
  const UnixTestServer server([&](const Connection& connection, int) {
    connection.read_head();
    received = connection.read_size(size);
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  UnixHttpClient client(loop(), server.path());
  const auto answer = fetch(client, {.method = "POST", .body = std::string(size, 'x')});
  ASSERT_TRUE(answer.has_value()) << to_string(answer.error());
  EXPECT_EQ(received, size);
}

TEST_F(UnixHttp, TakesAnAnswerThatCameBeforeTheBodyWasRead) {
  const UnixTestServer server([](const Connection& connection, int) {
    connection.read_head();
    connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    connection.wait_for_hang_up();
  });
  UnixHttpClient client(loop(), server.path());
  const auto answer =
      fetch(client, {.method = "POST", .body = std::string(std::size_t{8} * 1024 * 1024, 'x')});
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->head.status, 413U);
  EXPECT_EQ(client.idle_connections(), 0U);
}

TEST_F(UnixHttp, SaysThatNobodyListens) {
  const TemporaryDirectory directory;
  UnixHttpClient client(loop(), directory.path() + "/missing.sock");
  const auto answer = fetch(client);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, connect_failed);
  EXPECT_EQ(answer.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(answer.error().field_path, HasSubstr("missing.sock"));
}

TEST_F(UnixHttp, RefusesARequestThatHoldsAnother) {
  UnixHttpClient client(loop(), "/nowhere");
  EXPECT_FALSE(collect(client, {.target = "/a\r\nX: y"}, {}, [](const auto&) {}).has_value());
  EXPECT_FALSE(collect(client, {.target = "/a b"}, {}, [](const auto&) {}).has_value());
  EXPECT_FALSE(
      collect(client, {.headers = {{"X", "y\r\nZ: 1"}}}, {}, [](const auto&) {}).has_value());
  EXPECT_FALSE(collect(client, {.headers = {{"X: y", "z"}}}, {}, [](const auto&) {}).has_value());
}

TEST_F(UnixHttp, RefusesMoreCallsThanItsBound) {
  UnixHttpClient client(loop(), "/nowhere", {.idle_max = 1, .calls_max = 1});
  auto first = collect(client, {}, {}, [](const auto&) {});
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(collect(client, {}, {}, [](const auto&) {}).error().code, queue_full);
  first->cancel();
  EXPECT_TRUE(collect(client, {}, {}, [](const auto&) {}).has_value());
}

}  // namespace
}  // namespace skerry::os
