#include "installation.h"

#include <algorithm>
#include <vector>

#include "document/codec.h"
#include "document/envelope.h"
#include "server/recovery/recovery.h"
#include "server/store/codes.h"
#include "server/store/reader.h"
#include "trust/judge.h"
#include "trust/sign.h"

namespace skerry::server {
namespace {

using document::TrustedKey;

/// Enough to tell another planner's store from one with a few sites of an older planner.
constexpr std::size_t sites_looked_at = 1000;

Result<document::Trust> read_trust(const std::string& envelope, const Crypto& crypto) {
  SKERRY_TRY(const document::Envelope opened, document::decode<document::Envelope>(envelope));
  return trust::recall<document::Trust>(envelope, crypto.sha256(opened.payload), crypto);
}

Result<Digest> root_of(const document::Trust& trust, const Crypto& crypto) {
  for (const TrustedKey& key : trust.keys) {
    if (std::ranges::find(key.rights, TrustedKey::Right::root) != key.rights.end()) {
      return key_id(crypto, key.key);
    }
  }
  return fail({.kind = ErrorKind::internal,
               .code = {"trust_without_root"},
               .message = "the stored trust document names no root key"});
}

Status write_first_trust(const trust::KeyRing& keys, store::Writer& writer, Crypto& crypto) {
  const document::Trust trust = trust::first_trust(keys);
  SKERRY_TRY(std::string envelope,
             trust::sign(trust::trust_payload(trust), keys.get(trust::KeyRole::root), crypto));
  store::Change change{.by = {.name = "skerryd", .method = "internal"}};
  change.operations.emplace_back(
      store::PutTrust{.version = trust.version, .envelope = std::move(envelope)});
  SKERRY_TRY(const store::Outcome outcome, writer.apply(std::move(change)));
  return {};
}

Status require(const trust::KeyRing& keys, trust::KeyRole role) {
  SKERRY_TRY(const KeyPair key, keys.find(role));
  return {};
}

/// A restore makes a new planner key. With an older copy of its file nothing would ever be planned,
/// and nobody told.
Status check_planner(store::Reader& reader, const KeyPair& planner, const Crypto& crypto) {
  const Digest id = key_id(crypto, planner.public_key);
  SKERRY_TRY(const std::vector<store::SiteRow> sites, reader.sites(0, sites_looked_at));
  const auto is_planned = [](const store::SiteRow& site) { return !site.planner.is_zero(); };
  const bool is_another =
      std::ranges::any_of(sites, is_planned) &&
      std::ranges::none_of(sites, [&](const store::SiteRow& site) { return site.planner == id; });
  if (!is_another) {
    return {};
  }
  return fail({.kind = ErrorKind::denied,
               .code = {"key_not_trusted"},
               .message = "planner.key is not the key that this store's sites listen to",
               .hint = "put the newest copy of it back, or run skerryd backup restore"});
}

Result<bool> has_keys(const Disk& keys_disk) {
  SKERRY_TRY(const std::vector<std::string> names, keys_disk.list());
  return std::ranges::any_of(trust::key_roles, [&](trust::KeyRole role) {
    return std::ranges::find(names, trust::file_name(role)) != names.end();
  });
}

/// What it means, and the two ways on.
Error explain_loss(Error lost) {
  lost.message +=
      ", but the keys of this installation are there: the store was lost. In a new one numbers"
      " would start over, and sites refuse what is numbered below what they have as a rollback";
  lost.hint =
      "put the database back, from where it went or from a backup; or start once with"
      " --accept-lost-store, and enrol every site anew";
  return lost;
}

}  // namespace

Result<std::unique_ptr<store::Writer>> open_writer(Disk& keys_disk,
                                                   const std::string& store_path,
                                                   AcceptLost accept,
                                                   const store::Environment& environment) {
  SKERRY_TRY(const bool in_use, has_keys(keys_disk));
  const bool refuse = in_use && accept == AcceptLost::no;
  auto writer = store::Writer::open(
      {.path = store_path,
       .absent = refuse ? store::Options::Absent::refuse : store::Options::Absent::make},
      environment);
  if (!writer && writer.error().code == store::store_lost) {
    return fail(explain_loss(std::move(writer).error()));
  }
  return writer;
}

Result<Installation> open_installation(Disk& keys_disk,
                                       store::Writer& writer,
                                       const std::string& store_path,
                                       Crypto& crypto) {
  SKERRY_TRY(const std::unique_ptr<store::Reader> reader, store::Reader::open(store_path));
  SKERRY_TRY(std::vector<std::string> chain, reader->trusts_since(0));
  Installation installation;
  if (chain.empty()) {
    SKERRY_TRY(installation.keys, trust::create_keys(keys_disk, crypto));
    SKERRY_CHECK(write_first_trust(installation.keys, writer, crypto));
    SKERRY_TRY(chain, reader->trusts_since(0));
  } else {
    SKERRY_TRY(installation.keys, trust::load_keys(keys_disk, crypto));
  }
  SKERRY_CHECK(require(installation.keys, trust::KeyRole::planner));
  SKERRY_CHECK(require(installation.keys, trust::KeyRole::server));
  const KeyPair& planner = installation.keys.get(trust::KeyRole::planner);
  SKERRY_CHECK(check_planner(*reader, planner, crypto));
  SKERRY_TRY(installation.brings_planner, recovery::brings_planner(*reader, planner, crypto));
  SKERRY_TRY(const document::Trust newest, read_trust(chain.back(), crypto));
  SKERRY_TRY(installation.root, root_of(newest, crypto));
  return installation;
}

}  // namespace skerry::server
