#pragma once

#include <optional>

#include "document/manifest.h"
#include "document/report.h"
#include "server/planner/world.h"

namespace skerry::planner {

/// What is known of one site besides the world.
struct Known {
  /// The newest manifest signed for it, where there is one.
  std::optional<document::Manifest> told = {};
  /// Something was signed for it that cannot be read back: `told` is empty and says nothing.
  bool told_is_unreadable = false;
  document::PlanNumber told_number = {};
  /// What it says it runs; nothing where it has not reported yet.
  std::optional<document::Report> report = {};
};

/// What follows for one site. Without a manifest what it was told stands.
struct Decision {
  /// Sign this next.
  std::optional<document::Manifest> manifest = {};
  /// It has taken what equals what it ran; from now on it is planned for like any other.
  bool adopted = false;
  /// Why it, or a stack of it, is held back.
  std::optional<document::Reason> held = {};

  friend bool operator==(const Decision&, const Decision&) = default;
};

/// Decides for one site: places every stack and compares with what the site was told. Pure: equal
/// worlds give equal manifests.
///
/// A stack that cannot be placed or read stays at the site as it was told; one the site never had
/// is not added. The same goes for what grows a manifest beyond what a site reads, the stacks that
/// grow the most first.
Decision decide(const Site& site, const World& world, const Known& known);

}  // namespace skerry::planner
