#include "server/recovery/recovery.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "document/codec.h"
#include "server/charters/charters.h"
#include "trust/judge.h"
#include "trust/opened.h"

namespace skerry::recovery {

namespace {

using document::TrustedKey;

/// Sites whose charters go into one transaction.
constexpr std::size_t sites_at_once = 1000;

const store::Actor restorer{.name = "restore", .method = "internal"};

Result<document::Trust> read_trust(const std::string& envelope, const Crypto& crypto) {
  SKERRY_TRY(const trust::Opened opened, trust::open_envelope(envelope, crypto));
  return trust::recall<document::Trust>(envelope, opened.digest, crypto);
}

/// Above every term of an earlier restore, of which this store may know nothing: each is made at a
/// later second.
std::uint64_t term_of(WallTime now) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
}

Result<store::Change> next_charters(const std::vector<store::SiteRow>& sites,
                                    const charters::Signers& signers,
                                    std::uint64_t term) {
  store::Change change{.by = restorer};
  for (const store::SiteRow& site : sites) {
    if (!site.ended && !site.charter.empty()) {
      SKERRY_TRY(store::SetCharter charter, charters::next_term(signers, site, term));
      change.operations.emplace_back(std::move(charter));
    }
  }
  return change;
}

Status renew_charters(store::Reader& reader,
                      store::Writer& writer,
                      const charters::Signers& signers,
                      std::uint64_t term) {
  store::SiteNumber after = 0;
  for (;;) {
    SKERRY_TRY(const std::vector<store::SiteRow> page, reader.sites(after, sites_at_once));
    if (page.empty()) {
      return {};
    }
    SKERRY_TRY(store::Change change, next_charters(page, signers, term));
    SKERRY_TRY(const store::Outcome outcome, writer.apply(std::move(change)));
    after = page.back().number;
  }
}

/// Decisions of an earlier restore say nothing about this one.
Status forget_decisions(store::Reader& reader, store::Change& change) {
  std::string after;
  for (;;) {
    SKERRY_TRY(const std::vector<store::ObjectRow> page,
               reader.objects(decision_kind, after, sites_at_once));
    if (page.empty()) {
      return {};
    }
    for (const store::ObjectRow& row : page) {
      change.operations.emplace_back(store::DeleteObject{.kind = row.kind, .name = row.name});
    }
    after = page.back().name;
  }
}

}  // namespace

Result<Contents> verify(store::Reader& reader, const Crypto& crypto) {
  SKERRY_CHECK(reader.check(store::Reader::Depth::whole));
  SKERRY_CHECK(reader.verify_audit(crypto));
  SKERRY_TRY(const std::vector<std::string> chain, reader.trusts_since(0));
  for (const std::string& envelope : chain) {
    SKERRY_TRY(const document::Trust trust, read_trust(envelope, crypto));
  }
  SKERRY_TRY(const store::Head head, reader.head());
  Contents contents{.revision = head.revision};
  if (head.revision > 0) {
    SKERRY_TRY(const std::vector<store::AuditRow> last, reader.audit(head.revision - 1, 1));
    contents.changed_at = last.empty() ? WallTime{} : last.front().time;
  }
  SKERRY_TRY(contents.stacks, reader.count_objects("Stack"));
  SKERRY_TRY(contents.sites, reader.count_objects("Site"));
  return contents;
}

Status begin(store::Reader& reader, store::Writer& writer, const Outside& outside) {
  Crypto& crypto = *outside.crypto;
  SKERRY_TRY(trust::KeyRing keys, trust::load_keys(*outside.keys_disk, crypto));
  SKERRY_TRY(const KeyPair assign, keys.find(trust::KeyRole::assign));
  SKERRY_TRY(const KeyPair planner,
             trust::replace_key(*outside.keys_disk, trust::KeyRole::planner, crypto));
  keys.add(trust::KeyRole::planner, planner);

  store::Change change{.by = restorer};
  change.operations.emplace_back(store::BeginRecovery{});
  SKERRY_CHECK(forget_decisions(reader, change));
  change.operations.emplace_back(
      store::PutObject{.kind = std::string(restore_kind), .name = std::string(restore_name)});
  SKERRY_TRY(const store::Outcome outcome, writer.apply(std::move(change)));
  return renew_charters(reader,
                        writer,
                        {.keys = &keys, .crypto = &crypto, .brings_planner = true},
                        term_of(outside.clock->wall()));
}

Result<bool> brings_planner(store::Reader& reader, const KeyPair& planner, const Crypto& crypto) {
  SKERRY_TRY(const std::vector<std::string> chain, reader.trusts_since(0));
  if (chain.empty()) {
    return false;
  }
  SKERRY_TRY(const document::Trust newest, read_trust(chain.back(), crypto));
  return std::ranges::none_of(newest.keys, [&](const TrustedKey& key) {
    return key.key == planner.public_key && trust::has_right(key, TrustedKey::Right::plan);
  });
}

}  // namespace skerry::recovery
