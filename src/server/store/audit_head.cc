#include "server/store/audit_head.h"

#include <vector>

#include "base/text.h"
#include "server/store/audit.h"
#include "server/store/codes.h"

namespace skerry::store {
namespace {

/// What is signed begins with words that no document begins with.
std::string signed_text(const Head& head) {
  return "skerry audit head\n" + std::to_string(head.revision) + "\n" +
         to_hex(head.audit_hash.view());
}

tl::unexpected<Error> invalid(std::string message) {
  return fail({.kind = ErrorKind::invalid,
               .code = audit_head_invalid,
               .message = std::move(message),
               .field_path = "store"});
}

tl::unexpected<Error> broken(std::uint64_t revision, const std::string& why) {
  return fail({.kind = ErrorKind::internal,
               .code = audit_broken,
               .message = "audit row " + std::to_string(revision) + " " + why,
               .field_path = "store"});
}

struct SignedHead {
  Head head = {};
  std::string signature = {};
};

Result<SignedHead> parse(std::string_view word) {
  const std::vector<std::string_view> parts = split(word, ':');
  const auto revision = parts.size() == 3 ? parse_unsigned(parts[0]) : std::nullopt;
  if (!revision || *revision == 0) {
    return invalid("not a signed head");
  }
  const Result<std::string> hash = from_hex(parts[1]);
  const Result<Digest> digest = hash ? digest_from_bytes(*hash) : fail(hash.error());
  Result<std::string> signature = from_base64(parts[2]);
  if (!digest || !signature) {
    return invalid("not a signed head");
  }
  return SignedHead{.head = {.revision = *revision, .audit_hash = *digest},
                    .signature = *std::move(signature)};
}

}  // namespace

Result<std::string> sign_audit_head(const Head& head, const KeyPair& key, Crypto& crypto) {
  SKERRY_TRY(const std::string signature, crypto.sign(key, signed_text(head)));
  return std::to_string(head.revision) + ":" + to_hex(head.audit_hash.view()) + ":" +
         to_base64(signature);
}

Status check_audit_head(std::string_view word,
                        Reader& reader,
                        const PublicKey& key,
                        const Crypto& crypto) {
  SKERRY_TRY(const SignedHead said, parse(word));
  const std::uint64_t revision = said.head.revision;
  if (!crypto.verify(key, signed_text(said.head), said.signature)) {
    return invalid("the head of row " + std::to_string(revision) +
                   " is not signed by this server's key");
  }
  SKERRY_TRY(const std::vector<AuditRow> rows, reader.audit(revision - 1, 1));
  if (rows.empty() || rows.front().revision != revision) {
    return broken(revision, "is missing, and a signed head names it");
  }
  if (audit_hash(rows.front(), crypto) != said.head.audit_hash) {
    return broken(revision, "is not the one that a signed head names");
  }
  return {};
}

}  // namespace skerry::store
