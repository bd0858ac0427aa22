#include "agent/core/identity.h"

#include <algorithm>

#include "trust/keys.h"

namespace skerry::agent {
namespace {

constexpr const char* current_name = "identity.key";
constexpr const char* next_name = "identity.next.key";
constexpr std::size_t key_file_bytes_max = 4096;

Result<std::optional<KeyPair>> read_key(Disk& disk, const Crypto& crypto, const char* name) {
  Result<std::string> text = read_whole(disk, name, key_file_bytes_max);
  if (!text && text.error().code == file_not_found) {
    return std::optional<KeyPair>();
  }
  if (!text) {
    return fail(std::move(text).error());
  }
  SKERRY_TRY(const Secret private_key, trust::from_pem(*text));
  SKERRY_TRY(KeyPair key, crypto.load(private_key));
  return std::optional<KeyPair>(std::move(key));
}

Status write_key(Disk& disk, const char* name, const KeyPair& key) {
  return write_atomically(disk, name, trust::to_pem(key.private_key).reveal());
}

}  // namespace

Result<Identity> Identity::open(Disk& disk, Crypto& crypto) {
  Identity identity;
  SKERRY_TRY(std::optional<KeyPair> current, read_key(disk, crypto, current_name));
  if (!current) {
    SKERRY_TRY(current, crypto.generate());
    SKERRY_CHECK(write_key(disk, current_name, *current));
  }
  identity.current_ = *std::move(current);
  SKERRY_TRY(identity.next_, read_key(disk, crypto, next_name));
  return identity;
}

Result<KeyPair> Identity::begin_rekey(Disk& disk, Crypto& crypto) {
  if (!next_) {
    SKERRY_TRY(KeyPair key, crypto.generate());
    SKERRY_CHECK(write_key(disk, next_name, key));
    next_ = std::move(key);
  }
  return *next_;
}

Result<bool> Identity::settle(Disk& disk, const document::Charter& charter) {
  const bool names_next =
      next_ && std::ranges::find(charter.site_keys, next_->public_key) != charter.site_keys.end();
  if (!names_next) {
    return false;
  }
  SKERRY_CHECK(disk.rename(next_name, current_name));
  SKERRY_CHECK(disk.sync_directory());
  current_ = *std::move(next_);
  next_.reset();
  use_next_ = false;
  return true;
}

}  // namespace skerry::agent
