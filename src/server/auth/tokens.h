#pragma once

#include <string>
#include <string_view>

#include "base/crypto.h"
#include "base/random.h"
#include "base/secret.h"
#include "server/store/change.h"

/// Secrets that the server makes. Only their hashes are kept, so each is seen once.
namespace skerry::auth {

struct NewToken {
  Secret text = {};
  Digest hash = {};
};

/// 256 random bits behind a prefix by which scanners and people know it: "sk_" acts for a user,
/// "sks_" is a session, "ske_" lets a site in.
NewToken make_token(store::TokenRow::Kind kind, Random& random, const Crypto& crypto);

/// The kind of token a text looks like; `unspecified` for what is none of ours.
store::TokenRow::Kind kind_of_token(std::string_view text);

/// A code of 100 bits that is typed once: "7KQ2M-…", four groups of five.
NewToken make_setup_code(Random& random, const Crypto& crypto);

/// The hash of a code as somebody typed it, in any case, with or without dashes.
Digest hash_of_setup_code(std::string_view typed, const Crypto& crypto);

/// Makes a code that opens a server without users, for the process to print where only its operator
/// sees it. Earlier codes stay good until one is used.
struct SetupOffer {
  Secret code = {};
  store::Change change = {};
};

SetupOffer offer_setup(Random& random, const Crypto& crypto);

}  // namespace skerry::auth
