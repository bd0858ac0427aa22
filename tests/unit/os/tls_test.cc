#include "os/tls.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/codes.h"
#include "unit/os/loop_fixture.h"
#include "unit/os/tls_peer.h"

namespace skerry::os {
namespace {

using std::chrono::milliseconds;
using testing::AnyOf;
using testing::HasSubstr;

constexpr auto our_protocol = "skerry/1";

class Tls : public LoopTest {
 protected:
  void SetUp() override {
    LoopTest::SetUp();
    pair_ = make_tcp_pair();
  }

  static std::unique_ptr<TlsContext> context(TlsContext::Role role,
                                             const KeyPair& key,
                                             std::function<bool(const PublicKey&)> accept,
                                             std::vector<std::string> protocols = {our_protocol}) {
    auto made = TlsContext::create(
        key, {.role = role, .protocols = std::move(protocols), .accept = std::move(accept)});
    EXPECT_TRUE(made.has_value()) << to_string(made.error());
    return std::move(*made);
  }

  std::unique_ptr<TlsContext> server_for(const PublicKey& client) const {
    return context(TlsContext::Role::server, server_key_, any_of({client}));
  }

  std::unique_ptr<TlsContext> client_for(const PublicKey& server) const {
    return context(TlsContext::Role::client, client_key_, any_of({server}));
  }

  void open(TlsContext& client, TlsContext& server, const StreamOptions& options = {}) {
    open_server(server, options);
    auto made = client.open(loop(), non_blocking(std::move(pair_.client)), at_client_, options);
    ASSERT_TRUE(made.has_value());
    client_ = std::move(*made);
  }

  void open_server(TlsContext& server, const StreamOptions& options = {}) {
    auto made = server.open(loop(), non_blocking(std::move(pair_.server)), at_server_, options);
    ASSERT_TRUE(made.has_value());
    server_ = std::move(*made);
  }

  bool both_open() {
    return run_until([&] { return at_client_.opened == 1 && at_server_.opened == 1; });
  }

  void open_both(const StreamOptions& options = {}) {
    server_context_ = server_for(client_key_.public_key);
    client_context_ = client_for(server_key_.public_key);
    open(*client_context_, *server_context_, options);
    ASSERT_TRUE(both_open()) << at_client_.error.message << at_server_.error.message;
  }

  bool server_closes() {
    return run_until([&] { return at_server_.closed == 1; });
  }

  KeyPair server_key_ = make_test_key();
  KeyPair client_key_ = make_test_key();
  KeyPair other_key_ = make_test_key();
  TcpPair pair_;
  Recorder at_client_;
  Recorder at_server_;
  std::unique_ptr<TlsContext> client_context_;
  std::unique_ptr<TlsContext> server_context_;
  std::unique_ptr<Stream> client_;
  std::unique_ptr<Stream> server_;
};

TEST_F(Tls, ShowsEachSideTheKeyOfTheOther) {
  open_both();
  EXPECT_EQ(at_server_.key, client_key_.public_key);
  EXPECT_EQ(at_client_.key, server_key_.public_key);
  EXPECT_EQ(at_server_.protocol, our_protocol);
  EXPECT_EQ(at_client_.protocol, our_protocol);
}

TEST_F(Tls, CarriesBytesBothWaysAndEndsInOrder) {
  open_both();
  at_server_.echo = server_.get();
  ASSERT_TRUE(client_->send("hello").has_value());
  ASSERT_TRUE(run_until([&] { return at_client_.received == "hello"; }));
  client_->finish();
  ASSERT_TRUE(run_until([&] { return at_client_.closed == 1 && at_server_.closed == 1; }));
  EXPECT_EQ(at_server_.error.code, connection_closed);
  EXPECT_EQ(at_client_.error.code, connection_closed);
  EXPECT_EQ(client_->send("more").error().code, connection_closed);
}

TEST_F(Tls, SendsWhatWasQueuedBeforeTheHandshakeWasDone) {
  server_context_ = server_for(client_key_.public_key);
  client_context_ = client_for(server_key_.public_key);
  open(*client_context_, *server_context_);
  ASSERT_TRUE(client_->send("early").has_value());
  EXPECT_EQ(client_->queued(), 5U);
  EXPECT_TRUE(run_until([&] { return at_server_.received == "early"; }));
}

TEST_F(Tls, MovesMuchMoreThanTheSocketsHold) {
  open_both({.queue_max = std::size_t{8} * 1024 * 1024});
  std::string sent;
  for (int i = 0; sent.size() < std::size_t{6} * 1024 * 1024; ++i) {
    sent += std::to_string(i) + ",";
  }
  ASSERT_TRUE(client_->send(sent).has_value());
  client_->finish();
  ASSERT_TRUE(server_closes());
  EXPECT_TRUE(at_server_.received == sent);
  EXPECT_EQ(at_server_.error.code, connection_closed);
}

TEST_F(Tls, RefusesMoreThanTheQueueHoldsAndSaysWhenThereIsRoom) {
  open_both({.queue_max = std::size_t{64} * 1024});
  server_->set_reading(Stream::Reading::off);
  const std::string piece(std::size_t{64} * 1024, 'x');
  Status status;
  std::size_t taken = 0;
  while (status) {
    status = client_->send(piece);
    taken += status ? piece.size() : 0;
    loop().run_once(milliseconds(0));
  }
  EXPECT_EQ(status.error().code, queue_full);
  EXPECT_LE(client_->queued(), piece.size());
  server_->set_reading(Stream::Reading::on);
  ASSERT_TRUE(run_until([&] { return at_server_.received.size() == taken; }));
  EXPECT_GE(at_client_.drained, 1);
  EXPECT_TRUE(client_->send("again").has_value());
}

TEST_F(Tls, RefusesAClientWithAnotherKey) {
  server_context_ = server_for(other_key_.public_key);
  client_context_ = client_for(server_key_.public_key);
  open(*client_context_, *server_context_);
  ASSERT_TRUE(run_until([&] { return at_client_.closed == 1 && at_server_.closed == 1; }));
  EXPECT_EQ(at_server_.opened, 0);
  EXPECT_EQ(at_server_.error.code, peer_key_refused);
  EXPECT_EQ(at_server_.error.kind, ErrorKind::denied);
  EXPECT_EQ(at_client_.error.code, tls_refused);
}

TEST_F(Tls, SendsNothingToAServerWithAnotherKey) {
  server_context_ = server_for(client_key_.public_key);
  client_context_ = client_for(other_key_.public_key);
  open(*client_context_, *server_context_);
  ASSERT_TRUE(client_->send("secret").has_value());
  ASSERT_TRUE(run_until([&] { return at_client_.closed == 1 && at_server_.closed == 1; }));
  EXPECT_EQ(at_client_.opened, 0);
  EXPECT_EQ(at_client_.error.code, peer_key_refused);
  EXPECT_EQ(at_server_.opened, 0);
  EXPECT_EQ(at_server_.received, "");
  EXPECT_EQ(at_server_.error.code, tls_refused);
}

TEST_F(Tls, RefusesAPeerThatSpeaksAnotherProtocol) {
  server_context_ = server_for(client_key_.public_key);
  client_context_ = context(
      TlsContext::Role::client, client_key_, any_of({server_key_.public_key}), {"h2", "http/1.1"});
  open(*client_context_, *server_context_);
  ASSERT_TRUE(run_until([&] { return at_client_.closed == 1 && at_server_.closed == 1; }));
  EXPECT_EQ(at_server_.opened + at_client_.opened, 0);
  EXPECT_EQ(at_client_.error.code, tls_refused);
}

/// A foreign client offers our protocol, so that only what the test takes away is missing.
void offer_our_protocol(SSL_CTX* foreign) {
  const std::string wire = std::string("\x08") + our_protocol;
  SSL_CTX_set_alpn_protos(foreign,
                          reinterpret_cast<const unsigned char*>(wire.data()),
                          static_cast<unsigned int>(wire.size()));
}

TEST_F(Tls, RefusesAClientWithoutACertificate) {
  server_context_ =
      context(TlsContext::Role::server, server_key_, [](const auto&) { return true; });
  const ForeignPeer peer(std::move(pair_.client), offer_our_protocol);
  open_server(*server_context_);
  ASSERT_TRUE(server_closes());
  EXPECT_EQ(at_server_.opened, 0);
  EXPECT_EQ(at_server_.error.code, tls_failed);
  EXPECT_THAT(at_server_.error.message, HasSubstr("did not return a certificate"));
}

TEST_F(Tls, RefusesAClientThatOffersNoProtocol) {
  server_context_ =
      context(TlsContext::Role::server, server_key_, [](const auto&) { return true; });
  const EvpKey key = *load_key(client_key_);
  const Certificate certificate = *make_certificate(key.get());
  const ForeignPeer peer(std::move(pair_.client), [&](SSL_CTX* foreign) {
    SSL_CTX_use_certificate(foreign, certificate.get());
    SSL_CTX_use_PrivateKey(foreign, key.get());
  });
  open_server(*server_context_);
  ASSERT_TRUE(server_closes());
  EXPECT_EQ(at_server_.opened, 0);
  EXPECT_THAT(at_server_.error.message, HasSubstr("agrees on no protocol"));
}

TEST_F(Tls, RefusesAClientWhoseKeyIsNotOfOurCurve) {
  server_context_ =
      context(TlsContext::Role::server, server_key_, [](const auto&) { return true; });
  const EvpKey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384"));
  const Certificate certificate = *make_certificate(key.get());
  const ForeignPeer peer(std::move(pair_.client), [&](SSL_CTX* foreign) {
    offer_our_protocol(foreign);
    SSL_CTX_use_certificate(foreign, certificate.get());
    SSL_CTX_use_PrivateKey(foreign, key.get());
  });
  open_server(*server_context_);
  ASSERT_TRUE(server_closes());
  EXPECT_EQ(at_server_.opened, 0);
}

TEST_F(Tls, AcceptsAKeyWhateverItsCertificateSays) {
  server_context_ = server_for(client_key_.public_key);
  const EvpKey key = *load_key(client_key_);
  const Certificate certificate = *make_certificate(key.get());
  // Expired long ago, and signed by somebody else.
  ASSERT_EQ(ASN1_TIME_set_string(X509_getm_notAfter(certificate.get()), "20010101000000Z"), 1);
  const EvpKey issuer = *load_key(other_key_);
  ASSERT_GT(X509_sign(certificate.get(), issuer.get(), EVP_sha256()), 0);
  const ForeignPeer peer(std::move(pair_.client), [&](SSL_CTX* foreign) {
    offer_our_protocol(foreign);
    SSL_CTX_use_certificate(foreign, certificate.get());
    SSL_CTX_use_PrivateKey(foreign, key.get());
  });
  open_server(*server_context_);
  ASSERT_TRUE(run_until([&] { return at_server_.opened == 1; })) << at_server_.error.message;
  EXPECT_EQ(at_server_.key, client_key_.public_key);
  server_.reset();
}

TEST_F(Tls, RefusesAnOlderVersion) {
  server_context_ =
      context(TlsContext::Role::server, server_key_, [](const auto&) { return true; });
  const ForeignPeer peer(std::move(pair_.client), [](SSL_CTX* foreign) {
    offer_our_protocol(foreign);
    SSL_CTX_set_max_proto_version(foreign, TLS1_2_VERSION);
  });
  open_server(*server_context_);
  ASSERT_TRUE(server_closes());
  EXPECT_EQ(at_server_.opened, 0);
  EXPECT_EQ(at_server_.error.code, tls_failed);
  EXPECT_THAT(at_server_.error.message, HasSubstr("unsupported protocol"));
}

TEST_F(Tls, RefusesPlaintextOnEitherSide) {
  server_context_ = server_for(client_key_.public_key);
  const std::string text = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_EQ(::send(pair_.client.get(), text.data(), text.size(), 0),
            static_cast<ssize_t>(text.size()));
  open_server(*server_context_, {.linger = milliseconds(10)});
  ASSERT_TRUE(server_closes());
  EXPECT_EQ(at_server_.error.code, tls_failed);

  pair_ = make_tcp_pair();
  const std::string portal = "HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n";
  ASSERT_EQ(::send(pair_.server.get(), portal.data(), portal.size(), 0),
            static_cast<ssize_t>(portal.size()));
  client_context_ = client_for(server_key_.public_key);
  client_ = *client_context_->open(
      loop(), non_blocking(std::move(pair_.client)), at_client_, {.linger = milliseconds(10)});
  ASSERT_TRUE(run_until([&] { return at_client_.closed == 1; }));
  EXPECT_EQ(at_client_.error.code, tls_failed);
  EXPECT_EQ(at_client_.opened, 0);
}

TEST_F(Tls, GivesUpOnAHandshakeThatNeverEnds) {
  server_context_ = server_for(client_key_.public_key);
  open_server(*server_context_, {.handshake = milliseconds(30)});
  ASSERT_EQ(::send(pair_.client.get(), "\x16\x03\x01\x02", 4, 0), 4);
  ASSERT_TRUE(server_closes());
  EXPECT_EQ(at_server_.error.code, timed_out);
}

TEST_F(Tls, ReportsAPeerThatResetsOrVanishes) {
  open_both();
  client_.reset();  // No goodbye.
  ASSERT_TRUE(server_closes());
  EXPECT_EQ(at_server_.error.code, connection_lost);
}

TEST_F(Tls, ReportsAResetInTheMiddleOfSending) {
  open_both({.queue_max = std::size_t{64} * 1024 * 1024});
  client_->set_reading(Stream::Reading::off);
  ASSERT_TRUE(server_->send(std::string(std::size_t{32} * 1024 * 1024, 'x')).has_value());
  EXPECT_GT(server_->queued(), 0U);
  client_.reset();  // With unread input, so the kernel sends a reset.
  ASSERT_TRUE(server_closes());
  EXPECT_EQ(at_server_.error.code, connection_lost);
}

TEST_F(Tls, StopsLingeringWithAPeerThatNeverHangsUp) {
  open_both({.linger = milliseconds(30)});
  client_->set_reading(Stream::Reading::off);
  server_->finish();
  ASSERT_TRUE(server_closes());
  EXPECT_EQ(at_server_.error.code, connection_closed);
}

TEST_F(Tls, RefusesRecordsThatWereTamperedWith) {
  // A relay between the two flips one bit after the handshake.
  TcpPair far = make_tcp_pair();
  server_context_ = server_for(client_key_.public_key);
  client_context_ = client_for(server_key_.public_key);
  const Descriptor near_end = non_blocking(std::move(pair_.server));
  pair_.server = std::move(far.server);
  const Descriptor far_end = non_blocking(std::move(far.client));
  open(*client_context_, *server_context_);
  bool flip = false;
  const auto relay = [&](const Descriptor& from, const Descriptor& to) {
    std::array<char, 65536> buffer{};
    const ssize_t count = ::recv(from.get(), buffer.data(), buffer.size(), 0);
    if (count > 0) {
      buffer[static_cast<std::size_t>(count) - 1] ^= flip ? 1 : 0;
      ::send(to.get(), buffer.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL);
    }
  };
  const auto turn = [&] {
    relay(near_end, far_end);
    relay(far_end, near_end);
  };
  ASSERT_TRUE(run_until([&] {
    turn();
    return at_client_.opened == 1 && at_server_.opened == 1;
  }));
  flip = true;
  ASSERT_TRUE(client_->send("pay 1").has_value());
  ASSERT_TRUE(run_until([&] {
    turn();
    return at_server_.closed == 1;
  }));
  EXPECT_EQ(at_server_.received, "");
  EXPECT_EQ(at_server_.error.code, tls_failed);
}

/// Destroys its stream from inside the callback of a given name.
class Quitter : public Recorder {
 public:
  void on_open(const StreamPeer& peer) override {
    Recorder::on_open(peer);
    if (in_open) {
      stream.reset();
    }
  }

  void on_bytes(std::string_view bytes) override {
    Recorder::on_bytes(bytes);
    stream.reset();
  }

  bool in_open = false;
  std::unique_ptr<Stream> stream;
};

TEST_F(Tls, MayBeDestroyedInsideItsCallbacks) {
  for (const bool in_open : {true, false}) {
    pair_ = make_tcp_pair();
    server_context_ = server_for(client_key_.public_key);
    client_context_ = client_for(server_key_.public_key);
    Quitter quitter;
    quitter.in_open = in_open;
    Recorder client;
    quitter.stream =
        *server_context_->open(loop(), non_blocking(std::move(pair_.server)), quitter, {});
    const auto stream =
        *client_context_->open(loop(), non_blocking(std::move(pair_.client)), client, {});
    ASSERT_TRUE(stream->send("bye").has_value());
    ASSERT_TRUE(run_until([&] { return client.closed == 1; }));
    EXPECT_EQ(quitter.stream, nullptr);
    EXPECT_EQ(quitter.closed, 0);
  }
}

TEST_F(Tls, RefusesAKeyPairThatIsNone) {
  const TlsContext::Options options{.protocols = {our_protocol},
                                    .accept = [](const auto&) { return true; }};
  KeyPair mixed = client_key_;
  mixed.public_key = other_key_.public_key;
  EXPECT_EQ(TlsContext::create(mixed, options).error().code, key_unusable);
  mixed.private_key = Secret("not a key");
  EXPECT_EQ(TlsContext::create(mixed, options).error().code, key_unusable);
}

TEST_F(Tls, PlainStreamsCarryBytesAndEndInOrder) {
  server_ = *open_plain_stream(loop(), non_blocking(std::move(pair_.server)), at_server_, {});
  client_ = *open_plain_stream(loop(), non_blocking(std::move(pair_.client)), at_client_, {});
  at_server_.echo = server_.get();
  ASSERT_TRUE(client_->send("hello").has_value());
  ASSERT_TRUE(run_until([&] { return at_client_.received == "hello"; }));
  client_->finish();
  ASSERT_TRUE(run_until([&] { return at_client_.closed == 1 && at_server_.closed == 1; }));
  EXPECT_EQ(at_client_.error.code, connection_closed);
}

}  // namespace
}  // namespace skerry::os
