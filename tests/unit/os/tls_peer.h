#pragma once

#include <array>
#include <functional>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/crypto.h"
#include "os/descriptor.h"
#include "os/openssl_handle.h"
#include "os/stream.h"

namespace skerry::os {

/// A new P-256 key as `skerry::KeyPair` holds it.
inline KeyPair make_test_key() {
  const EvpKey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  KeyPair pair;
  EXPECT_TRUE(read_public_key(key.get(), pair.public_key));
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, OpensslFree<PKCS8_PRIV_KEY_INFO_free>> info(
      EVP_PKEY2PKCS8(key.get()));
  unsigned char* der = nullptr;
  const int size = i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der);
  pair.private_key =
      Secret(std::string(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return pair;
}

struct TcpPair {
  Descriptor client;
  Descriptor server;
};

/// Two ends of a real TCP connection over loopback, blocking.
inline TcpPair make_tcp_pair() {
  const Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(listener.get(), generic, size), 0);
  EXPECT_EQ(::listen(listener.get(), 1), 0);
  EXPECT_EQ(::getsockname(listener.get(), generic, &size), 0);
  TcpPair pair;
  pair.client = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(pair.client.get(), generic, size), 0);
  pair.server = Descriptor(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_TRUE(pair.server.valid());
  return pair;
}

inline Descriptor non_blocking(Descriptor socket) {
  EXPECT_EQ(::fcntl(socket.get(), F_SETFL, O_NONBLOCK), 0);
  return socket;
}

/// Keeps what a stream said.
class Recorder : public StreamHandler {
 public:
  void on_open(const StreamPeer& peer) override {
    ++opened;
    key = peer.key;
    protocol = peer.protocol;
  }

  void on_bytes(std::string_view bytes) override {
    received += bytes;
    if (echo != nullptr) {
      EXPECT_TRUE(echo->send(bytes).has_value());
    }
  }

  void on_drained() override { ++drained; }

  void on_closed(const Error& reason) override {
    ++closed;
    error = reason;
  }

  int opened = 0;
  int drained = 0;
  int closed = 0;
  PublicKey key;
  std::string protocol;
  std::string received;
  Error error;
  Stream* echo = nullptr;
};

/// The other end as a plain OpenSSL program in a thread, free of every rule of ours.
class ForeignPeer {
 public:
  using Setup = std::function<void(SSL_CTX*)>;

  /// Connects as a client on `socket`, a blocking one, and reads until the end.
  ForeignPeer(Descriptor socket, Setup setup)
      : socket_(std::move(socket)), setup_(std::move(setup)), thread_([this] { run(); }) {}

  ForeignPeer(const ForeignPeer&) = delete;
  ForeignPeer& operator=(const ForeignPeer&) = delete;

  ~ForeignPeer() { thread_.join(); }

 private:
  void run() {
    const SslContext context(SSL_CTX_new(TLS_client_method()));
    setup_(context.get());
    const SslSession session(SSL_new(context.get()));
    SSL_set_fd(session.get(), socket_.get());
    if (SSL_connect(session.get()) == 1) {
      std::array<char, 100> buffer{};
      while (SSL_read(session.get(), buffer.data(), buffer.size()) > 0) {
      }
    }
    socket_.reset();
  }

  Descriptor socket_;
  Setup setup_;
  std::thread thread_;
};

}  // namespace skerry::os
