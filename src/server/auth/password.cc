#include "server/auth/password.h"

#include <array>
#include <vector>

#include <argon2.h>

#include "server/auth/codes.h"

namespace skerry::auth {

namespace {

constexpr std::uint32_t passes = 2;
constexpr std::uint32_t memory_kib = 19 * 1024;
constexpr std::uint32_t lanes = 1;
constexpr std::size_t salt_size = 16;
constexpr std::size_t hash_size = 32;

}  // namespace

Result<std::string> hash_password(const Secret& password, Random& random) {
  std::array<std::uint8_t, salt_size> salt{};
  random.fill(salt);
  std::vector<char> text(
      argon2_encodedlen(passes, memory_kib, lanes, salt_size, hash_size, Argon2_id));
  const int error = argon2id_hash_encoded(passes,
                                          memory_kib,
                                          lanes,
                                          password.reveal().data(),
                                          password.reveal().size(),
                                          salt.data(),
                                          salt.size(),
                                          hash_size,
                                          text.data(),
                                          text.size());
  if (error != ARGON2_OK) {
    return fail({.kind = ErrorKind::exhausted,
                 .code = hashing_failed,
                 .message = argon2_error_message(error)});
  }
  return std::string(text.data());
}

bool verify_password(const std::string& hash, const Secret& password) {
  return argon2id_verify(hash.c_str(), password.reveal().data(), password.reveal().size()) ==
         ARGON2_OK;
}

const std::string& hash_of_nobody() {
  static const std::string hash =
      "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA"
      "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  return hash;
}

}  // namespace skerry::auth
