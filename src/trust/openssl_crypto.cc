#include "trust/openssl_crypto.h"

#include <array>
#include <string>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/x509.h>

#include "base/assert.h"
#include "trust/codes.h"

namespace skerry::trust {

namespace {

template <auto free_it>
struct Free {
  template <class T>
  void operator()(T* pointer) const {
    free_it(pointer);
  }
};

using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Free<PKCS8_PRIV_KEY_INFO_free>>;

/// A P-256 signature in DER has at most 72 bytes; anything longer is not one.
constexpr std::size_t signature_bytes_max = 72;
constexpr std::array<char, 6> group_name{"P-256"};

const unsigned char* unsigned_bytes(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

Error failed(std::string message) {
  // The queue is per thread and would otherwise be read as the reason of a later failure.
  ERR_clear_error();
  return {.kind = ErrorKind::internal, .code = crypto_failed, .message = std::move(message)};
}

Error not_a_key() {
  ERR_clear_error();
  return {.kind = ErrorKind::invalid,
          .code = key_damaged,
          .message = "it is not a P-256 private key in PKCS#8"};
}

bool is_p256(const EVP_PKEY* key) {
  std::array<char, 32> name{};
  return EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) == 1 &&
         (std::string_view(name.data()) == "prime256v1" ||
          std::string_view(name.data()) == group_name.data());
}

Result<PublicKey> public_half(const EVP_PKEY* key) {
  PublicKey half;
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(
          key, OSSL_PKEY_PARAM_PUB_KEY, half.bytes.data(), half.bytes.size(), &size) != 1 ||
      size != half.bytes.size() || half.bytes[0] != POINT_CONVERSION_UNCOMPRESSED) {
    return fail(not_a_key());
  }
  return half;
}

Key parse_private(std::string_view der) {
  const unsigned char* at = unsigned_bytes(der);
  const Pkcs8 info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  if (!info || at != unsigned_bytes(der) + der.size()) {
    return nullptr;
  }
  Key key(EVP_PKCS82PKEY(info.get()));
  return key && is_p256(key.get()) ? std::move(key) : nullptr;
}

Result<Secret> to_pkcs8(const EVP_PKEY* key) {
  const Pkcs8 info(EVP_PKEY2PKCS8(key));
  unsigned char* der = nullptr;
  const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der) : -1;
  if (size <= 0) {
    return fail(failed("a private key cannot be encoded"));
  }
  Secret secret(std::string(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)));
  OPENSSL_clear_free(der, static_cast<std::size_t>(size));
  return secret;
}

}  // namespace

struct OpenSslCrypto::Algorithms {
  std::unique_ptr<EVP_MD, Free<EVP_MD_free>> sha256{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  KeyContext p256{EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr)};

  [[nodiscard]] Key parse_public(const PublicKey& key) const;
};

// OpenSSL 3.0 takes the parameters as non-const and does not write to them.
Key OpenSslCrypto::Algorithms::parse_public(const PublicKey& key) const {
  std::array<char, group_name.size()> group = group_name;
  PublicKey copy = key;
  const std::array<OSSL_PARAM, 3> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
      OSSL_PARAM_construct_octet_string(
          OSSL_PKEY_PARAM_PUB_KEY, copy.bytes.data(), copy.bytes.size()),
      OSSL_PARAM_construct_end()};
  const KeyContext context(EVP_PKEY_CTX_dup(p256.get()));
  EVP_PKEY* parsed = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(),
                        &parsed,
                        EVP_PKEY_PUBLIC_KEY,
                        const_cast<OSSL_PARAM*>(parameters.data())) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return Key(parsed);
}

OpenSslCrypto::OpenSslCrypto() : algorithms_(std::make_unique<Algorithms>()) {
  SKERRY_ASSERT(algorithms_->sha256 != nullptr);
  SKERRY_ASSERT(algorithms_->p256 != nullptr);
}

OpenSslCrypto::~OpenSslCrypto() = default;

Digest OpenSslCrypto::sha256(std::string_view bytes) const {
  Digest digest;
  const int done = EVP_Digest(
      bytes.data(), bytes.size(), digest.bytes.data(), nullptr, algorithms_->sha256.get(), nullptr);
  SKERRY_ASSERT(done == 1);
  return digest;
}

Result<KeyPair> OpenSslCrypto::generate() {
  const Key key(EVP_EC_gen(group_name.data()));
  if (!key) {
    return fail(failed("a key cannot be made"));
  }
  SKERRY_TRY(const PublicKey half, public_half(key.get()));
  SKERRY_TRY(Secret secret, to_pkcs8(key.get()));
  return KeyPair{.public_key = half, .private_key = std::move(secret)};
}

Result<KeyPair> OpenSslCrypto::load(Secret private_key) const {
  const Key key = parse_private(private_key.reveal());
  if (!key) {
    return fail(not_a_key());
  }
  SKERRY_TRY(const PublicKey half, public_half(key.get()));
  return KeyPair{.public_key = half, .private_key = std::move(private_key)};
}

Result<std::string> OpenSslCrypto::sign(const KeyPair& key, std::string_view message) {
  const Key parsed = parse_private(key.private_key.reveal());
  if (!parsed) {
    return fail(not_a_key());
  }
  const Digest digest = sha256(message);
  const KeyContext context(EVP_PKEY_CTX_new(parsed.get(), nullptr));
  std::string signature(signature_bytes_max, '\0');
  std::size_t size = signature.size();
  if (!context || EVP_PKEY_sign_init(context.get()) != 1 ||
      EVP_PKEY_sign(context.get(),
                    reinterpret_cast<unsigned char*>(signature.data()),
                    &size,
                    digest.bytes.data(),
                    digest.bytes.size()) != 1) {
    return fail(failed("signing failed"));
  }
  signature.resize(size);
  return signature;
}

bool OpenSslCrypto::verify(const PublicKey& key,
                           std::string_view message,
                           std::string_view signature) const {
  if (signature.size() > signature_bytes_max) {
    return false;
  }
  const Key parsed = algorithms_->parse_public(key);
  if (!parsed) {
    return false;
  }
  const Digest digest = sha256(message);
  const KeyContext context(EVP_PKEY_CTX_new(parsed.get(), nullptr));
  const bool good = context && EVP_PKEY_verify_init(context.get()) == 1 &&
                    EVP_PKEY_verify(context.get(),
                                    unsigned_bytes(signature),
                                    signature.size(),
                                    digest.bytes.data(),
                                    digest.bytes.size()) == 1;
  if (!good) {
    ERR_clear_error();
  }
  return good;
}

}  // namespace skerry::trust
