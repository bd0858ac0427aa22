#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

/// Slow hashes of what people choose. Each call takes tens of milliseconds and 19 MiB: not for a
/// thread that others wait for.
namespace skerry::auth {

inline constexpr std::size_t password_size_min = 8;
inline constexpr std::size_t password_size_max = 1024;

/// argon2id with 19 MiB, two passes, one lane (the OWASP password storage cheat sheet's first
/// choice), in its usual text form.
Result<std::string> hash_password(const Secret& password, Random& random);

/// Whether the password is the one of this hash.
bool verify_password(const std::string& hash, const Secret& password);

/// A hash that no password has: checked for a user that is not there, so that the answer takes as
/// long as for one that is.
const std::string& hash_of_nobody();

}  // namespace skerry::auth
