#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/crypto.h"

namespace skerry::sim {

/// A stand-in for curves and SHA-256 that costs nanoseconds, for the simulator and tests ONLY: it
/// keeps every promise of `Crypto` towards honest code and towards an adversary who does not
/// compute signatures himself, and it is not secure. Never linked into a program that leaves this
/// house.
///
/// A signature is a hash of public key and message; `sign` makes one only for who has the private
/// key, of which the public one is a hash. Keys follow from the seed, so a run repeats bit for bit.
class FastCrypto final : public Crypto {
 public:
  explicit FastCrypto(std::uint64_t seed = 1) : seed_(seed) {}

  [[nodiscard]] Digest sha256(std::string_view bytes) const override { return hash(0, bytes); }

  Result<KeyPair> generate() override {
    const std::array<std::uint64_t, 2> state{seed_, ++generated_};
    const Digest secret = hash(private_domain, view_of(state));
    return load(Secret(std::string(secret.view())));
  }

  [[nodiscard]] Result<KeyPair> load(Secret private_key) const override {
    if (private_key.reveal().size() != Digest{}.bytes.size()) {
      return fail({.kind = ErrorKind::invalid,
                   .code = {"key_damaged"},
                   .message = "it is not a key of the simulator"});
    }
    const PublicKey half = public_half(private_key.reveal());
    return KeyPair{.public_key = half, .private_key = std::move(private_key)};
  }

  Result<std::string> sign(const KeyPair& key, std::string_view message) override {
    if (public_half(key.private_key.reveal()) != key.public_key) {
      return fail({.kind = ErrorKind::invalid,
                   .code = {"key_damaged"},
                   .message = "the private key is of another public key"});
    }
    return std::string(signature(key.public_key, message).view());
  }

  [[nodiscard]] bool verify(const PublicKey& key,
                            std::string_view message,
                            std::string_view bytes) const override {
    return signature(key, message).view() == bytes;
  }

 private:
  static constexpr std::uint64_t private_domain = 1;
  static constexpr std::uint64_t public_domain = 2;
  static constexpr std::uint64_t signature_domain = 3;

  template <class T>
  static std::string_view view_of(const T& value) {
    return {reinterpret_cast<const char*>(value.data()), sizeof(value)};
  }

  static PublicKey public_half(std::string_view private_key) {
    const Digest x = hash(public_domain, private_key);
    const Digest y = hash(public_domain, x.view());
    PublicKey key;
    key.bytes[0] = 0x04;
    std::copy(x.bytes.begin(), x.bytes.end(), key.bytes.begin() + 1);
    std::copy(y.bytes.begin(), y.bytes.end(), key.bytes.begin() + 33);
    return key;
  }

  static Digest signature(const PublicKey& key, std::string_view message) {
    const Digest name = hash(signature_domain, key.view());
    std::uint64_t domain = 0;
    std::memcpy(&domain, name.bytes.data(), sizeof(domain));
    return hash(domain | 1U, message);
  }

  /// The finaliser of splitmix64: every bit of the input reaches every bit of the output.
  static std::uint64_t mix(std::uint64_t word) {
    word = (word ^ (word >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    word = (word ^ (word >> 27U)) * 0x94D049BB133111EBULL;
    return word ^ (word >> 31U);
  }

  /// Four lanes, each of which takes in every word in another way.
  static Digest hash(std::uint64_t domain, std::string_view bytes) {
    std::array<std::uint64_t, 4> lanes{domain + 0x9E3779B97F4A7C15ULL,
                                       domain ^ 0xD1B54A32D192ED03ULL,
                                       domain + 0x8CB92BA72F3D8DD7ULL,
                                       domain ^ 0xAAAAAAAAAAAAAAABULL};
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + at, std::min(sizeof(word), bytes.size() - at));
      absorb(lanes, word);
    }
    absorb(lanes, bytes.size());
    absorb(lanes, lanes[0] ^ std::rotl(lanes[2], 17));
    Digest digest;
    std::memcpy(digest.bytes.data(), lanes.data(), digest.bytes.size());
    return digest;
  }

  static void absorb(std::array<std::uint64_t, 4>& lanes, std::uint64_t word) {
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
      lanes[lane] = mix(lanes[lane] + std::rotl(word, static_cast<int>(lane * 16)) + lane);
    }
  }

  std::uint64_t seed_;
  std::uint64_t generated_ = 0;
};

}  // namespace skerry::sim
