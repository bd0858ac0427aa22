#pragma once

#include "os/openssl_handle.h"
#include "os/transport.h"

namespace skerry::os {

/// One TLS session of OpenSSL over a socket that stays the caller's.
class TlsTransport final : public Transport {
 public:
  /// What the verification callback leaves in the session it judges.
  struct Verdict {
    PublicKey key = {};
    bool seen = false;      // The peer showed a P-256 key.
    bool accepted = false;  // And we take it.
  };

  static Result<std::unique_ptr<TlsTransport>> create(SSL_CTX* context, int socket, bool is_server);

  Io handshake() override;
  [[nodiscard]] StreamPeer peer() const override;
  Io read(std::span<char> buffer) override;
  Io write(std::string_view bytes) override;
  void end_writing() override;

  [[nodiscard]] Error failure() const override;

  /// Where the callback of a session finds its verdict.
  static Verdict& verdict_of(SSL* session);

 private:
  explicit TlsTransport(SslSession session, int socket)
      : session_(std::move(session)), socket_(socket) {}

  void drop_peer_key();
  Io outcome_of(int result);
  void record_failure(int ssl_error, int error_number);

  SslSession session_;
  int socket_;
  Verdict verdict_;
  std::unique_ptr<Error> failure_;
};

}  // namespace skerry::os
