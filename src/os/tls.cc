#include "os/tls.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "os/codes.h"
#include "os/openssl_handle.h"
#include "os/tls_transport.h"

namespace skerry::os {

struct TlsContext::Library {
  Options options = {};
  std::string protocols = {};  // As on the wire: each name with its length in front.
  SslContext context = {};

  static int verify(X509_STORE_CTX* store, void* self);
  static int select_protocol(SSL* session,
                             const unsigned char** out,
                             unsigned char* out_size,
                             const unsigned char* offered,
                             unsigned int offered_size,
                             void* self);
  Status configure(EVP_PKEY* key, X509* certificate);
};

namespace {

/// One peer certificate of ours has 300 bytes; a stranger may not make us hold much more.
constexpr long certificate_size_max = 4096;

std::string encode_protocols(const std::vector<std::string>& names) {
  std::string wire;
  for (const std::string& name : names) {
    SKERRY_ASSERT(!name.empty() && name.size() <= 255);
    wire += static_cast<char>(name.size());
    wire += name;
  }
  return wire;
}

const unsigned char* bytes_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

/// Takes the place of the library's whole judgement of a certificate. That the peer holds the
/// private half is proved by the handshake's CertificateVerify, which no callback can skip.
int TlsContext::Library::verify(X509_STORE_CTX* store, void* self) {
  const auto& options = static_cast<const Library*>(self)->options;
  auto* session =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  X509* certificate = X509_STORE_CTX_get0_cert(store);
  TlsTransport::Verdict& verdict = TlsTransport::verdict_of(session);
  verdict.seen =
      certificate != nullptr && read_public_key(X509_get0_pubkey(certificate), verdict.key);
  verdict.accepted = verdict.seen && options.accept(verdict.key);
  if (!verdict.accepted) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
  }
  return verdict.accepted ? 1 : 0;
}

// The library sets how many arguments there are. NOLINTNEXTLINE(readability-function-size)
int TlsContext::Library::select_protocol(SSL* /*session*/,
                                         const unsigned char** out,
                                         unsigned char* out_size,
                                         const unsigned char* offered,
                                         unsigned int offered_size,
                                         void* self) {
  const std::string& ours = static_cast<const Library*>(self)->protocols;
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen,
                                          out_size,
                                          bytes_of(ours),
                                          static_cast<unsigned int>(ours.size()),
                                          offered,
                                          offered_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

Status TlsContext::Library::configure(EVP_PKEY* key, X509* certificate) {
  SSL_CTX* raw = context.get();
  SSL_CTX_set_options(raw, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_num_tickets(raw, 0);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(raw,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_max_cert_list(raw, certificate_size_max);
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(raw, &Library::verify, this);
  if (options.role == Role::server) {
    SSL_CTX_set_alpn_select_cb(raw, &Library::select_protocol, this);
  }
  const bool done = SSL_CTX_set_min_proto_version(raw, TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set_max_proto_version(raw, TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set1_sigalgs_list(raw, "ecdsa_secp256r1_sha256") == 1 &&
                    SSL_CTX_set1_groups_list(raw, "X25519:P-256") == 1 &&
                    SSL_CTX_use_certificate(raw, certificate) == 1 &&
                    SSL_CTX_use_PrivateKey(raw, key) == 1 &&
                    // This one function has 0 for success.
                    SSL_CTX_set_alpn_protos(
                        raw, bytes_of(protocols), static_cast<unsigned int>(protocols.size())) == 0;
  if (!done) {
    return fail({.kind = ErrorKind::internal, .code = tls_failed, .message = take_openssl_error()});
  }
  return {};
}

TlsContext::TlsContext(std::unique_ptr<Library> library) : library_(std::move(library)) {}

TlsContext::~TlsContext() = default;

Result<std::unique_ptr<TlsContext>> TlsContext::create(const KeyPair& key, Options options) {
  SKERRY_ASSERT(!options.protocols.empty() && options.accept != nullptr);
  // A machine's openssl.cnf must not loosen or tighten what is decided here.
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  SKERRY_TRY(const EvpKey loaded, load_key(key));
  SKERRY_TRY(const Certificate certificate, make_certificate(loaded.get()));
  auto library = std::make_unique<Library>();
  library->protocols = encode_protocols(options.protocols);
  library->options = std::move(options);
  library->context.reset(SSL_CTX_new(TLS_method()));
  if (library->context == nullptr) {
    return fail({.kind = ErrorKind::internal, .code = tls_failed, .message = take_openssl_error()});
  }
  SKERRY_CHECK(library->configure(loaded.get(), certificate.get()));
  return std::unique_ptr<TlsContext>(new TlsContext(std::move(library)));
}

Result<std::unique_ptr<Stream>> TlsContext::open(EventLoop& loop,
                                                 Descriptor socket,
                                                 StreamHandler& handler,
                                                 const StreamOptions& options) {
  const bool is_server = library_->options.role == Role::server;
  SKERRY_TRY(std::unique_ptr<TlsTransport> transport,
             TlsTransport::create(library_->context.get(), socket.get(), is_server));
  return Stream::create(loop, std::move(socket), std::move(transport), handler, options);
}

std::function<bool(const PublicKey&)> any_of(std::vector<PublicKey> keys) {
  return [keys = std::move(keys)](const PublicKey& key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  };
}

}  // namespace skerry::os
