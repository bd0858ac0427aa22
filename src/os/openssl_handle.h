#pragma once

#include <memory>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/crypto.h"
#include "base/result.h"

// Only for the sources that speak to OpenSSL; no other header includes this one.
namespace skerry::os {

/// Frees an OpenSSL object with its own function.
template <auto free_function>
struct OpensslFree {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};

using EvpKey = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, OpensslFree<X509_free>>;
using SslContext = std::unique_ptr<SSL_CTX, OpensslFree<SSL_CTX_free>>;
using SslSession = std::unique_ptr<SSL, OpensslFree<SSL_free>>;

/// The first reason in OpenSSL's queue as text; empties the queue.
std::string take_openssl_error();

/// The key of a `KeyPair`; `key_unusable` where it cannot be read or the halves differ.
Result<EvpKey> load_key(const KeyPair& key);

/// The uncompressed P-256 point; nothing for any other kind of key or form of point.
bool read_public_key(EVP_PKEY* key, PublicKey& out);

/// A certificate that says nothing but the key: valid at all times, for no name.
Result<Certificate> make_certificate(EVP_PKEY* key);

/// A BIO over a socket that stays the caller's. Writing never raises SIGPIPE.
BIO* make_socket_bio(int socket);

}  // namespace skerry::os
