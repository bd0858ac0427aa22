#include "trust/keys.h"

#include <utility>

#include "base/assert.h"
#include "base/text.h"
#include "trust/codes.h"

namespace skerry::trust {

using document::TrustedKey;

namespace {

/// A P-256 key in PEM has about 240 bytes; a file far above that is something else.
constexpr std::size_t key_file_bytes_max = 4096;
/// RFC 7468: lines of exactly 64 characters but for the last.
constexpr std::size_t pem_line = 64;
constexpr std::string_view pem_begin = "-----BEGIN PRIVATE KEY-----\n";
constexpr std::string_view pem_end = "-----END PRIVATE KEY-----\n";

Error damaged(std::string message) {
  return {.kind = ErrorKind::invalid, .code = key_damaged, .message = std::move(message)};
}

Result<KeyPair> read_key(Disk& disk, const Crypto& crypto, KeyRole role) {
  const std::string name(file_name(role));
  Result<std::string> text = read_whole(disk, name, key_file_bytes_max);
  if (!text) {
    return fail(std::move(text).error());
  }
  const Secret pem(*std::move(text));
  Result<Secret> bytes = from_pem(pem.reveal());
  Result<KeyPair> key = bytes ? crypto.load(*std::move(bytes)) : fail(std::move(bytes).error());
  if (!key) {
    return fail(damaged(name + " is not a key: " + key.error().message));
  }
  return key;
}

Result<KeyPair> write_key(Disk& disk, Crypto& crypto, KeyRole role) {
  SKERRY_TRY(KeyPair key, crypto.generate());
  const Secret pem = to_pem(key.private_key);
  SKERRY_CHECK(write_atomically(disk, file_name(role), pem.reveal()));
  return key;
}

bool is_absent(const Error& error) {
  return error.kind == ErrorKind::not_found || error.code == file_not_found;
}

}  // namespace

std::string_view file_name(KeyRole role) {
  switch (role) {
    case KeyRole::root:
      return "root.key";
    case KeyRole::author:
      return "author.key";
    case KeyRole::planner:
      return "planner.key";
    case KeyRole::enrol:
      return "enrol.key";
    case KeyRole::assign:
      return "assign.key";
    case KeyRole::server:
      return "server.key";
  }
  return "";
}

TrustedKey::Right right_of(KeyRole role) {
  switch (role) {
    case KeyRole::root:
      return TrustedKey::Right::root;
    case KeyRole::author:
      return TrustedKey::Right::author;
    case KeyRole::planner:
      return TrustedKey::Right::plan;
    case KeyRole::enrol:
      return TrustedKey::Right::enrol;
    case KeyRole::assign:
      return TrustedKey::Right::assign;
    case KeyRole::server:
      return TrustedKey::Right::serve;
  }
  return TrustedKey::Right::unspecified;
}

const KeyPair& KeyRing::get(KeyRole role) const {
  const auto found = keys_.find(role);
  SKERRY_ASSERT(found != keys_.end());
  return found->second;
}

Result<KeyPair> KeyRing::find(KeyRole role) const {
  const auto found = keys_.find(role);
  if (found == keys_.end()) {
    return fail({.kind = ErrorKind::denied,
                 .code = key_missing,
                 .message = std::string(file_name(role)) + " is not kept on this server"});
  }
  return found->second;
}

Result<KeyRing> make_keys(Crypto& crypto) {
  KeyRing keys;
  for (const KeyRole role : key_roles) {
    SKERRY_TRY(KeyPair key, crypto.generate());
    keys.add(role, std::move(key));
  }
  return keys;
}

Result<KeyRing> create_keys(Disk& disk, Crypto& crypto) {
  SKERRY_TRY(KeyRing keys, load_keys(disk, crypto));
  for (const KeyRole role : key_roles) {
    if (!keys.has(role)) {
      SKERRY_TRY(KeyPair key, write_key(disk, crypto, role));
      keys.add(role, std::move(key));
    }
  }
  return keys;
}

Result<KeyRing> load_keys(Disk& disk, const Crypto& crypto) {
  KeyRing keys;
  for (const KeyRole role : key_roles) {
    Result<KeyPair> key = read_key(disk, crypto, role);
    if (key) {
      keys.add(role, *std::move(key));
    } else if (!is_absent(key.error())) {
      return fail(std::move(key).error());
    }
  }
  return keys;
}

Result<KeyPair> replace_key(Disk& disk, KeyRole role, Crypto& crypto) {
  return write_key(disk, crypto, role);
}

Secret to_pem(const Secret& private_key) {
  const Secret text(to_base64(private_key.reveal()));
  std::string pem(pem_begin);
  // Grown once, so that no copy of the key stays behind in freed memory.
  pem.reserve(pem.size() + text.reveal().size() * 2 + pem_end.size());
  for (std::size_t at = 0; at < text.reveal().size(); at += pem_line) {
    pem.append(text.reveal().substr(at, pem_line)).push_back('\n');
  }
  pem.append(pem_end);
  return Secret(std::move(pem));
}

Result<Secret> from_pem(std::string_view text) {
  if (!text.starts_with(pem_begin) || !text.ends_with(pem_end) ||
      text.size() < pem_begin.size() + pem_end.size()) {
    return fail(damaged("it has no PEM block of a private key"));
  }
  text.remove_prefix(pem_begin.size());
  text.remove_suffix(pem_end.size());
  std::string joined;
  joined.reserve(text.size());
  for (const std::string_view line : split(text, '\n')) {
    joined.append(line);
  }
  const Secret base64(std::move(joined));
  Result<std::string> bytes = from_base64(base64.reveal());
  if (!bytes) {
    return fail(damaged("its PEM block is not base64"));
  }
  return Secret(*std::move(bytes));
}

document::Trust first_trust(const KeyRing& keys) {
  document::Trust trust{.version = 1, .threshold = 1};
  for (const KeyRole role : key_roles) {
    trust.keys.push_back({.key = keys.get(role).public_key, .rights = {right_of(role)}});
  }
  return trust;
}

}  // namespace skerry::trust
