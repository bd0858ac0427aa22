#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "os/stream.h"

namespace skerry::os {

/// TLS 1.3 with a key on both sides: who may speak is decided by public key and by nothing else.
///
/// Each side shows a self-made certificate around its P-256 key, and the handshake proves that it
/// holds the private half. Names, issuers and dates in certificates mean nothing, so none can
/// expire. There is no plaintext, no older version, no session without a peer key, and no switch
/// for any of them. Sessions are not resumed and hold no early data; a resumption by pre-shared key
/// would be one more thing an `Options` may carry, without a change for those who use streams.
class TlsContext {
 public:
  enum class Role : std::uint8_t { client, server };

  struct Options {
    Role role = Role::client;
    /// ALPN names, the most wanted first. A peer that agrees to none of them is refused.
    std::vector<std::string> protocols = {};
    /// Whether a peer with this key may go on. Called during each handshake; must not touch
    /// streams. It is a hint of the past once the session lives: revocation must also cut live
    /// streams.
    std::function<bool(const PublicKey&)> accept = {};
  };

  /// @param key  its private half is PKCS#8 DER; `key_unusable` where it is not, or not its public
  ///             half's
  static Result<std::unique_ptr<TlsContext>> create(const KeyPair& key, Options options);

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  /// Starts the handshake on a connected socket. On failure `on_closed` gets `peer_key_refused` (we
  /// refused), `tls_refused` (the peer did), `tls_failed`, `connection_lost` or `timed_out`.
  ///
  /// A client whose key the server refuses learns it after `on_open`, by `tls_refused`: in TLS 1.3
  /// the server judges last.
  ///
  /// @param loop, handler  outlive the stream, as does this context
  Result<std::unique_ptr<Stream>> open(EventLoop& loop,
                                       Descriptor socket,
                                       StreamHandler& handler,
                                       const StreamOptions& options);

 private:
  struct Library;  // What the TLS library needs; its types stay out of this header.

  explicit TlsContext(std::unique_ptr<Library> library);

  std::unique_ptr<Library> library_;
};

/// An `accept` for a client that knows its servers' keys.
std::function<bool(const PublicKey&)> any_of(std::vector<PublicKey> keys);

}  // namespace skerry::os
