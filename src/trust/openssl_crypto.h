#pragma once

#include <memory>

#include "base/crypto.h"

namespace skerry::trust {

/// The real `Crypto`: P-256 and SHA-256 by OpenSSL 3, private keys as PKCS#8 DER.
///
/// Holds only fetched algorithms, so one serves any number of threads.
class OpenSslCrypto final : public Crypto {
 public:
  OpenSslCrypto();
  ~OpenSslCrypto() override;

  [[nodiscard]] Digest sha256(std::string_view bytes) const override;
  Result<KeyPair> generate() override;
  [[nodiscard]] Result<KeyPair> load(Secret private_key) const override;
  Result<std::string> sign(const KeyPair& key, std::string_view message) override;
  [[nodiscard]] bool verify(const PublicKey& key,
                            std::string_view message,
                            std::string_view signature) const override;

 private:
  struct Algorithms;
  std::unique_ptr<Algorithms> algorithms_;
};

}  // namespace skerry::trust
