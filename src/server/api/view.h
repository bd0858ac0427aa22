#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "document/report.h"
#include "place/place.h"
#include "resource/schema.h"
#include "server/api/desk.h"
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
  document::Report report = {};
  Presence presence = {};
  /// Why the planner holds it, or a stack of it, back.
  std::optional<document::Reason> held = {};

  [[nodiscard]] place::SiteView placement() const;
};

Result<SiteView> load_site(Desk& desk, store::ObjectRow row);

/// The site with its metadata and status.
Result<v1::Site> show(Desk& desk, const SiteView& view);

/// In the order of names.
Status for_each_site(Desk& desk, const std::function<void(const SiteView&)>& visit);

/// The stack with its metadata and its release, but without its sites.
Result<v1::Stack> show_stack(Desk& desk, const store::ObjectRow& row);

/// Counts a site into the status of a stack whose targets choose it or that it still runs.
///
/// @param detail  lists the site as well
enum class Detail : std::uint8_t { counts, sites };
void count_site(const SiteView& view, Detail detail, v1::Stack& stack);

/// Whether a site's labels and facts, or a plain object's labels, are chosen.
bool is_chosen(const resource::Selector& selector, const SiteView& view);

Result<place::Targets> targets_of(const v1::Targets& targets);

/// "drift_reverted" as "DriftReverted": a site's events have codes, as its refusals and its log do;
/// a resource has reasons. A word that is one already stays as it is.
std::string reason_word(std::string_view code);

v1::Reason reason_of(const document::Reason& reason);

}  // namespace skerry::api
