#pragma once

#include <optional>

#include "base/crypto.h"
#include "base/disk.h"
#include "base/result.h"
#include "document/charter.h"

namespace skerry::agent {

/// The site's own key, and the next one while the site is being re-keyed. Each in a file of its
/// own; it never expires (G19).
class Identity {
 public:
  /// Reads the key, or makes one where there never was any.
  static Result<Identity> open(Disk& disk, Crypto& crypto);

  /// The key to connect with now. While a re-key is not known to have arrived this may be either.
  [[nodiscard]] const KeyPair& key() const { return use_next_ ? *next_ : current_; }

  [[nodiscard]] bool is_rekeying() const { return next_.has_value(); }

  [[nodiscard]] std::optional<PublicKey> next_key() const {
    return next_ ? std::optional<PublicKey>(next_->public_key) : std::nullopt;
  }

  /// Makes the next key durable and returns it; the same one if it is asked for twice.
  Result<KeyPair> begin_rekey(Disk& disk, Crypto& crypto);
  /// A charter was accepted: if it names the next key, that is the identity from now on.
  /// Returns whether it is.
  Result<bool> settle(Disk& disk, const document::Charter& charter);

  /// The server refused this key: try the other one, if there is another.
  void try_other_key() { use_next_ = !use_next_ && next_.has_value(); }

 private:
  KeyPair current_;
  std::optional<KeyPair> next_;
  bool use_next_ = false;
};

}  // namespace skerry::agent
