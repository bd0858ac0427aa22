#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "document/report.h"
#include "place/place.h"
#include "resource/schema.h"
#include "server/api/desk.h"
#include "skerry/api/v1/history.pb.h"
#include "skerry/api/v1/site.pb.h"
#include "skerry/api/v1/stack.pb.h"

/// What users see of what is stored: objects with their metadata and status.
namespace skerry::api {

/// Writes uid, generation, revision and times into an object's metadata.
void fill_metadata(const store::ObjectRow& row, v1::Metadata& metadata);
void fill_metadata(const store::Effect& effect, v1::Metadata& metadata);

/// Everything that is known of one site.
struct SiteView {
  store::ObjectRow row = {};
  v1::Site site = {};  // As stored, without status.
  std::optional<store::SiteRow> entry = {};
  std::optional<store::StateRow> state = {};
  /// Of the newest manifest that was signed for it.
  std::optional<document::PlanNumber> told = {};
  document::Report report = {};
  Presence presence = {};
  /// Why the planner holds it, or a stack of it, back.
  std::optional<document::Reason> held = {};

  [[nodiscard]] place::SiteView placement() const;
};

/// Who is connected, and what the planner holds back: what is told of a site and not stored.
Presence presence_of(const Desk& desk, store::SiteNumber site);
std::optional<document::Reason> held_of(const Desk& desk, store::SiteNumber site);

Result<SiteView> load_site(Desk& desk, store::ObjectRow row);

/// The site with its metadata and status.
Result<v1::Site> show(Desk& desk, const SiteView& view);

/// In the order of names.
Status for_each_site(Desk& desk, const std::function<void(const SiteView&)>& visit);

/// The stack with its metadata and its release, but without its sites.
Result<v1::Stack> show_stack(Desk& desk, const store::ObjectRow& row);

/// What of a stack decides where it runs.
struct StackTerms {
  std::string name = {};
  place::Targets targets = {};
  /// Of the newest release.
  std::string release = {};
};

/// @param stack  as `show_stack` gives it
StackTerms terms_of(const v1::Stack& stack);

/// A site as stacks look at it, worked out once for all of them.
struct Candidate {
  explicit Candidate(const SiteView& of);

  const SiteView& view;
  place::SiteView placement;
  resource::Labels labels;
  /// It was let in, and not revoked since.
  bool is_in = false;
};

/// How a site counts for a stack: a bit for each line of StackSites, none where the stack is not
/// meant for it. One that still runs the stack though it is meant for others now does not count.
using Standing = std::uint8_t;
Standing standing_of(const Candidate& site, const StackTerms& stack);

/// Many standings together.
class Standings {
 public:
  void add(Standing standing);
  void take(Standing standing);

  /// Writes them into a stack's status. Nobody counts as current before the planner has told the
  /// sites what follows from the stack as it is now.
  void show(const Desk& desk, v1::Stack& stack) const;

  friend bool operator==(const Standings&, const Standings&) = default;

 private:
  std::array<std::uint32_t, 7> lines_ = {};
};

/// Lists a site in the status of a stack that is meant for it or that it still runs.
void list_site(const Candidate& site, const StackTerms& terms, v1::Stack& stack);

/// Counts and lists all sites.
Status add_sites(Desk& desk, v1::Stack& stack);

/// "drift_reverted" as "DriftReverted": a site's events have codes, as its refusals and its log do;
/// a resource has reasons. A word that is one already stays as it is.
std::string reason_word(std::string_view code);

/// How much an event of a site deserves to be looked at, by its code.
v1::Event::Severity severity_of(const document::Event& event);

v1::Reason reason_of(const document::Reason& reason);

}  // namespace skerry::api
