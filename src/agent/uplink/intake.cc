#include "agent/uplink/intake.h"

#include <algorithm>

#include "trust/codes.h"
#include "trust/judge.h"

namespace skerry::agent {

using document::Header;
using document::Manifest;
using trust::Admitted;
namespace refusal = trust::refusal;

namespace {

Held held(const Admitted& admitted, std::string_view envelope) {
  return {.number = admitted.number().number,
          .digest = admitted.digest(),
          .envelope = std::string(envelope)};
}

Taken taken(Taken::What what, const Admitted& admitted) {
  return {.what = what, .number = admitted.number().number, .digest = admitted.digest()};
}

}  // namespace

bool is_fatal(const Error& error) {
  return error.code == disk_failed || error.code == ledger_damaged;
}

Result<Intake> Intake::open(Ledger& ledger,
                            const Crypto& crypto,
                            const PublicKey& own_key,
                            const Digest& root) {
  Intake intake(ledger, crypto);
  intake.anchors_.own_key = own_key;
  intake.anchors_.root = root;
  SKERRY_CHECK(intake.load());
  return intake;
}

Status Intake::load() {
  SKERRY_TRY(const std::optional<Held> trust, ledger_->get<Held>(key::trust));
  if (trust) {
    SKERRY_TRY(anchors_.trust, trust::recall_trust(trust->envelope, trust->digest, *crypto_));
  }
  SKERRY_TRY(const std::optional<Held> charter, ledger_->get<Held>(key::charter));
  if (charter) {
    SKERRY_TRY(anchors_.charter,
               trust::recall_charter(charter->envelope, charter->digest, *crypto_));
    anchors_.site = anchors_.charter->charter.site;
  }
  SKERRY_TRY(const std::optional<Counter> adopt, ledger_->get<Counter>(key::adopt_above));
  if (ledger_->floor_lost() && !adopt) {
    const std::uint64_t term = anchors_.charter ? anchors_.charter->number.number.term : 0;
    SKERRY_CHECK(ledger_->commit(Ledger::Change().put(key::adopt_above, Counter{.value = term})));
    adopt_above_ = term;
  } else if (adopt) {
    adopt_above_ = adopt->value;
  }
  return load_manifest();
}

Status Intake::load_manifest() {
  const FloorRecord floor = ledger_->floor();
  anchors_.floor = {.number = floor.number, .digest = floor.digest};
  SKERRY_TRY(const std::optional<Held> held, ledger_->get<Held>(key::manifest));
  if (!held || in_adopt_mode()) {
    return {};
  }
  SKERRY_TRY(manifest_, trust::recall<Manifest>(held->envelope, held->digest, *crypto_));
  manifest_digest_ = held->digest;
  // A crash between the manifest and its floor: the acceptance had passed every check.
  return held->number > anchors_.floor.number
             ? raise_floor({.number = held->number, .digest = held->digest})
             : Status{};
}

Result<std::string> Intake::held_envelope(const Digest& digest) const {
  for (const std::string& name :
       {std::string(key::manifest), std::string(key::charter), key::release(digest)}) {
    SKERRY_TRY(std::optional<Held> held, ledger_->get<Held>(name));
    if (held && held->digest == digest) {
      return std::move(held->envelope);
    }
  }
  return std::string();
}

Status Intake::raise_floor(const trust::Floor& number) {
  FloorRecord floor = ledger_->floor();
  floor.number = number.number;
  floor.digest = number.digest;
  SKERRY_CHECK(ledger_->raise_floor(floor));
  anchors_.floor = number;
  return {};
}

Result<Taken> Intake::take(std::string_view envelope) {
  Result<Taken> result = admit_and_accept(envelope);
  if (!result) {
    return fail(count_refusal(std::move(result).error()));
  }
  return result;
}

Result<Taken> Intake::admit_and_accept(std::string_view envelope) {
  SKERRY_TRY(const Admitted admitted, trust::admit(envelope, anchors_, *crypto_));
  // A manifest at the floor that the ledger does not hold was lost after its floor was raised.
  const bool is_held =
      admitted.header().type != Header::Type::manifest || admitted.digest() == manifest_digest_;
  if (admitted.freshness() == Admitted::Freshness::same && is_held) {
    return taken(Taken::What::nothing, admitted);
  }
  switch (admitted.header().type) {
    case Header::Type::trust:
      return accept_trust(admitted, envelope);
    case Header::Type::charter:
      return accept_charter(admitted, envelope);
    case Header::Type::manifest:
      return accept_manifest(admitted, envelope);
    default:
      return fail({.kind = ErrorKind::denied,
                   .code = refusal::capability,
                   .message = "a site does not take such a document"});
  }
}

/// Durable before the body is read: what crashes its reader is counted first.
Result<std::uint32_t> Intake::count_attempt(const Digest& digest) {
  SKERRY_TRY(const std::optional<Candidate> last, ledger_->get<Candidate>(key::candidate));
  Candidate candidate{.digest = digest, .attempts = 1};
  if (last && last->digest == digest) {
    // This process counted it and is still here: what failed then was the disk, not the document.
    candidate.attempts = last->attempts + (counted_ == digest ? 0U : 1U);
  }
  SKERRY_CHECK(ledger_->commit(Ledger::Change().put(key::candidate, candidate)));
  counted_ = digest;
  return candidate.attempts;
}

/// A document that was answered did not crash its reader: it is not counted on. Otherwise three
/// spoiled copies would lock a good one out.
Error Intake::note_answer(Error refused) {
  if (refused.code == refusal::quarantined) {
    return refused;
  }
  const Status erased = ledger_->commit(Ledger::Change().erase(key::candidate));
  return erased || !is_fatal(erased.error()) ? refused : erased.error();
}

Result<document::Charter> Intake::judge_charter(const Admitted& admitted,
                                                std::uint32_t attempts) const {
  Result<document::Charter> charter = trust::judge_charter(admitted, anchors_, *crypto_, attempts);
  if (charter || charter.error().code != refusal::wrong_audience || !next_key_) {
    return charter;
  }
  trust::Anchors anchors = anchors_;
  anchors.own_key = next_key_;
  return trust::judge_charter(admitted, anchors, *crypto_, attempts);
}

Result<Taken> Intake::accept_trust(const Admitted& admitted, std::string_view envelope) {
  SKERRY_TRY(document::Trust document, trust::judge_trust(admitted));
  SKERRY_CHECK(ledger_->commit(Ledger::Change().put(key::trust, held(admitted, envelope))));
  anchors_.trust = trust::HeldTrust{.trust = std::move(document), .digest = admitted.digest()};
  return taken(Taken::What::trust, admitted);
}

Result<Taken> Intake::accept_charter(const Admitted& admitted, std::string_view envelope) {
  SKERRY_TRY(const std::uint32_t attempts, count_attempt(admitted.digest()));
  Result<document::Charter> charter = judge_charter(admitted, attempts);
  if (!charter) {
    return fail(note_answer(std::move(charter).error()));
  }
  SKERRY_CHECK(ledger_->commit(
      Ledger::Change().put(key::charter, held(admitted, envelope)).erase(key::candidate)));
  anchors_.site = charter->site;
  anchors_.charter =
      trust::HeldCharter{.charter = *std::move(charter), .number = admitted.number()};
  return taken(Taken::What::charter, admitted);
}

Result<Taken> Intake::accept_manifest(const Admitted& admitted, std::string_view envelope) {
  if (adopt_above_ && admitted.header().term <= *adopt_above_) {
    return fail({.kind = ErrorKind::denied,
                 .code = refusal::trust_gap,
                 .message = "the floor is lost; only a charter of a newer term ends adopt mode"});
  }
  SKERRY_TRY(const std::uint32_t attempts, count_attempt(admitted.digest()));
  Result<Manifest> manifest = trust::judge_manifest(admitted, attempts);
  if (!manifest) {
    return fail(note_answer(std::move(manifest).error()));
  }
  // First the manifest, then its floor: a crash in between is finished by `load_manifest`.
  SKERRY_CHECK(ledger_->commit(
      Ledger::Change().put(key::manifest, held(admitted, envelope)).erase(key::candidate)));
  SKERRY_CHECK(raise_floor(admitted.number()));
  if (adopt_above_) {
    SKERRY_CHECK(ledger_->commit(Ledger::Change().erase(key::adopt_above)));
    adopt_above_.reset();
  }
  manifest_ = *std::move(manifest);
  manifest_digest_ = admitted.digest();
  refused_releases_.clear();
  return taken(Taken::What::manifest, admitted);
}

bool Intake::is_wanted(const Digest& release) const {
  return manifest_ && std::ranges::any_of(manifest_->stacks, [&](const auto& stack) {
           return stack.release == release;
         });
}

std::vector<Digest> Intake::missing_releases() const {
  std::vector<Digest> missing;
  if (!manifest_) {
    return missing;
  }
  for (const document::StackAssignment& stack : manifest_->stacks) {
    if (!ledger_->contains(key::release(stack.release)) &&
        !refused_releases_.contains(stack.release)) {
      missing.push_back(stack.release);
    }
  }
  return missing;
}

Result<Taken> Intake::take_release(const Digest& digest, std::string_view envelope) {
  if (!is_wanted(digest) || ledger_->contains(key::release(digest))) {
    return Taken{.digest = digest};
  }
  const Status judged = judge_and_keep(digest, envelope);
  if (!judged) {
    Error refused = note_answer(judged.error());
    if (!is_fatal(refused) && refused.kind != ErrorKind::exhausted) {
      refused_releases_.insert_or_assign(digest, refused);
    }
    return fail(count_refusal(std::move(refused)));
  }
  refused_releases_.erase(digest);
  return Taken{.what = Taken::What::release, .digest = digest};
}

Status Intake::judge_and_keep(const Digest& digest, std::string_view envelope) {
  SKERRY_TRY(const std::uint32_t attempts, count_attempt(digest));
  const document::Ceiling ceiling =
      anchors_.charter ? anchors_.charter->charter.ceiling : document::Ceiling{};
  SKERRY_TRY(const document::Release release,
             trust::judge_release(envelope,
                                  {.digest = digest, .ceiling = ceiling, .attempts = attempts},
                                  anchors_,
                                  *crypto_));
  for (const document::StackAssignment& stack : manifest_->stacks) {
    if (stack.release == digest) {
      SKERRY_CHECK(trust::judge_assignment(stack, release));
    }
  }
  return ledger_->commit(
      Ledger::Change()
          .put(key::release(digest), Held{.digest = digest, .envelope = std::string(envelope)})
          .erase(key::candidate));
}

Result<document::Release> Intake::release(const Digest& digest) const {
  if (const auto refused = refused_releases_.find(digest); refused != refused_releases_.end()) {
    return fail(refused->second);
  }
  SKERRY_TRY(const std::optional<Held> held, ledger_->get<Held>(key::release(digest)));
  if (!held) {
    return fail({.kind = ErrorKind::unavailable,
                 .code = release_missing,
                 .message = "release " + short_name(digest) + " has not arrived yet"});
  }
  return trust::recall<document::Release>(held->envelope, digest, *crypto_);
}

Status Intake::forget_releases_except(const std::set<Digest>& kept) {
  Ledger::Change change;
  bool any = false;
  for (const std::string& name : ledger_->keys(key::releases)) {
    const auto digest = digest_from_bytes(std::string_view(name).substr(key::releases.size()));
    if (digest && !kept.contains(*digest) && !is_wanted(*digest)) {
      change.erase(name);
      any = true;
    }
  }
  return any ? ledger_->commit(change) : Status{};
}

Error Intake::count_refusal(Error error) {
  // Neither a broken nor a full disk says anything about the document.
  if (!is_fatal(error) && error.kind != ErrorKind::exhausted) {
    ++refusals_[error.code.name];
  }
  return error;
}

}  // namespace skerry::agent
