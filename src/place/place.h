#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "base/uuid.h"
#include "document/manifest.h"
#include "document/workload.h"
#include "resource/selector.h"

/// Which stacks a site runs, and with which values. Pure, so that the planner, a dry run, the
/// simulator and a benchmark all decide alike: equal inputs give equal outputs.
namespace skerry::place {

/// What placement knows of one site.
struct SiteView {
  Uuid uid = {};
  std::string name = {};
  resource::Labels labels = {};
  /// By the name the site reports, without the prefix that selectors use: "arch".
  resource::Labels facts = {};
};

/// The labels and facts of a site under the keys that selectors know: a fact is "skerry/arch".
resource::Labels selectable(const SiteView& site);

/// One of a stack's variables. Of several of one name the last whose selector chooses the site
/// counts; an empty selector chooses every site.
struct Variable {
  std::string name = {};
  std::string value = {};
  resource::Selector selector = {};
};

/// Where a stack runs: on what the selector chooses and on what is named. Nowhere by default.
struct Targets {
  std::optional<resource::Selector> selector = {};
  std::vector<std::string> sites = {};
};

/// One stack as placement sees it: its newest release and what belongs to the stack alone.
struct StackView {
  std::string name = {};
  Digest release = {};
  /// Of the release's workload.
  std::vector<document::Slot> slots = {};
  Targets targets = {};
  std::vector<Variable> variables = {};
  document::DriftMode drift = document::DriftMode::unspecified;
};

/// @param labels  `selectable` of the site
bool is_target(const Targets& targets, const SiteView& site, const resource::Labels& labels);

struct Evaluation {
  std::string value = {};
  /// Variables that are not set for this site and are empty therefore.
  std::vector<std::string> unset = {};
};

/// The value of a slot's `${…}` at a site. Site-scoped names first, then the stack's variables.
///
/// SKERRY_SITE_LABEL_X and SKERRY_SITE_FACT_X are the label or fact whose key is X once letters are
/// upper-case and everything but letters and digits is "_"; of several the first by key.
///
/// @return an error of resource/interpolate.h, such as `variable_required`
Result<Evaluation> evaluate(std::string_view expression,
                            const SiteView& site,
                            const resource::Labels& labels,
                            std::span<const Variable> variables);

/// A stack that is meant for the site and cannot be placed there; the others can.
struct Refused {
  std::string stack = {};
  Error why = {};
};

/// A variable that a slot names and that is empty at the site because nobody set it.
struct Unset {
  std::string stack = {};
  std::string variable = {};

  friend bool operator==(const Unset&, const Unset&) = default;
};

struct Placement {
  /// By name, ready for the site's manifest.
  std::vector<document::StackAssignment> stacks = {};
  std::vector<Refused> refused = {};
  std::vector<Unset> unset = {};
};

/// Everything that one site shall run.
///
/// @param stacks  of distinct names, in any order
/// @param drift   of the site; a stack's own wins, and `enforce` where neither says anything
Placement assign(std::span<const StackView> stacks,
                 const SiteView& site,
                 document::DriftMode drift = document::DriftMode::unspecified);

}  // namespace skerry::place
