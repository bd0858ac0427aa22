#include "server/charters/charters.h"

#include <algorithm>

#include "document/codec.h"
#include "document/envelope.h"
#include "trust/judge.h"
#include "trust/sign.h"

namespace skerry::charters {

using document::Charter;
using document::PlanNumber;

namespace {

Result<store::SetCharter> signed_charter(const Signers& signers,
                                         const Charter& charter,
                                         PlanNumber number,
                                         const KeyPair& signer) {
  SKERRY_TRY(std::string envelope,
             trust::sign(trust::charter_payload(charter, number), signer, *signers.crypto));
  return store::SetCharter{.site = charter.site,
                           .term = number.term,
                           .seq = number.seq,
                           .envelope = std::move(envelope),
                           .key = key_id(*signers.crypto, charter.site_keys.front()),
                           .planner = charter.planner,
                           .ended = charter.state == Charter::State::ended};
}

/// Names our planner in a charter.
Status name_planner(const Signers& signers, Charter& charter) {
  SKERRY_TRY(const KeyPair planner, signers.keys->find(trust::KeyRole::planner));
  charter.planner = key_id(*signers.crypto, planner.public_key);
  charter.planner_keys.clear();
  if (signers.brings_planner) {
    charter.planner_keys.push_back(planner.public_key);
  }
  return {};
}

/// The charter after this one, in the same term.
Result<store::SetCharter> next(const Signers& signers,
                               const store::SiteRow& site,
                               const Charter& charter) {
  SKERRY_TRY(const KeyPair assign, signers.keys->find(trust::KeyRole::assign));
  return signed_charter(signers, charter, {.term = site.term, .seq = site.charter_seq + 1}, assign);
}

}  // namespace

Result<Charter> read(const store::SiteRow& site, const Crypto& crypto) {
  SKERRY_TRY(const document::Envelope envelope, document::decode<document::Envelope>(site.charter));
  return trust::recall<Charter>(site.charter, crypto.sha256(envelope.payload), crypto);
}

Result<store::SetCharter> first(const Signers& signers, const Uuid& site, const PublicKey& key) {
  const auto role = signers.brings_planner ? trust::KeyRole::assign : trust::KeyRole::enrol;
  SKERRY_TRY(const KeyPair signer, signers.keys->find(role));
  Charter charter{.site = site, .site_keys = {key}, .state = Charter::State::active};
  SKERRY_CHECK(name_planner(signers, charter));
  return signed_charter(signers, charter, {.term = 1, .seq = 1}, signer);
}

Result<store::SetCharter> rekeyed(const Signers& signers,
                                  const store::SiteRow& site,
                                  const PublicKey& key) {
  SKERRY_TRY(Charter charter, read(site, *signers.crypto));
  charter.site_keys = {key};
  return next(signers, site, charter);
}

Result<store::SetCharter> ended(const Signers& signers, const store::SiteRow& site) {
  SKERRY_TRY(Charter charter, read(site, *signers.crypto));
  charter.state = Charter::State::ended;
  return next(signers, site, charter);
}

Result<store::SetCharter> next_term(const Signers& signers,
                                    const store::SiteRow& site,
                                    std::uint64_t at_least) {
  SKERRY_TRY(Charter charter, read(site, *signers.crypto));
  SKERRY_TRY(const KeyPair assign, signers.keys->find(trust::KeyRole::assign));
  SKERRY_CHECK(name_planner(signers, charter));
  const PlanNumber number{.term = std::max(site.term + 1, at_least), .seq = 1};
  SKERRY_TRY(store::SetCharter change, signed_charter(signers, charter, number, assign));
  change.adopting = true;
  return change;
}

}  // namespace skerry::charters
