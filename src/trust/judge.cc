#include "trust/judge.h"

#include <algorithm>
#include <set>
#include <string>

#include "document/codec.h"
#include "document/workload_check.h"
#include "policy/policy.h"
#include "trust/opened.h"
#include "trust/refuse.h"
#include "trust/trust_walk.h"

namespace skerry::trust {

using document::Charter;
using document::Header;
using document::Manifest;
using document::StackAssignment;

namespace {

constexpr std::size_t name_bytes_max = 253;

Status check_attempts(std::uint32_t attempts) {
  if (attempts >= attempts_max) {
    return refuse(refusal::quarantined,
                  "tried " + std::to_string(attempts - 1) + " times without an answer");
  }
  return {};
}

Status check_type(const Admitted& admitted, Header::Type type) {
  if (admitted.header().type != type) {
    return refuse(refusal::malformed, "not a document of this kind");
  }
  return {};
}

Status check_assignment(const StackAssignment& stack) {
  if (stack.name.empty() || stack.name.size() > name_bytes_max) {
    return refuse(refusal::malformed, "a stack has no proper name");
  }
  if (stack.release.is_zero()) {
    return refuse(refusal::malformed, "stack " + stack.name + " names no release");
  }
  if (stack.drift == document::DriftMode::unspecified) {
    return refuse(refusal::malformed, "stack " + stack.name + " says nothing about drift");
  }
  return {};
}

Status check_stacks(const Manifest& manifest) {
  if (manifest.stacks.size() > stacks_max) {
    return refuse(refusal::too_large, "more than " + std::to_string(stacks_max) + " stacks");
  }
  std::set<std::string_view> names;
  for (const StackAssignment& stack : manifest.stacks) {
    SKERRY_CHECK(check_assignment(stack));
    if (!names.insert(stack.name).second) {
      return refuse(refusal::malformed, "stack " + stack.name + " stands twice");
    }
  }
  return {};
}

Status check_capabilities(const Manifest& manifest) {
  for (const std::string& wanted : manifest.capabilities) {
    if (std::ranges::find(known_capabilities, wanted) == known_capabilities.end()) {
      return refuse(refusal::capability, "this build cannot do " + wanted);
    }
  }
  return {};
}

/// A key that may only enrol names no planner of its own.
Status check_enrolled_planner(const Charter& charter,
                              const Anchors& anchors,
                              const Crypto& crypto) {
  const document::TrustedKey* planner =
      anchors.trust ? find_key(anchors.trust->trust, charter.planner, crypto) : nullptr;
  if (planner == nullptr || !has_right(*planner, document::TrustedKey::Right::plan)) {
    return refuse(refusal::bad_signature, "an enrolling key names a planner that is not trusted");
  }
  return {};
}

Status check_own_planner(const Charter& charter, const Crypto& crypto) {
  const bool holds = charter.planner_keys.empty() ||
                     (charter.planner_keys.size() == 1 &&
                      key_id(crypto, charter.planner_keys.front()) == charter.planner);
  return holds ? Status()
               : refuse(refusal::malformed, "the charter brings another key than its planner's");
}

Status check_charter(const Header& header, const Charter& charter) {
  if (charter.site != header.audience) {
    return refuse(refusal::wrong_audience, "the charter is about another site");
  }
  if (header.term == 0) {
    return refuse(refusal::malformed, "terms count from 1");
  }
  if (charter.state == Charter::State::unspecified) {
    return refuse(refusal::malformed, "the charter does not say its state");
  }
  const bool active = charter.state == Charter::State::active;
  if (active && (charter.site_keys.empty() || charter.planner.is_zero())) {
    return refuse(refusal::malformed, "the charter names no key of the site or no planner");
  }
  return {};
}

/// Everything of a release that is judged before its body is read.
Result<Opened> open_release(std::string_view envelope,
                            const ReleaseTerms& terms,
                            const Anchors& anchors,
                            const Crypto& crypto) {
  SKERRY_TRY(Opened opened, open_envelope(envelope, crypto));
  // Cheaper than a signature, and what was not asked for is of no interest.
  if (opened.digest != terms.digest) {
    return refuse(refusal::digest, "not the release that the manifest names");
  }
  SKERRY_TRY(const Admitted admitted, admit(envelope, anchors, crypto));
  SKERRY_CHECK(check_type(admitted, Header::Type::release));
  SKERRY_CHECK(check_attempts(terms.attempts));
  return opened;
}

Result<Opened> open_accepted(std::string_view envelope,
                             const Digest& digest,
                             const Crypto& crypto) {
  SKERRY_TRY(Opened opened, open_envelope(envelope, crypto));
  if (opened.digest != digest) {
    return refuse(refusal::digest, "not the document that was accepted");
  }
  return opened;
}

}  // namespace

Result<Manifest> judge_manifest(const Admitted& admitted, std::uint32_t attempts) {
  SKERRY_CHECK(check_type(admitted, Header::Type::manifest));
  SKERRY_CHECK(check_attempts(attempts));
  SKERRY_TRY(Manifest manifest, document::decode<Manifest>(admitted.body()));
  SKERRY_CHECK(check_stacks(manifest));
  SKERRY_CHECK(check_capabilities(manifest));
  return manifest;
}

Result<Charter> judge_charter(const Admitted& admitted,
                              const Anchors& anchors,
                              const Crypto& crypto,
                              std::uint32_t attempts) {
  SKERRY_CHECK(check_type(admitted, Header::Type::charter));
  SKERRY_CHECK(check_attempts(attempts));
  SKERRY_TRY(Charter charter, document::decode<Charter>(admitted.body()));
  SKERRY_CHECK(check_charter(admitted.header(), charter));
  SKERRY_CHECK(check_own_planner(charter, crypto));
  if (admitted.right() == document::TrustedKey::Right::enrol) {
    SKERRY_CHECK(check_enrolled_planner(charter, anchors, crypto));
  }
  const bool names_us =
      !anchors.own_key ||
      std::ranges::find(charter.site_keys, *anchors.own_key) != charter.site_keys.end();
  if (charter.state == Charter::State::active && !names_us) {
    return refuse(refusal::wrong_audience, "the charter names another key for this site");
  }
  return charter;
}

Result<document::Trust> judge_trust(const Admitted& admitted) {
  SKERRY_CHECK(check_type(admitted, Header::Type::trust));
  return read_trust(admitted.header(), admitted.body());
}

Result<document::Rekey> judge_rekey(const Admitted& admitted) {
  SKERRY_CHECK(check_type(admitted, Header::Type::rekey));
  SKERRY_TRY(document::Rekey rekey, document::decode<document::Rekey>(admitted.body()));
  if (rekey.site != admitted.header().audience) {
    return refuse(refusal::wrong_audience, "it is about another site");
  }
  if (rekey.new_key == PublicKey{}) {
    return refuse(refusal::malformed, "it names no new key");
  }
  return rekey;
}

Result<document::Release> judge_release(std::string_view envelope,
                                        const ReleaseTerms& terms,
                                        const Anchors& anchors,
                                        const Crypto& crypto) {
  SKERRY_TRY(const Opened opened, open_release(envelope, terms, anchors, crypto));
  SKERRY_TRY(document::Release release, document::decode<document::Release>(opened.payload.body));
  if (release.stack.empty() || release.stack.size() > name_bytes_max) {
    return refuse(refusal::malformed, "the release names no stack");
  }
  SKERRY_CHECK(document::check(release.workload));
  SKERRY_CHECK(policy::check(release.workload, terms.ceiling));
  return release;
}

Status judge_assignment(const StackAssignment& assignment, const document::Release& release) {
  if (assignment.name != release.stack) {
    return refuse(refusal::malformed, "the release is of stack " + release.stack);
  }
  if (assignment.slot_values.size() != release.workload.slots.size()) {
    return refuse(refusal::malformed,
                  std::to_string(assignment.slot_values.size()) + " values for " +
                      std::to_string(release.workload.slots.size()) + " slots");
  }
  return {};
}

template <class T>
Result<T> recall(std::string_view envelope, const Digest& digest, const Crypto& crypto) {
  SKERRY_TRY(const Opened opened, open_accepted(envelope, digest, crypto));
  return document::decode<T>(opened.payload.body);
}

template Result<document::Trust> recall(std::string_view, const Digest&, const Crypto&);
template Result<document::Charter> recall(std::string_view, const Digest&, const Crypto&);
template Result<document::Manifest> recall(std::string_view, const Digest&, const Crypto&);
template Result<document::Release> recall(std::string_view, const Digest&, const Crypto&);

Result<HeldCharter> recall_charter(std::string_view envelope,
                                   const Digest& digest,
                                   const Crypto& crypto) {
  SKERRY_TRY(const Opened opened, open_accepted(envelope, digest, crypto));
  SKERRY_TRY(Charter charter, document::decode<Charter>(opened.payload.body));
  const Header& header = opened.payload.header;
  return HeldCharter{
      .charter = std::move(charter),
      .number = {.number = {.term = header.term, .seq = header.seq}, .digest = digest}};
}

Result<HeldTrust> recall_trust(std::string_view envelope,
                               const Digest& digest,
                               const Crypto& crypto) {
  SKERRY_TRY(document::Trust trust, recall<document::Trust>(envelope, digest, crypto));
  return HeldTrust{.trust = std::move(trust), .digest = digest};
}

}  // namespace skerry::trust
