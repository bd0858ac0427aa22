#include "net/server.h"

#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "net/client.h"
#include "net/codes.h"
#include "os/codes.h"
#include "os/system_clock.h"
#include "unit/net/tls_client.h"
#include "unit/os/tls_peer.h"

namespace skerry::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Digest pin_of(const KeyPair& key) {
  Digest digest;
  EVP_Digest(key.public_key.bytes.data(),
             key.public_key.bytes.size(),
             digest.bytes.data(),
             nullptr,
             EVP_sha256(),
             nullptr);
  return digest;
}

class ServerTest : public ::testing::Test {
 protected:
  void start(Handler handler, ServerOptions options = {}) {
    options.listen = os::SocketAddress{.ip = {127, 0, 0, 1}};
    server = Server::start(key, options, std::move(handler), log).value();
  }

  [[nodiscard]] std::uint16_t port() const { return server->address()->port; }

  [[nodiscard]] ClientOptions options() const {
    return {.server = {.host = "127.0.0.1", .port = port()}, .server_key = pin_of(key)};
  }

  os::SystemClock clock;
  Log log{clock, [](LogLevel, std::string_view) {}};
  KeyPair key = os::make_test_key();
  std::unique_ptr<Server> server;
};

/// Answers with what was asked.
void echo(const std::shared_ptr<Exchange>& exchange) {
  exchange->read_body(1000, [exchange](const std::string& body) {
    exchange->reply({.body = exchange->head().method + " " + exchange->head().path + " " + body});
  });
}

TEST_F(ServerTest, AnswersRequestsOnOneConnection) {
  start(echo);
  Client client(options());
  EXPECT_EQ(client.send({.target = "/a"})->body, "GET /a ");
  EXPECT_EQ(client.send({.method = "PUT", .target = "/b", .body = "text"})->body, "PUT /b text");
  EXPECT_EQ(client.send({.target = "/c?d=e"})->body, "GET /c ");
  EXPECT_EQ(server->statistics().accepted, 1U);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInTheirOrder) {
  start(echo);
  TlsClient client(port());
  ASSERT_TRUE(
      client.send("GET /1 HTTP/1.1\r\nhost: x\r\n\r\nPOST /2 HTTP/1.1\r\nhost: x\r\n"
                  "content-length: 2\r\n\r\nokGET /3 HTTP/1.1\r\nhost: x\r\n"
                  "connection: close\r\n\r\n"));
  const std::string all = client.receive();
  const std::size_t first = all.find("GET /1 ");
  const std::size_t second = all.find("POST /2 ok");
  const std::size_t third = all.find("GET /3 ");
  ASSERT_NE(third, std::string::npos) << all;
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, SendsSecurityHeadersWithEveryAnswer) {
  start(echo);
  Client client(options());
  const Response good = client.send({.target = "/a"}).value();
  EXPECT_EQ(*find_header(good.headers, "x-content-type-options"), "nosniff");
  EXPECT_EQ(*find_header(good.headers, "cache-control"), "no-store");
  ASSERT_NE(find_header(good.headers, "content-security-policy"), nullptr);
  const Response bad = client.send({.method = "PUT", .body = std::string(2000, 'x')}).value();
  EXPECT_EQ(bad.status, 413U);
  EXPECT_EQ(*find_header(bad.headers, "x-content-type-options"), "nosniff");
}

TEST_F(ServerTest, DatesEveryAnswer) {
  start(echo);
  Client client(options());
  const WallTime before = clock.wall() - seconds(1);
  const Response good = client.send({.target = "/a"}).value();
  const Response bad = client.send({.method = "PUT", .body = std::string(2000, 'x')}).value();
  std::set<std::string> possible;
  for (WallTime time = before; time <= clock.wall() + seconds(1); time += seconds(1)) {
    possible.insert(http_date(time));
  }
  EXPECT_TRUE(possible.contains(*find_header(good.headers, "date")));
  EXPECT_TRUE(possible.contains(*find_header(bad.headers, "date")));
}

TEST(HttpDate, IsWrittenAsTheStandardDoes) {
  EXPECT_EQ(http_date(WallTime(seconds(784111777))), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(WallTime(seconds(951782399))), "Mon, 28 Feb 2000 23:59:59 GMT");
  EXPECT_EQ(http_date(WallTime(seconds(951782400))), "Tue, 29 Feb 2000 00:00:00 GMT");
}

TEST_F(ServerTest, RefusesAServerWithAnotherKey) {
  start(echo);
  ClientOptions wrong = options();
  wrong.server_key.bytes[0] ^= 1U;
  Client client(wrong);
  const Result<Response> response = client.send({});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, server_key_differs);
}

TEST_F(ServerTest, SpeaksNoOtherProtocolAndNoOldTls) {
  start(echo);
  EXPECT_FALSE(TlsClient(port(), "\x02h2").is_open());
  EXPECT_FALSE(TlsClient(port(), "\x08http/1.1", TLS1_2_VERSION).is_open());
  EXPECT_TRUE(TlsClient(port()).is_open());
}

TEST_F(ServerTest, ClosesAfterARequestThatIsAmbiguous) {
  start(echo);
  TlsClient client(port());
  ASSERT_TRUE(
      client.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n"
                  "transfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n"
                  "host: x\r\n\r\n"));
  const std::string all = client.receive();
  EXPECT_TRUE(all.starts_with("HTTP/1.1 400 ")) << all;
  EXPECT_NE(all.find("application/problem+json"), std::string::npos);
  EXPECT_EQ(all.find("smuggled"), std::string::npos);
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, ReadsNoBodyThatNobodyAskedFor) {
  start([](const std::shared_ptr<Exchange>& exchange) { exchange->reply({.status = 401}); });
  TlsClient client(port());
  ASSERT_TRUE(client.send("PUT /a HTTP/1.1\r\nhost: x\r\ncontent-length: 500000\r\n\r\nabc"));
  const std::string all = client.receive();
  EXPECT_TRUE(all.starts_with("HTTP/1.1 401 ")) << all;
  EXPECT_NE(all.find("connection: close"), std::string::npos);
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, AsksForABodyThatWaitsForIt) {
  start(echo);
  TlsClient client(port());
  ASSERT_TRUE(
      client.send("PUT /a HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n"
                  "content-length: 2\r\n\r\n"));
  EXPECT_EQ(client.receive("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(client.send("ok"));
  EXPECT_NE(client.receive("PUT /a ok").find("200 OK"), std::string::npos);
}

TEST_F(ServerTest, CutsAHeadThatTrickles) {
  start(echo, {.limits = {.head = milliseconds(200)}});
  TlsClient client(port());
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\n"));
  EXPECT_TRUE(client.receive().starts_with("HTTP/1.1 408 "));
  TlsClient silent(port());
  EXPECT_EQ(silent.receive(), "");
  EXPECT_TRUE(silent.closed());
}

TEST_F(ServerTest, CutsABodyThatTrickles) {
  start(echo, {.limits = {.body = milliseconds(200)}});
  TlsClient client(port());
  ASSERT_TRUE(client.send("PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc"));
  EXPECT_TRUE(client.receive().starts_with("HTTP/1.1 408 "));
}

TEST_F(ServerTest, AnswersForAHandlerThatDoesNot) {
  std::shared_ptr<Exchange> kept;
  start(
      [&](std::shared_ptr<Exchange> exchange) {
        if (exchange->head().path == "/kept") {
          kept = std::move(exchange);
        }
      },
      {.limits = {.answer = milliseconds(200)}});
  Client client(options());
  EXPECT_EQ(client.send({.target = "/dropped"})->status, 500U);
  EXPECT_EQ(client.send({.target = "/kept"})->status, 503U);
  server->stop();
  kept->reply({});  // Too late, and harmless.
}

TEST_F(ServerTest, LetsASlowPeerTakeItsTime) {
  constexpr std::size_t size = 14'000'000;
  const auto answer = [](const std::shared_ptr<Exchange>& exchange) {
    exchange->reply({.body = std::string(size, 'x')});
  };
  start(answer, {.limits = {.idle = milliseconds(600), .stall = milliseconds(600)}});
  TlsClient client(port());
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n"));
  std::size_t taken = 0;
  // Some in every stall's time, but all of it only in several.
  for (auto next = clock.now(); taken < size;) {
    const std::size_t some = client.receive_bytes(1'000'000).size();
    ASSERT_NE(some, 0U) << "cut after " << taken;
    taken += some;
    for (next += milliseconds(200); clock.now() < next;) {
      std::this_thread::yield();
    }
  }
}

TEST_F(ServerTest, CutsAPeerThatTakesNothing) {
  start(
      [](const std::shared_ptr<Exchange>& exchange) {
        exchange->reply({.body = std::string(14'000'000, 'x')});
      },
      {.limits = {.stall = milliseconds(100)}});
  TlsClient client(port());
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n"));
  client.receive_bytes(1);
  const auto end = clock.now() + seconds(10);
  while (server->statistics().open != 0 && clock.now() < end) {
    std::this_thread::yield();
  }
  EXPECT_EQ(server->statistics().open, 0U);
}

TEST_F(ServerTest, StreamsFromAnotherThreadUntilItsEnd) {
  std::thread teller;
  start([&](const std::shared_ptr<Exchange>& exchange) {
    teller = std::thread([exchange] {
      exchange->begin_stream({.headers = {{"content-type", "text/event-stream"}}});
      for (int i = 0; i < 100; ++i) {
        exchange->send("data: " + std::to_string(i) + "\n\n");
      }
      exchange->end();
    });
  });
  Client client(options());
  std::string all;
  const Result<Response> response = client.stream({}, [&](std::string_view bytes) {
    all += bytes;
    return true;
  });
  ASSERT_TRUE(response) << response.error().message;
  teller.join();
  EXPECT_TRUE(all.starts_with("data: 0\n\n"));
  EXPECT_TRUE(all.ends_with("data: 99\n\n"));
}

TEST_F(ServerTest, AnswersHeadOfAStreamWithItsHeadAlone) {
  std::shared_ptr<Exchange> kept;
  start([&](const std::shared_ptr<Exchange>& exchange) {
    kept = exchange;
    exchange->begin_stream({.headers = {{"content-type", "text/event-stream"}}, .body = "hello"});
    exchange->send("more");
  });
  TlsClient client(port());
  ASSERT_TRUE(client.send("HEAD /watch HTTP/1.1\r\nhost: x\r\n\r\n"));
  const std::string all = client.receive();
  EXPECT_NE(all.find("content-type: text/event-stream\r\n"), std::string::npos) << all;
  EXPECT_TRUE(all.ends_with("\r\n\r\n")) << all;
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(kept->gone());
}

TEST_F(ServerTest, TellsTheTellerOfAStreamThatThePeerIsGone) {
  std::shared_ptr<Exchange> kept;
  std::mutex mutex;
  std::condition_variable changed;
  start([&](std::shared_ptr<Exchange> exchange) {
    exchange->begin_stream({.body = "hello"});
    const std::lock_guard lock(mutex);
    kept = std::move(exchange);
    changed.notify_all();
  });
  {
    Client client(options());
    EXPECT_TRUE(client.stream({}, [](std::string_view) { return false; }));
  }
  std::unique_lock lock(mutex);
  ASSERT_TRUE(changed.wait_for(lock, seconds(10), [&] { return kept != nullptr; }));
  const auto end = std::chrono::steady_clock::now() + seconds(10);
  while (!kept->gone() && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(kept->gone());
}

TEST_F(ServerTest, TurnsAwayMoreThanItsShareOfConnections) {
  start(echo, {.connections_per_address_max = 2});
  Client first(options());
  Client second(options());
  Client third(options());
  EXPECT_TRUE(first.send({}));
  EXPECT_TRUE(second.send({}));
  EXPECT_FALSE(third.send({}));
  EXPECT_TRUE(first.send({}));
  EXPECT_EQ(server->statistics().refused, 1U);
}

TEST_F(ServerTest, ServesConnectionsThatOthersAccepted) {
  start(echo);
  os::TcpPair pair = os::make_tcp_pair();
  server->adopt(std::move(pair.server));
  const os::SslContext context(SSL_CTX_new(TLS_client_method()));
  const os::SslSession session(SSL_new(context.get()));
  SSL_set_fd(session.get(), pair.client.get());
  EXPECT_EQ(SSL_connect(session.get()), 1);
}

TEST_F(ServerTest, LetsWhatIsUnderWayBeAnsweredBeforeItStops) {
  std::mutex mutex;
  std::condition_variable changed;
  std::shared_ptr<Exchange> kept;
  start([&](std::shared_ptr<Exchange> exchange) {
    const std::lock_guard lock(mutex);
    kept = std::move(exchange);
    changed.notify_all();
  });
  Result<Response> response = fail({});
  std::thread asker([&] { response = Client(options()).send({}); });
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, seconds(10), [&] { return kept != nullptr; }));
  }
  std::thread stopper([&] { server->stop(); });
  std::exchange(kept, nullptr)->reply({.body = "done"});
  asker.join();
  stopper.join();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "done");
}

TEST_F(ServerTest, SaysThatNobodyIsThere) {
  start(echo);
  Client client(options());
  server->stop();
  server.reset();
  const Result<Response> response = client.send({});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, unreachable);
}

}  // namespace
}  // namespace skerry::net
