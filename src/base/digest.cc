#include "base/digest.h"

#include <algorithm>

#include "base/text.h"

namespace skerry {
namespace {

constexpr ErrorCode bad_digest{"bad_digest"};
constexpr std::string_view prefix = "sha256:";

}  // namespace

std::string to_string(const Digest& digest) {
  return std::string(prefix) + to_hex(digest.view());
}

std::string short_name(const Digest& digest) {
  return to_hex(digest.view().substr(0, 6));
}

Result<Digest> parse_digest(std::string_view text) {
  if (text.starts_with(prefix)) {
    text.remove_prefix(prefix.size());
  }
  const Result<std::string> bytes = from_hex(text);
  if (!bytes || bytes->size() != sizeof(Digest::bytes)) {
    return fail({.kind = ErrorKind::invalid,
                 .code = bad_digest,
                 .message = "a digest is \"sha256:\" and 64 hexadecimal digits"});
  }
  return digest_from_bytes(*bytes);
}

Result<Digest> digest_from_bytes(std::string_view bytes) {
  Digest digest;
  if (bytes.size() != digest.bytes.size()) {
    return fail({.kind = ErrorKind::invalid,
                 .code = bad_digest,
                 .message = "a digest has 32 bytes, not " + std::to_string(bytes.size())});
  }
  std::ranges::copy(bytes, digest.bytes.begin());
  return digest;
}

}  // namespace skerry
