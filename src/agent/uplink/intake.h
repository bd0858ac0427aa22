#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/ledger/ledger.h"
#include "base/crypto.h"
#include "document/manifest.h"
#include "document/workload.h"
#include "trust/admit.h"
#include "trust/anchors.h"

namespace skerry::agent {

inline constexpr ErrorCode release_missing{"release_missing"};

/// What a document from outside did here.
struct Taken {
  enum class What : std::uint8_t {
    nothing,  // Known already.
    trust,
    charter,
    manifest,
    release,
  };

  What what = What::nothing;
  document::PlanNumber number = {};
  Digest digest = {};
};

/// The only way a signed document gets into a site, whether it came by link, file or local socket.
///
/// A document is admitted, counted, judged, made durable and only then told; a manifest counts from
/// the moment its floor is durable. A refusal changes nothing but its counter.
/// A failed write leaves the ledger dead: the owner must end the process (G12); `is_fatal` tells.
class Intake {
 public:
  /// Reads back what was accepted before and finishes an acceptance that a crash cut short.
  ///
  /// @param root  id of the root key that anchors this site's first trust document
  static Result<Intake> open(Ledger& ledger,
                             const Crypto& crypto,
                             const PublicKey& own_key,
                             const Digest& root);

  /// Any document but a release.
  Result<Taken> take(std::string_view envelope);
  /// A release that `missing_releases` named. Judged for every stack that wants it; its refusal
  /// concerns those stacks alone.
  Result<Taken> take_release(const Digest& digest, std::string_view envelope);

  /// The accepted manifest; nothing before the first, and in adopt mode.
  [[nodiscard]] const std::optional<document::Manifest>& manifest() const { return manifest_; }

  [[nodiscard]] const Digest& manifest_digest() const { return manifest_digest_; }

  /// The accepted manifest or charter, or a release that is here, as it was signed; empty where
  /// none of them is of this digest.
  [[nodiscard]] Result<std::string> held_envelope(const Digest& digest) const;

  [[nodiscard]] const trust::Anchors& anchors() const { return anchors_; }

  /// Both records of the floor are lost: nothing is touched until a charter of a new term comes.
  [[nodiscard]] bool in_adopt_mode() const { return adopt_above_.has_value(); }

  [[nodiscard]] std::vector<Digest> missing_releases() const;
  /// The release as accepted; `unavailable` where it is not here yet, its refusal where it was
  /// refused.
  [[nodiscard]] Result<document::Release> release(const Digest& digest) const;
  /// Lets go of releases that neither the manifest nor `kept` (last known good ones) names.
  Status forget_releases_except(const std::set<Digest>& kept);

  /// Releases that were refused may be asked for once more: another server, or another road, may
  /// hold a good copy.
  void retry_refused_releases() { refused_releases_.clear(); }

  /// How often each refusal happened since the agent started.
  [[nodiscard]] const std::map<std::string_view, std::uint64_t>& refusals() const {
    return refusals_;
  }

  /// The site's identity has changed.
  void set_own_key(const PublicKey& key) { anchors_.own_key = key; }

  /// The key that the site asked to be known by; a charter may name it instead of its own.
  void set_next_key(const std::optional<PublicKey>& key) { next_key_ = key; }

 private:
  Intake(Ledger& ledger, const Crypto& crypto) : ledger_(&ledger), crypto_(&crypto) {}

  Status load();
  Status load_manifest();
  Status raise_floor(const trust::Floor& number);
  Result<Taken> admit_and_accept(std::string_view envelope);
  Result<std::uint32_t> count_attempt(const Digest& digest);
  Error note_answer(Error refused);
  [[nodiscard]] Result<document::Charter> judge_charter(const trust::Admitted& admitted,
                                                        std::uint32_t attempts) const;
  Result<Taken> accept_trust(const trust::Admitted& admitted, std::string_view envelope);
  Result<Taken> accept_charter(const trust::Admitted& admitted, std::string_view envelope);
  Result<Taken> accept_manifest(const trust::Admitted& admitted, std::string_view envelope);
  [[nodiscard]] bool is_wanted(const Digest& release) const;
  Status judge_and_keep(const Digest& digest, std::string_view envelope);
  Error count_refusal(Error error);

  Ledger* ledger_;
  const Crypto* crypto_;
  trust::Anchors anchors_;
  std::optional<PublicKey> next_key_;
  /// The document whose attempt this process counted last.
  std::optional<Digest> counted_;
  std::optional<document::Manifest> manifest_;
  Digest manifest_digest_;
  /// In adopt mode: the term that was in force when the floor was lost.
  std::optional<std::uint64_t> adopt_above_;
  /// Releases refused; asked for again only in a new session or after a new manifest.
  std::map<Digest, Error> refused_releases_;
  std::map<std::string_view, std::uint64_t> refusals_;
};

/// Whether an error is the ledger's: the process must end and recover.
bool is_fatal(const Error& error);

}  // namespace skerry::agent
