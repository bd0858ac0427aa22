#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "base/secret.h"

namespace skerry {

/// A P-256 public key: the uncompressed point of SEC 1, 0x04 and two coordinates.
struct PublicKey {
  std::array<std::uint8_t, 65> bytes{};

  friend auto operator<=>(const PublicKey&, const PublicKey&) = default;

  [[nodiscard]] std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

/// A private key as its crypto keeps it (PKCS#8 DER for the real one), with the public half.
struct KeyPair {
  PublicKey public_key;
  Secret private_key;
};

/// The primitives everything in `trust` is built from. The process uses OpenSSL; the simulator
/// mostly a keyed hash, because thousands of seeds a minute cannot afford curves.
class Crypto {
 public:
  Crypto() = default;
  Crypto(const Crypto&) = delete;
  Crypto& operator=(const Crypto&) = delete;
  virtual ~Crypto() = default;

  [[nodiscard]] virtual Digest sha256(std::string_view bytes) const = 0;
  virtual Result<KeyPair> generate() = 0;
  /// The pair of a private key that was stored; `invalid` where it is none of this crypto's.
  [[nodiscard]] virtual Result<KeyPair> load(Secret private_key) const = 0;
  /// ECDSA over SHA-256 of `message`; DER.
  virtual Result<std::string> sign(const KeyPair& key, std::string_view message) = 0;
  [[nodiscard]] virtual bool verify(const PublicKey& key,
                                    std::string_view message,
                                    std::string_view signature) const = 0;
};

/// A key's name: the SHA-256 of its 65 bytes.
inline Digest key_id(const Crypto& crypto, const PublicKey& key) {
  return crypto.sha256(key.view());
}

}  // namespace skerry
