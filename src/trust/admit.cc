#include "trust/admit.h"

#include <algorithm>

#include "trust/opened.h"
#include "trust/refuse.h"
#include "trust/trust_walk.h"

namespace skerry::trust {

using document::Charter;
using document::Header;
using document::PlanNumber;
using document::TrustedKey;
using Freshness = Admitted::Freshness;
using Right = TrustedKey::Right;

namespace {

PlanNumber number_of(const Opened& opened) {
  return {.term = opened.payload.header.term, .seq = opened.payload.header.seq};
}

/// The trusted key that signed the envelope, if one did and any is held.
Result<const TrustedKey*> find_signer(const Opened& opened,
                                      const Anchors& anchors,
                                      const Crypto& crypto) {
  if (!anchors.trust) {
    return refuse(refusal::trust_gap, "no trust document is held here");
  }
  const TrustedKey* key =
      find_key(anchors.trust->trust, opened.envelope.signatures.front().key_id, crypto);
  if (key == nullptr || !is_signed_by(opened, key->key, crypto)) {
    return refuse(refusal::bad_signature, "not signed by a trusted key");
  }
  return key;
}

Result<Right> check_trust_signer(const Opened& opened,
                                 const Anchors& anchors,
                                 const Crypto& crypto) {
  const std::uint64_t version = opened.payload.header.seq;
  if (anchors.trust && version < anchors.trust->trust.version) {
    return refuse(refusal::rollback, "an older trust document");
  }
  if (anchors.trust && version > anchors.trust->trust.version + 1) {
    return refuse(refusal::trust_gap,
                  "version " + std::to_string(version) + " does not follow version " +
                      std::to_string(anchors.trust->trust.version));
  }
  SKERRY_CHECK(check_roots(opened, anchors, crypto));
  return Right::root;
}

/// The enrol right ends with a site's first charter, whose delivery may be repeated.
bool may_enrol(const Opened& opened, const Anchors& anchors) {
  const bool is_first = !anchors.charter || anchors.charter->number.digest == opened.digest;
  return is_first && opened.payload.header.term == 1;
}

Result<Right> check_charter_signer(const Opened& opened,
                                   const Anchors& anchors,
                                   const Crypto& crypto) {
  SKERRY_TRY(const TrustedKey* key, find_signer(opened, anchors, crypto));
  for (const Right right : {Right::root, Right::assign}) {
    if (has_right(*key, right)) {
      return right;
    }
  }
  if (has_right(*key, Right::enrol) && may_enrol(opened, anchors)) {
    return Right::enrol;
  }
  return refuse(refusal::bad_signature, "the signer may not sign this charter");
}

/// Whether the charter itself brings the key of the planner that it names, and that one signed.
bool is_signed_by_own_planner(const Opened& opened, const Anchors& anchors, const Crypto& crypto) {
  return anchors.charter &&
         std::ranges::any_of(anchors.charter->charter.planner_keys, [&](const PublicKey& key) {
           return is_signed_by(opened, key, crypto);
         });
}

Status check_planner(const Opened& opened, const Anchors& anchors, const Crypto& crypto) {
  if (is_signed_by_own_planner(opened, anchors, crypto)) {
    return {};
  }
  SKERRY_TRY(const TrustedKey* key, find_signer(opened, anchors, crypto));
  return has_right(*key, Right::plan) ? Status()
                                      : refuse(refusal::bad_signature, "the signer may not plan");
}

Result<Right> check_manifest_signer(const Opened& opened,
                                    const Anchors& anchors,
                                    const Crypto& crypto) {
  SKERRY_CHECK(check_planner(opened, anchors, crypto));
  if (!anchors.charter || opened.payload.header.term > anchors.charter->number.number.term) {
    return refuse(refusal::trust_gap, "the charter of this term is not here");
  }
  const Charter& charter = anchors.charter->charter;
  if (opened.envelope.signatures.front().key_id != charter.planner) {
    return refuse(refusal::bad_signature, "the signer is not the planner of this site");
  }
  if (charter.state != Charter::State::active) {
    return refuse(refusal::bad_signature, "the charter of this site has ended");
  }
  return Right::plan;
}

Result<Right> check_release_signer(const Opened& opened,
                                   const Anchors& anchors,
                                   const Crypto& crypto) {
  SKERRY_TRY(const TrustedKey* key, find_signer(opened, anchors, crypto));
  if (!has_right(*key, Right::author)) {
    return refuse(refusal::bad_signature, "the signer is not an author");
  }
  return Right::author;
}

Result<Right> check_rekey_signer(const Opened& opened,
                                 const Anchors& anchors,
                                 const Crypto& crypto) {
  if (!anchors.charter) {
    return refuse(refusal::trust_gap, "the charter that this changes is not here");
  }
  const Charter& charter = anchors.charter->charter;
  const bool is_site = std::ranges::any_of(
      charter.site_keys, [&](const PublicKey& key) { return is_signed_by(opened, key, crypto); });
  if (!is_site || charter.state != Charter::State::active) {
    return refuse(refusal::bad_signature, "not signed by a key of this site");
  }
  return Right::unspecified;
}

Result<Right> check_signer(const Opened& opened, const Anchors& anchors, const Crypto& crypto) {
  switch (opened.payload.header.type) {
    case Header::Type::trust:
      return check_trust_signer(opened, anchors, crypto);
    case Header::Type::charter:
      return check_charter_signer(opened, anchors, crypto);
    case Header::Type::release:
      return check_release_signer(opened, anchors, crypto);
    case Header::Type::manifest:
      return check_manifest_signer(opened, anchors, crypto);
    case Header::Type::rekey:
      return check_rekey_signer(opened, anchors, crypto);
    case Header::Type::unspecified:
    case Header::Type::decommission:
      break;
  }
  return refuse(refusal::capability, "this build does not know such a document");
}

Status check_audience(const Header& header, const Anchors& anchors) {
  if (header.type == Header::Type::trust || header.type == Header::Type::release) {
    return header.audience.is_zero()
               ? Status()
               : refuse(refusal::wrong_audience, "it is for everyone and names a site");
  }
  // While enrolling, the charter that names this site's key tells the site; `judge` checks the key.
  const bool enrolling =
      header.type == Header::Type::charter && anchors.site.is_zero() && anchors.own_key.has_value();
  if (header.audience.is_zero() || (!enrolling && header.audience != anchors.site)) {
    return refuse(refusal::wrong_audience, "it is for another site");
  }
  return {};
}

Result<Freshness> compare(PlanNumber number, const Digest& digest, const Floor& floor) {
  if (number == floor.number) {
    return digest == floor.digest
               ? Result<Freshness>(Freshness::same)
               : refuse(refusal::equivocation, "the number of another document accepted here");
  }
  if (number < floor.number) {
    return refuse(refusal::rollback, "older than what was accepted here");
  }
  return Freshness::newer;
}

Result<Freshness> check_charter_number(const Opened& opened, const Anchors& anchors) {
  if (anchors.charter) {
    return compare(number_of(opened), opened.digest, anchors.charter->number);
  }
  // A charter was lost, the floor was not: planners of terms that have passed stay fenced off.
  if (opened.payload.header.term < anchors.floor.number.term) {
    return refuse(refusal::rollback, "a charter of a term that has passed");
  }
  return Freshness::newer;
}

Result<Freshness> check_manifest_number(const Opened& opened, const Anchors& anchors) {
  SKERRY_TRY(const Freshness freshness, compare(number_of(opened), opened.digest, anchors.floor));
  if (freshness == Freshness::newer &&
      opened.payload.header.term < anchors.charter->number.number.term) {
    return refuse(refusal::rollback, "of a term that has passed");
  }
  return freshness;
}

Result<Freshness> check_rekey_number(const Opened& opened, const Anchors& anchors) {
  const PlanNumber charter = anchors.charter->number.number;
  if (number_of(opened) < charter) {
    return refuse(refusal::rollback, "it changes an older charter");
  }
  if (number_of(opened) > charter) {
    return refuse(refusal::trust_gap, "the charter that this changes is not here");
  }
  return Freshness::newer;
}

Result<Freshness> check_number(const Opened& opened, const Anchors& anchors) {
  const Header& header = opened.payload.header;
  switch (header.type) {
    case Header::Type::trust:
      return anchors.trust ? compare(number_of(opened),
                                     opened.digest,
                                     {.number = {.seq = anchors.trust->trust.version},
                                      .digest = anchors.trust->digest})
                           : Result<Freshness>(Freshness::newer);
    case Header::Type::charter:
      return check_charter_number(opened, anchors);
    case Header::Type::manifest:
      return check_manifest_number(opened, anchors);
    case Header::Type::rekey:
      return check_rekey_number(opened, anchors);
    default:
      break;
  }
  return header.term == 0 && header.seq == 0
             ? Result<Freshness>(Freshness::newer)
             : refuse(refusal::malformed, "a release has no number");
}

}  // namespace

Result<Admitted> admit(std::string_view envelope, const Anchors& anchors, const Crypto& crypto) {
  SKERRY_TRY(Opened opened, open_envelope(envelope, crypto));
  SKERRY_TRY(const Right right, check_signer(opened, anchors, crypto));
  SKERRY_CHECK(check_audience(opened.payload.header, anchors));
  SKERRY_TRY(const Freshness freshness, check_number(opened, anchors));
  Admitted admitted(std::move(opened.payload), opened.digest);
  admitted.freshness_ = freshness;
  admitted.right_ = right;
  return admitted;
}

}  // namespace skerry::trust
