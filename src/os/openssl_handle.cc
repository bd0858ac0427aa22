#include "os/openssl_handle.h"

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include "os/codes.h"

namespace skerry::os {

namespace {

Error key_error(std::string message) {
  return {.kind = ErrorKind::invalid, .code = key_unusable, .message = std::move(message)};
}

int socket_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int bio_write(BIO* bio, const char* bytes, int size) {
  const ssize_t count = ::send(socket_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  BIO_clear_retry_flags(bio);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    BIO_set_retry_write(bio);
  }
  return static_cast<int>(count);
}

int bio_read(BIO* bio, char* buffer, int size) {
  const ssize_t count = ::recv(socket_of(bio), buffer, static_cast<std::size_t>(size), 0);
  BIO_clear_retry_flags(bio);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    BIO_set_retry_read(bio);
  }
  return static_cast<int>(count);
}

long bio_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/// Made once and kept: the library asks for one method for the life of the process.
BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "skerry socket");
    if (made != nullptr) {
      BIO_meth_set_write(made, bio_write);
      BIO_meth_set_read(made, bio_read);
      BIO_meth_set_ctrl(made, bio_control);
    }
    return made;
  }();
  return method;
}

}  // namespace

std::string take_openssl_error() {
  const unsigned long code = ERR_get_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  std::string text = reason == nullptr ? "no reason given" : reason;
  ERR_clear_error();
  return text;
}

bool read_public_key(EVP_PKEY* key, PublicKey& out) {
  char group[32] = {};
  if (key == nullptr || EVP_PKEY_is_a(key, "EC") != 1 ||
      EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) != 1 ||
      std::strcmp(group, "prime256v1") != 0) {
    return false;
  }
  std::size_t size = 0;
  return EVP_PKEY_get_octet_string_param(
             key, OSSL_PKEY_PARAM_PUB_KEY, out.bytes.data(), out.bytes.size(), &size) == 1 &&
         size == out.bytes.size() && out.bytes[0] == 4;
}

Result<EvpKey> load_key(const KeyPair& key) {
  const std::string_view der = key.private_key.reveal();
  const auto* cursor = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, OpensslFree<PKCS8_PRIV_KEY_INFO_free>> info(
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &cursor, static_cast<long>(der.size())));
  EvpKey loaded(info == nullptr ? nullptr : EVP_PKCS82PKEY(info.get()));
  if (loaded == nullptr) {
    return fail(key_error("the private key is not PKCS#8: " + take_openssl_error()));
  }
  PublicKey half;
  if (!read_public_key(loaded.get(), half) || half != key.public_key) {
    return fail(key_error("the private key is not of P-256, or not of this public key"));
  }
  return loaded;
}

Result<Certificate> make_certificate(EVP_PKEY* key) {
  Certificate made(X509_new());
  X509_NAME* name = made == nullptr ? nullptr : X509_get_subject_name(made.get());
  const auto* text = reinterpret_cast<const unsigned char*>("skerry");
  // RFC 5280 §4.1.2.5 has this last moment for a certificate with no good end.
  const bool done = name != nullptr && X509_set_version(made.get(), X509_VERSION_3) == 1 &&
                    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1) == 1 &&
                    ASN1_TIME_set_string(X509_getm_notBefore(made.get()), "20000101000000Z") == 1 &&
                    ASN1_TIME_set_string(X509_getm_notAfter(made.get()), "99991231235959Z") == 1 &&
                    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1 &&
                    X509_set_issuer_name(made.get(), name) == 1 &&
                    X509_set_pubkey(made.get(), key) == 1 &&
                    X509_sign(made.get(), key, EVP_sha256()) > 0;
  if (!done) {
    return fail(key_error("no certificate can be made of the key: " + take_openssl_error()));
  }
  return made;
}

BIO* make_socket_bio(int socket) {
  BIO* bio = socket_method() == nullptr ? nullptr : BIO_new(socket_method());
  if (bio != nullptr) {
    // The number in the pointer's place saves an allocation for each link.
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
    BIO_set_init(bio, 1);
  }
  return bio;
}

}  // namespace skerry::os
