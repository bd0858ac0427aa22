#include "net/server_tls.h"

#include <cerrno>
#include <utility>

#include <openssl/err.h>
#include <sys/socket.h>

#include "os/codes.h"
#include "os/openssl_handle.h"

namespace skerry::net {

namespace {

/// As on the wire: the name with its length in front.
constexpr std::string_view protocols{"\x08http/1.1", 9};

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// The library sets how many arguments there are. NOLINTNEXTLINE(readability-function-size)
int select_protocol(SSL* /*session*/,
                    const unsigned char** out,
                    unsigned char* out_size,
                    const unsigned char* offered,
                    unsigned int offered_size,
                    void* /*argument*/) {
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen,
                                          out_size,
                                          bytes_of(protocols),
                                          static_cast<unsigned int>(protocols.size()),
                                          offered,
                                          offered_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

Error tls_error(ErrorCode code, std::string message) {
  return {.kind = ErrorKind::unavailable, .code = code, .message = std::move(message)};
}

class Session final : public os::Transport {
 public:
  Session(os::SslSession session, int socket) : session_(std::move(session)), socket_(socket) {}

  os::Io handshake() override {
    ERR_clear_error();
    const int result = SSL_do_handshake(session_.get());
    return result == 1 ? os::Io{} : outcome_of(result);
  }

  [[nodiscard]] os::StreamPeer peer() const override { return {}; }

  os::Io read(std::span<char> buffer) override {
    ERR_clear_error();
    std::size_t size = 0;
    const int result = SSL_read_ex(session_.get(), buffer.data(), buffer.size(), &size);
    return result == 1 ? os::Io{.size = size} : outcome_of(result);
  }

  os::Io write(std::string_view bytes) override {
    ERR_clear_error();
    std::size_t size = 0;
    const int result = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &size);
    return result == 1 ? os::Io{.size = size} : outcome_of(result);
  }

  void end_writing() override {
    ERR_clear_error();
    SSL_shutdown(session_.get());
    ERR_clear_error();
    ::shutdown(socket_, SHUT_WR);
  }

  [[nodiscard]] Error failure() const override { return failure_; }

 private:
  os::Io outcome_of(int result) {
    switch (SSL_get_error(session_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return {.outcome = os::Io::Outcome::want_read};
      case SSL_ERROR_WANT_WRITE:
        return {.outcome = os::Io::Outcome::want_write};
      case SSL_ERROR_ZERO_RETURN:
        return {.outcome = os::Io::Outcome::closed};
      default:
        break;
    }
    failure_ = ERR_peek_error() == 0 ? tls_error(os::connection_lost, "the peer hung up")
                                     : tls_error(os::tls_failed, os::take_openssl_error());
    return {.outcome = os::Io::Outcome::failed};
  }

  os::SslSession session_;
  int socket_;
  Error failure_;
};

}  // namespace

struct ServerTls::Library {
  os::SslContext context = {};
};

ServerTls::ServerTls(std::unique_ptr<Library> library) : library_(std::move(library)) {}

ServerTls::~ServerTls() = default;

Result<std::unique_ptr<ServerTls>> ServerTls::create(const KeyPair& key) {
  // A machine's openssl.cnf must not loosen or tighten what is decided here.
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  SKERRY_TRY(const os::EvpKey loaded, os::load_key(key));
  SKERRY_TRY(const os::Certificate certificate, os::make_certificate(loaded.get()));
  auto library = std::make_unique<Library>();
  library->context.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* raw = library->context.get();
  const bool done = raw != nullptr && SSL_CTX_set_min_proto_version(raw, TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set1_groups_list(raw, "X25519:P-256") == 1 &&
                    SSL_CTX_use_certificate(raw, certificate.get()) == 1 &&
                    SSL_CTX_use_PrivateKey(raw, loaded.get()) == 1;
  if (!done) {
    return fail(tls_error(os::tls_failed, os::take_openssl_error()));
  }
  SSL_CTX_set_options(raw, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_num_tickets(raw, 0);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(raw,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_alpn_select_cb(raw, &select_protocol, nullptr);
  return std::unique_ptr<ServerTls>(new ServerTls(std::move(library)));
}

Result<std::unique_ptr<os::Transport>> ServerTls::open(int socket) {
  os::SslSession session(SSL_new(library_->context.get()));
  BIO* bio = session == nullptr ? nullptr : os::make_socket_bio(socket);
  if (bio == nullptr) {
    return fail(tls_error(os::tls_failed, os::take_openssl_error()));
  }
  SSL_set_bio(session.get(), bio, bio);
  SSL_set_accept_state(session.get());
  return std::unique_ptr<os::Transport>(new Session(std::move(session), socket));
}

}  // namespace skerry::net
