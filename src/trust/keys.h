#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/crypto.h"
#include "base/disk.h"
#include "base/result.h"
#include "document/trust_document.h"

namespace skerry::trust {

/// The keys of one installation, each in its own file, so that any of them can live elsewhere.
/// What may run (author) and when it runs (planner) are different keys; root, assign and author
/// may be taken off the server (D14).
enum class KeyRole : std::uint8_t { root, author, planner, enrol, assign, server };

inline constexpr KeyRole key_roles[] = {KeyRole::root,
                                        KeyRole::author,
                                        KeyRole::planner,
                                        KeyRole::enrol,
                                        KeyRole::assign,
                                        KeyRole::server};

/// "root.key", "author.key", …
std::string_view file_name(KeyRole role);
/// What a key of that role may sign.
document::TrustedKey::Right right_of(KeyRole role);

/// The keys that are here.
class KeyRing {
 public:
  void add(KeyRole role, KeyPair key) { keys_.insert_or_assign(role, std::move(key)); }

  [[nodiscard]] bool has(KeyRole role) const { return keys_.contains(role); }

  /// The key, which must be here.
  [[nodiscard]] const KeyPair& get(KeyRole role) const;
  /// `key_missing` where it is kept elsewhere; the message names its file.
  [[nodiscard]] Result<KeyPair> find(KeyRole role) const;

 private:
  std::map<KeyRole, KeyPair> keys_;
};

/// Makes a fresh key for every role, without files: tests and the simulator.
Result<KeyRing> make_keys(Crypto& crypto);

/// Makes and writes the keys of a new installation; the directory's files are 0600 by `Disk`.
///
/// A file that is already there is read instead of replaced, so that an initialisation that was cut
/// short can be run again. Call it for a new installation only: where a key was taken off the
/// server on purpose, this would make another.
Result<KeyRing> create_keys(Disk& disk, Crypto& crypto);

/// Reads the key files that are there; an absent one leaves its role empty. `key_damaged` names the
/// file that is not a key.
Result<KeyRing> load_keys(Disk& disk, const Crypto& crypto);

/// Puts a fresh key in the place of the one in the role's file, which is gone after that.
Result<KeyPair> replace_key(Disk& disk, KeyRole role, Crypto& crypto);

/// A private key as PEM (RFC 7468 "PRIVATE KEY", PKCS#8, no passphrase), as `openssl` reads it.
Secret to_pem(const Secret& private_key);
/// `key_damaged` where it is not exactly one such block.
Result<Secret> from_pem(std::string_view text);

/// The first trust document: version 1, threshold 1, every key of the ring with its one right. It
/// needs all of them.
document::Trust first_trust(const KeyRing& keys);

}  // namespace skerry::trust
