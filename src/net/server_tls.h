#pragma once

#include <memory>

#include "base/crypto.h"
#include "base/result.h"
#include "os/transport.h"

namespace skerry::net {

/// TLS 1.3 for peers that show no key: they prove who they are by a token inside. The certificate
/// is made of the server's own key, so that clients can pin that.
class ServerTls {
 public:
  /// @param key  P-256, its private half PKCS#8 DER; `key_unusable` where it is not
  static Result<std::unique_ptr<ServerTls>> create(const KeyPair& key);

  ServerTls(const ServerTls&) = delete;
  ServerTls& operator=(const ServerTls&) = delete;
  ~ServerTls();

  /// One session over a connected socket, which stays the caller's.
  Result<std::unique_ptr<os::Transport>> open(int socket);

 private:
  struct Library;  // What OpenSSL needs; its types stay out of this header.

  explicit ServerTls(std::unique_ptr<Library> library);

  std::unique_ptr<Library> library_;
};

}  // namespace skerry::net
