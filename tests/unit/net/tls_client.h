#pragma once

#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "os/descriptor.h"
#include "os/openssl_handle.h"
#include "os/socket_address.h"

namespace skerry::net {

/// Says exactly what a test tells it to, over TLS, and believes any server.
class TlsClient {
 public:
  /// @param newest  the newest version of TLS it speaks; 0 is the newest there is
  explicit TlsClient(std::uint16_t port, std::string_view protocol = "\x08http/1.1", int newest = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        context_(SSL_CTX_new(TLS_client_method())) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    SSL_CTX_set_max_proto_version(context_.get(), newest);
    SSL_CTX_set_alpn_protos(context_.get(),
                            reinterpret_cast<const unsigned char*>(protocol.data()),
                            static_cast<unsigned int>(protocol.size()));
    session_.reset(SSL_new(context_.get()));
    SSL_set_fd(session_.get(), socket_.get());
    open_ = SSL_connect(session_.get()) == 1;
  }

  [[nodiscard]] bool is_open() const { return open_; }

  bool send(std::string_view bytes) {
    return SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
  }

  /// Everything until `end` has come, or until the server ends it where `end` is empty.
  std::string receive(std::string_view end = {}) {
    std::string all;
    char buffer[4096];
    while (end.empty() || all.find(end) == std::string::npos) {
      const int size = SSL_read(session_.get(), buffer, sizeof buffer);
      if (size <= 0) {
        closed_ = SSL_get_error(session_.get(), size) == SSL_ERROR_ZERO_RETURN;
        break;
      }
      all.append(buffer, static_cast<std::size_t>(size));
    }
    return all;
  }

  /// Up to so many bytes; fewer where the server ended it.
  std::string receive_bytes(std::size_t size_max) {
    std::string all(size_max, '\0');
    std::size_t size = 0;
    while (size < size_max) {
      const int some = SSL_read(session_.get(), &all[size], static_cast<int>(size_max - size));
      if (some <= 0) {
        break;
      }
      size += static_cast<std::size_t>(some);
    }
    all.resize(size);
    return all;
  }

  /// The server ended the stream in order.
  [[nodiscard]] bool closed() const { return closed_; }

 private:
  os::Descriptor socket_;
  os::SslContext context_;
  os::SslSession session_;
  bool open_ = false;
  bool closed_ = false;
};

}  // namespace skerry::net
