#include "os/tls_transport.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include <openssl/err.h>
#include <sys/socket.h>

#include "os/codes.h"
#include "os/descriptor.h"

namespace skerry::os {

namespace {

Error tls_error(ErrorCode code, std::string message) {
  return {.kind = ErrorKind::unavailable, .code = code, .message = std::move(message)};
}

Error lost_error(int error_number) {
  if (error_number == 0) {
    return tls_error(connection_lost, "the peer hung up without saying so");
  }
  Error error = system_error(error_number, connection_lost, "");
  error.kind = ErrorKind::unavailable;
  return error;
}

/// OpenSSL reports an alert that came in as a reason above this number.
bool is_alert(unsigned long code) {
  return ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) >= SSL_AD_REASON_OFFSET;
}

}  // namespace

Result<std::unique_ptr<TlsTransport>> TlsTransport::create(SSL_CTX* context,
                                                           int socket,
                                                           bool is_server) {
  SslSession session(SSL_new(context));
  BIO* bio = session == nullptr ? nullptr : make_socket_bio(socket);
  if (bio == nullptr) {
    return fail(tls_error(tls_failed, "no session can be made: " + take_openssl_error()));
  }
  SSL_set_bio(session.get(), bio, bio);
  if (is_server) {
    SSL_set_accept_state(session.get());
  } else {
    SSL_set_connect_state(session.get());
  }
  std::unique_ptr<TlsTransport> made(new TlsTransport(std::move(session), socket));
  SSL_set_app_data(made->session_.get(), made.get());
  return made;
}

TlsTransport::Verdict& TlsTransport::verdict_of(SSL* session) {
  return static_cast<TlsTransport*>(SSL_get_app_data(session))->verdict_;
}

Io TlsTransport::handshake() {
  ERR_clear_error();
  errno = 0;
  const int result = SSL_do_handshake(session_.get());
  if (result != 1) {
    return outcome_of(result);
  }
  // The library takes a peer that leaves out the certificate or the protocol for a choice; we do
  // not.
  if (!verdict_.accepted || peer().protocol.empty()) {
    failure_ = std::make_unique<Error>(
        tls_error(tls_failed, "the peer shows no key or agrees on no protocol"));
    return {.outcome = Io::Outcome::failed};
  }
  drop_peer_key();
  return {};
}

/// The library keeps the peer's certificate with its key decoded, curve tables and all, as long as
/// the session, and nothing asks for it again: the verdict has the key, and a session in TLS 1.3
/// does not authenticate twice. Our own key in its place is one that exists anyway.
void TlsTransport::drop_peer_key() {
  X509* certificate = SSL_get0_peer_certificate(session_.get());
  X509_set_pubkey(certificate, SSL_get_privatekey(session_.get()));
}

StreamPeer TlsTransport::peer() const {
  const unsigned char* protocol = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(session_.get(), &protocol, &size);
  return {.key = verdict_.key, .protocol = {reinterpret_cast<const char*>(protocol), size}};
}

Io TlsTransport::read(std::span<char> buffer) {
  ERR_clear_error();
  errno = 0;
  std::size_t size = 0;
  const int result = SSL_read_ex(session_.get(), buffer.data(), buffer.size(), &size);
  return result == 1 ? Io{.size = size} : outcome_of(result);
}

Io TlsTransport::write(std::string_view bytes) {
  ERR_clear_error();
  errno = 0;
  std::size_t size = 0;
  const int result = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &size);
  return result == 1 ? Io{.size = size} : outcome_of(result);
}

void TlsTransport::end_writing() {
  ERR_clear_error();
  SSL_shutdown(session_.get());
  ERR_clear_error();
  ::shutdown(socket_, SHUT_WR);
}

Io TlsTransport::outcome_of(int result) {
  const int error_number = errno;
  const int ssl_error = SSL_get_error(session_.get(), result);
  switch (ssl_error) {
    case SSL_ERROR_WANT_READ:
      return {.outcome = Io::Outcome::want_read};
    case SSL_ERROR_WANT_WRITE:
      return {.outcome = Io::Outcome::want_write};
    case SSL_ERROR_ZERO_RETURN:
      return {.outcome = Io::Outcome::closed};
    default:
      record_failure(ssl_error, error_number);
      return {.outcome = Io::Outcome::failed};
  }
}

void TlsTransport::record_failure(int ssl_error, int error_number) {
  const unsigned long code = ERR_peek_error();
  Error error = {};
  if (verdict_.seen && !verdict_.accepted) {
    error = tls_error(peer_key_refused, "the peer's key is not one we accept");
    error.kind = ErrorKind::denied;
  } else if (is_alert(code)) {
    error = tls_error(tls_refused, "the peer refused: " + take_openssl_error());
  } else if (ssl_error == SSL_ERROR_SYSCALL || code == 0) {
    error = lost_error(error_number);
  } else {
    error = tls_error(tls_failed, take_openssl_error());
  }
  ERR_clear_error();
  failure_ = std::make_unique<Error>(std::move(error));
}

Error TlsTransport::failure() const {
  return failure_ == nullptr ? Error{} : *failure_;
}

}  // namespace skerry::os
