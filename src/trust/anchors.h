#pragma once

#include <optional>

#include "base/crypto.h"
#include "base/digest.h"
#include "base/uuid.h"
#include "document/charter.h"
#include "document/report.h"
#include "document/trust_document.h"

namespace skerry::trust {

/// The newest number accepted here, and which document had it. It never goes down (G4). All zero
/// where nothing was accepted yet.
struct Floor {
  document::PlanNumber number = {};
  Digest digest = {};

  friend bool operator==(const Floor&, const Floor&) = default;
};

/// A trust document accepted here, with its digest.
struct HeldTrust {
  document::Trust trust = {};
  Digest digest = {};
};

/// A charter accepted here. The number's term is the planner's.
struct HeldCharter {
  document::Charter charter = {};
  Floor number = {};
};

/// Everything held here that a document from outside is measured against.
struct Anchors {
  /// The root key's id given at enrolment. It anchors the first trust document only; later ones are
  /// anchored by the one before.
  Digest root = {};
  std::optional<HeldTrust> trust = {};
  std::optional<HeldCharter> charter = {};
  /// Of manifests. All zero in adopt mode too.
  Floor floor = {};
  /// This site; zero only while enrolling, when the first charter that names `own_key` tells it.
  Uuid site = {};
  /// This site's identity. Where it is given, an active charter must name it.
  std::optional<PublicKey> own_key = {};
};

}  // namespace skerry::trust
