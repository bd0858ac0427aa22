#include <optional>
#include <set>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "os/codes.h"
#include "os/dialer.h"
#include "os/hello_peek.h"
#include "os/resolver.h"
#include "os/tcp_listener.h"
#include "os/tcp_socket.h"
#include "os/tls.h"
#include "unit/os/loop_fixture.h"
#include "unit/os/tls_peer.h"

namespace skerry::os {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

SocketAddress loopback(std::uint16_t port) {
  return *parse_ip("127.0.0.1", port);
}

TEST(SocketAddress, ReadsAndWritesBothFamilies) {
  EXPECT_EQ(to_string(*parse_ip("192.0.2.1", 443)), "192.0.2.1:443");
  EXPECT_EQ(to_string(*parse_ip("2001:db8::1", 443)), "[2001:db8::1]:443");
  EXPECT_FALSE(parse_ip("hub.example", 443).has_value());
}

TEST(Endpoint, ReadsEveryFormAnAddressIsWrittenIn) {
  EXPECT_EQ(*parse_endpoint("hub.example", 443), (Endpoint{"hub.example", 443}));
  EXPECT_EQ(*parse_endpoint("hub.example:8443", 443), (Endpoint{"hub.example", 8443}));
  EXPECT_EQ(*parse_endpoint("192.0.2.1:1", 443), (Endpoint{"192.0.2.1", 1}));
  EXPECT_EQ(*parse_endpoint("[::1]:65535", 443), (Endpoint{"::1", 65535}));
  EXPECT_EQ(*parse_endpoint("[::1]", 443), (Endpoint{"::1", 443}));
  EXPECT_EQ(*parse_endpoint("2001:db8::1", 443), (Endpoint{"2001:db8::1", 443}));
}

TEST(Endpoint, RefusesWhatIsNone) {
  for (const char* text : {"",
                           ":443",
                           "hub:",
                           "hub:0",
                           "hub:65536",
                           "hub:x",
                           "[::1",
                           "[hub]:1",
                           "[::1]443",
                           "a:b:c",
                           "https://hub",
                           "hub/path",
                           "a b"}) {
    const auto endpoint = parse_endpoint(text, 443);
    ASSERT_FALSE(endpoint.has_value()) << text;
    EXPECT_EQ(endpoint.error().code, address_invalid) << text;
  }
}

TEST(Interleaved, TakesTheFamiliesByTurns) {
  const SocketAddress a = *parse_ip("192.0.2.1", 1);
  const SocketAddress b = *parse_ip("192.0.2.2", 1);
  const SocketAddress c = *parse_ip("192.0.2.3", 1);
  const SocketAddress six = *parse_ip("2001:db8::1", 1);
  EXPECT_THAT(interleaved({a, b, six, c}), ElementsAre(six, a, b, c));
}

class Tcp : public LoopTest {
 protected:
  using Addresses = Result<std::vector<SocketAddress>>;

  Addresses look_up(const std::string& host, const LookupOptions& options = {}) {
    std::optional<Addresses> result;
    std::unique_ptr<Lookup> lookup =
        Lookup::start(loop(), {host, 443}, options, [&](Addresses addresses) {
          result = std::move(addresses);
          lookup.reset();
        });
    EXPECT_FALSE(result.has_value());
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return *result;
  }

  Result<Descriptor> dial(const Endpoint& endpoint, const DialOptions& options = {}) {
    std::optional<Result<Descriptor>> result;
    std::unique_ptr<Dial> pending =
        Dial::start(loop(), endpoint, options, [&](Result<Descriptor> socket) {
          result = std::move(socket);
          pending.reset();
        });
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return std::move(*result);
  }

  std::unique_ptr<TcpListener> listen(const SocketAddress& address) {
    auto made = TcpListener::create(loop(), address, [this](Descriptor socket, const auto& peer) {
      peers_.push_back(peer);
      accepted_.push_back(std::move(socket));
    });
    EXPECT_TRUE(made.has_value());
    return std::move(*made);
  }

  std::vector<Descriptor> accepted_;
  std::vector<SocketAddress> peers_;
};

TEST_F(Tcp, NeedsNoNameServerForAnAddress) {
  LookupOptions nobody;
  nobody.servers = "127.0.0.1:1";
  EXPECT_THAT(*look_up("192.0.2.7", nobody), ElementsAre(*parse_ip("192.0.2.7", 443)));
  EXPECT_THAT(*look_up("::1", nobody), ElementsAre(*parse_ip("::1", 443)));
}

TEST_F(Tcp, FindsLocalhostInTheHostsFile) {
  LookupOptions nobody;
  nobody.servers = "127.0.0.1:1";
  const auto found = look_up("localhost", nobody);
  ASSERT_TRUE(found.has_value()) << to_string(found.error());
  EXPECT_THAT(*found, testing::Contains(loopback(443)));
}

/// A name server in a thread that answers every A question with these addresses, or not at all.
class NameServer {
 public:
  enum class Answer : std::uint8_t { two_addresses, no_such_name, nothing };

  explicit NameServer(Answer answer) : answer_(answer), socket_(::socket(AF_INET, SOCK_DGRAM, 0)) {
    socklen_t size = 0;
    const sockaddr_storage any = to_kernel(loopback(0), size);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&any), size), 0);
    sockaddr_storage bound{};
    size = sizeof bound;
    EXPECT_EQ(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&bound), &size), 0);
    address_ = *from_kernel(reinterpret_cast<const sockaddr*>(&bound));
    thread_ = std::thread([this] { serve(); });
  }

  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

  ~NameServer() {
    socklen_t size = 0;
    const sockaddr_storage self = to_kernel(address_, size);
    // An empty question is the sign to stop.
    ::sendto(socket_.get(), "", 0, 0, reinterpret_cast<const sockaddr*>(&self), size);
    thread_.join();
  }

  [[nodiscard]] std::string servers() const { return to_string(address_); }

 private:
  void serve() {
    std::array<char, 512> buffer{};
    sockaddr_storage from{};
    while (true) {
      socklen_t size = sizeof from;
      auto* sender = reinterpret_cast<sockaddr*>(&from);
      const ssize_t count =
          ::recvfrom(socket_.get(), buffer.data(), buffer.size(), 0, sender, &size);
      if (count < 17) {
        return;
      }
      if (answer_ != Answer::nothing) {
        const std::string reply =
            reply_to(std::string(buffer.data(), static_cast<std::size_t>(count)));
        ::sendto(socket_.get(), reply.data(), reply.size(), 0, sender, size);
      }
    }
  }

  /// RFC 1035 §4.1: the header and question as they came, then an answer for each address.
  [[nodiscard]] std::string reply_to(const std::string& question) const {
    const std::size_t end = question.find('\0', 12) + 5;
    const bool is_a = question[end - 3] == 1;
    const bool has_answer = answer_ == Answer::two_addresses && is_a;
    std::string reply = question.substr(0, end);
    reply[2] = static_cast<char>(0x81);
    reply[3] = static_cast<char>(answer_ == Answer::no_such_name ? 0x83 : 0x80);
    reply.replace(6, 6, std::string("\0\0\0\0\0\0", 6));
    if (has_answer) {
      reply[7] = 2;
      reply += std::string("\xc0\x0c\0\1\0\1\0\0\0\0\0\4\xc0\0\2\1", 16);
      reply += std::string("\xc0\x0c\0\1\0\1\0\0\0\0\0\4\xc0\0\2\2", 16);
    }
    return reply;
  }

  Answer answer_;
  Descriptor socket_;
  SocketAddress address_;
  std::thread thread_;
};

TEST_F(Tcp, AsksANameServerForANameAndTakesAllItsAddresses) {
  const NameServer server(NameServer::Answer::two_addresses);
  LookupOptions options;
  options.servers = server.servers();
  const auto found = look_up("hub.example", options);
  ASSERT_TRUE(found.has_value()) << to_string(found.error());
  EXPECT_THAT(
      *found,
      testing::UnorderedElementsAre(*parse_ip("192.0.2.1", 443), *parse_ip("192.0.2.2", 443)));
}

TEST_F(Tcp, ReportsANameThatDoesNotExist) {
  const NameServer server(NameServer::Answer::no_such_name);
  LookupOptions options;
  options.servers = server.servers();
  const auto found = look_up("no-such-host.example", options);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, name_not_resolved);
  EXPECT_EQ(found.error().kind, ErrorKind::unavailable);
}

TEST_F(Tcp, GivesUpOnANameServerThatIsSilent) {
  const NameServer server(NameServer::Answer::nothing);
  LookupOptions options;
  options.servers = server.servers();
  options.deadline = milliseconds(30);
  EXPECT_EQ(look_up("hub.example", options).error().code, timed_out);
  options.deadline = std::chrono::seconds(20);
  options.question = milliseconds(5);
  EXPECT_EQ(look_up("hub.example", options).error().code, name_not_resolved);
}

TEST_F(Tcp, MayBeCancelledWhileAsking) {
  const NameServer server(NameServer::Answer::nothing);
  DialOptions options;
  options.lookup.servers = server.servers();
  auto pending =
      Dial::start(loop(), {"hub.example", 443}, options, [](const Result<Descriptor>&) { FAIL(); });
  loop().run_once(milliseconds(10));
  pending.reset();
  loop().run_once(milliseconds(10));
}

TEST_F(Tcp, ConnectsAndAccepts) {
  const auto listener = listen(loopback(0));
  const std::uint16_t port = listener->address().port;
  const auto socket = dial({"127.0.0.1", port});
  ASSERT_TRUE(socket.has_value()) << to_string(socket.error());
  ASSERT_TRUE(run_until([&] { return accepted_.size() == 1; }));
  EXPECT_EQ(peers_[0].ip, loopback(0).ip);
}

TEST_F(Tcp, SetsItsOptionsOnBothEnds) {
  const auto listener = listen(loopback(0));
  const auto socket = dial({"127.0.0.1", listener->address().port});
  ASSERT_TRUE(run_until([&] { return accepted_.size() == 1; }));
  for (const int fd : {socket->get(), accepted_[0].get()}) {
    int value = 0;
    socklen_t size = sizeof value;
    ASSERT_EQ(::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &size), 0);
    EXPECT_EQ(value, 1);
    ASSERT_EQ(::getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, &size), 0);
    EXPECT_EQ(value, 60'000);
    ASSERT_EQ(::getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &size), 0);
    EXPECT_EQ(value, 0);
  }
}

TEST_F(Tcp, AnyAddressTakesBothFamilies) {
  const auto made = TcpListener::create(loop(), *parse_ip("::", 0), [&](Descriptor socket, auto&) {
    accepted_.push_back(std::move(socket));
  });
  if (!made) {
    GTEST_SKIP() << "this machine has no IPv6";
  }
  ASSERT_TRUE(dial({"127.0.0.1", (*made)->address().port}).has_value());
  ASSERT_TRUE(dial({"::1", (*made)->address().port}).has_value());
  EXPECT_TRUE(run_until([&] { return accepted_.size() == 2; }));
}

TEST_F(Tcp, TriesTheNextAddressWhenOneRefuses) {
  // "localhost" is ::1 and 127.0.0.1; only the second listens.
  const auto listener = listen(loopback(0));
  const auto socket = dial({"localhost", listener->address().port});
  EXPECT_TRUE(socket.has_value()) << to_string(socket.error());
}

TEST_F(Tcp, SaysWhyNoAddressCouldBeReached) {
  std::uint16_t port = 0;
  {
    const auto listener = listen(loopback(0));
    port = listener->address().port;
  }
  const auto socket = dial({"127.0.0.1", port});
  ASSERT_FALSE(socket.has_value());
  EXPECT_EQ(socket.error().code, connect_failed);
  EXPECT_EQ(socket.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(socket.error().message, "connection refused");
}

TEST_F(Tcp, PausesWhenOutOfDescriptorsAndGoesOnAfterwards) {
  const auto listener = listen(loopback(0));
  const auto socket = dial({"127.0.0.1", listener->address().port});
  ASSERT_TRUE(run_until([&] { return accepted_.size() == 1; }));
  const Descriptor waiting(::socket(AF_INET, SOCK_STREAM, 0));
  socklen_t size = 0;
  const sockaddr_storage kernel = to_kernel(listener->address(), size);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_EQ(::connect(waiting.get(), reinterpret_cast<const sockaddr*>(&kernel), size), 0);
  loop().run_once(milliseconds(50));
  const std::uint64_t wakeups = loop().wakeups();
  loop().run_once(milliseconds(20));
  EXPECT_EQ(loop().wakeups(), wakeups + 1);
  EXPECT_EQ(accepted_.size(), 1U);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(run_until([&] { return accepted_.size() == 2; }));
}

class Peek : public Tcp {
 protected:
  void start(milliseconds deadline = std::chrono::seconds(5)) {
    pair_ = make_tcp_pair();
    auto made = HelloPeek::start(loop(),
                                 non_blocking(std::move(pair_.server)),
                                 deadline,
                                 [this](Descriptor socket, Result<ClientHello> hello) {
                                   socket_ = std::move(socket);
                                   hello_ = std::move(hello);
                                   peek_.reset();
                                 });
    ASSERT_TRUE(made.has_value());
    peek_ = std::move(*made);
  }

  bool done() {
    return run_until([&] { return hello_.has_value(); });
  }

  TcpPair pair_;
  Descriptor socket_;
  std::optional<Result<ClientHello>> hello_;
  std::unique_ptr<HelloPeek> peek_;
};

TEST_F(Peek, LeavesTheHelloForTheHandshakeThatFollows) {
  start();
  const KeyPair client_key = make_test_key();
  const KeyPair server_key = make_test_key();
  const auto client = *TlsContext::create(client_key,
                                          {.role = TlsContext::Role::client,
                                           .protocols = {"skerry/1"},
                                           .accept = any_of({server_key.public_key})});
  const auto server = *TlsContext::create(server_key,
                                          {.role = TlsContext::Role::server,
                                           .protocols = {"skerry/1"},
                                           .accept = any_of({client_key.public_key})});
  Recorder at_client;
  Recorder at_server;
  const auto stream = *client->open(loop(), non_blocking(std::move(pair_.client)), at_client, {});
  ASSERT_TRUE(done());
  ASSERT_TRUE(hello_->has_value());
  EXPECT_TRUE((*hello_)->offers("skerry/1"));
  const auto served = *server->open(loop(), std::move(socket_), at_server, {});
  EXPECT_TRUE(run_until([&] { return at_client.opened == 1 && at_server.opened == 1; }));
}

TEST_F(Peek, SleepsWhileTheHelloIsIncomplete) {
  start();
  ASSERT_EQ(::send(pair_.client.get(), "\x16\x03\x01", 3, 0), 3);
  loop().run_once(milliseconds(1000));
  const Instant before = loop().now();
  loop().run_once(milliseconds(50));
  EXPECT_GE(loop().now() - before, milliseconds(49));
  EXPECT_FALSE(hello_.has_value());
  ASSERT_EQ(::send(pair_.client.get(), "\xff\xff", 2, 0), 2);
  ASSERT_TRUE(done());
  EXPECT_EQ(hello_->error().code, protocol_violation);
}

TEST_F(Peek, NoticesAClientThatHangsUp) {
  start();
  ASSERT_EQ(::send(pair_.client.get(), "\x16\x03\x01", 3, 0), 3);
  loop().run_once(milliseconds(1000));
  pair_.client.reset();
  ASSERT_TRUE(done());
  EXPECT_EQ(hello_->error().code, connection_lost);
}

TEST_F(Peek, GivesUpOnASilentClientAndHandsItsSocketBack) {
  start(milliseconds(20));
  ASSERT_TRUE(done());
  EXPECT_EQ(hello_->error().code, timed_out);
  EXPECT_TRUE(socket_.valid());
}

}  // namespace
}  // namespace skerry::os
