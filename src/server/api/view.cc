#include "server/api/view.h"

#include <algorithm>

#include "document/codec.h"
#include "place/targets.h"
#include "server/api/codes.h"
#include "server/store/kinds.h"

namespace skerry::api {

namespace {

constexpr std::size_t page = 500;

Error unreadable(const store::ObjectRow& row) {
  return {.kind = ErrorKind::internal,
          .code = object_unreadable,
          .message = "the stored " + row.kind + " " + row.name + " cannot be read"};
}

v1::WorkloadState::Word word_of(document::WorkloadState state) {
  const auto number = static_cast<int>(state);
  return v1::WorkloadState::Word_IsValid(number) ? static_cast<v1::WorkloadState::Word>(number)
                                                 : v1::WorkloadState::UNSPECIFIED;
}

template <class Reasons>
void add_reasons(const std::vector<document::Reason>& from, Reasons& to) {
  for (const document::Reason& reason : from) {
    *to.Add() = reason_of(reason);
  }
}

void fill(const document::ServiceStatus& from, v1::SiteService& to) {
  to.set_name(from.name);
  to.set_state(word_of(from.state));
  add_reasons(from.reasons, *to.mutable_reasons());
  to.set_digest(from.image);
  to.set_unpinned(from.unpinned);
  to.set_restarts(static_cast<std::uint32_t>(std::min<std::uint64_t>(from.restarts, UINT32_MAX)));
}

void fill(const document::StackStatus& from, v1::SiteStack& to) {
  to.set_name(from.name);
  to.set_release(from.release.is_zero() ? "" : to_string(from.release));
  to.set_state(word_of(from.state));
  add_reasons(from.reasons, *to.mutable_reasons());
  for (const document::ServiceStatus& service : from.services) {
    fill(service, *to.add_services());
  }
}

void fill(const document::Drift& from, v1::DriftItem& to) {
  constexpr std::string_view service = "service ";
  const bool of_service = from.object.starts_with(service);
  to.set_stack(from.stack);
  to.set_service(of_service ? from.object.substr(service.size()) : from.object);
  to.set_field(from.field);
  to.set_wanted(from.wanted);
  to.set_found(from.found);
}

v1::Enrolment::State enrolment_of(Desk& desk, const store::SiteRow& entry) {
  if (entry.charter.empty()) {
    return v1::Enrolment::AWAITING_APPROVAL;
  }
  if (!entry.ended) {
    return v1::Enrolment::ENROLLED;
  }
  // A site that was turned away had no charter before the one that ends it.
  const Result<std::vector<std::string>> charters = desk.reader().charters(entry.number);
  return charters && charters->size() == 1 ? v1::Enrolment::REJECTED : v1::Enrolment::REVOKED;
}

v1::SiteState::Word state_of(const SiteView& view) {
  const bool known = view.state && view.state->health != 0 &&
                     v1::SiteState::Word_IsValid(static_cast<int>(view.state->health));
  return known ? static_cast<v1::SiteState::Word>(view.state->health) : v1::SiteState::PENDING;
}

void fill_report(const document::Report& report,
                 const std::vector<document::Fact>& facts,
                 v1::SiteStatus& status) {
  for (const document::Reason& condition : report.conditions) {
    v1::Condition& shown = *status.add_conditions();
    shown.set_type(reason_word(condition.code));
    shown.set_status(v1::Condition::IS_TRUE);
    shown.set_reason(shown.type());
    shown.set_message(condition.message);
    *status.add_reasons() = reason_of(condition);
  }
  for (const document::Fact& fact : facts) {
    (*status.mutable_facts())["skerry/" + fact.name] = fact.value;
  }
  for (const document::StackStatus& stack : report.stacks) {
    fill(stack, *status.add_stacks());
    add_reasons(stack.reasons, *status.mutable_reasons());
  }
  for (const document::Drift& drift : report.drift) {
    fill(drift, *status.add_drift());
  }
}

void fill_number(document::PlanNumber from, v1::ManifestNumber& to) {
  to.set_term(from.term);
  to.set_seq(from.seq);
}

void fill_manifest(const SiteView& view, v1::SiteStatus& status) {
  if (view.told) {
    fill_number(*view.told, *status.mutable_manifest()->mutable_desired());
  }
  if (view.state) {
    fill_number(view.state->accepted, *status.mutable_manifest()->mutable_accepted());
  }
}

/// A server that was put back to an older copy tells its sites nothing, and says so.
Status add_behind(Desk& desk, const SiteView& view, v1::SiteStatus& status) {
  SKERRY_TRY(const store::PlannerRow planner, desk.reader().planner(view.entry->planner));
  if (!planner.is_behind()) {
    return {};
  }
  v1::Reason& reason = *status.add_reasons();
  reason.set_subject("planner");
  reason.set_code("PlannerBehind");
  reason.set_message(
      "a site holds a later manifest of this server than the server knows of: its "
      "store is an older copy, and nothing new is signed");
  v1::Condition& condition = *status.add_conditions();
  condition.set_type("Planned");
  condition.set_status(v1::Condition::IS_FALSE);
  condition.set_reason(reason.code());
  condition.set_message(reason.message());
  return {};
}

void add_waiting(const SiteView& view, v1::SiteStatus& status) {
  v1::Reason reason;
  reason.set_subject("site " + view.row.name);
  if (status.enrolment() == v1::Enrolment::AWAITING_APPROVAL) {
    reason.set_code("AwaitingApproval");
    reason.set_message("a person must let this site in");
    reason.set_hint("skerry approve " + view.row.name);
  } else if (!view.state) {
    reason.set_code("NotReported");
    reason.set_message("the site has not reported yet");
  } else {
    return;
  }
  *status.add_reasons() = std::move(reason);
}

}  // namespace

std::string reason_word(std::string_view code) {
  std::string word;
  bool begins = true;
  for (const char c : code) {
    if (c != '_') {
      word += begins && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    begins = c == '_';
  }
  return word;
}

v1::Event::Severity severity_of(const document::Event& event) {
  // What people did at the site is kept like what concerns security, and is no problem.
  constexpr std::array<std::string_view, 3> by_people{"paused", "resumed", "rekeyed"};
  constexpr std::array<std::string_view, 5> warnings{
      "action_failed", "image_pull_failed", "runtime_down", "release_quarantined", "gap"};
  const auto is_of = [&](const auto& codes) {
    return std::ranges::find(codes, event.code) != codes.end();
  };
  if (is_of(warnings)) {
    return v1::Event::WARNING;
  }
  const bool is_grave = event.event_class == document::Event::Class::security;
  return is_grave && !is_of(by_people) ? v1::Event::PROBLEM : v1::Event::INFO;
}

v1::Reason reason_of(const document::Reason& reason) {
  v1::Reason shown;
  shown.set_subject(reason.subject);
  shown.set_code(reason_word(reason.code));
  shown.set_message(reason.message);
  return shown;
}

void fill_metadata(const store::ObjectRow& row, v1::Metadata& metadata) {
  metadata.set_uid(to_string(row.uid));
  metadata.set_generation(row.generation);
  metadata.set_resource_version(row.revision);
  metadata.set_created_at_ms(row.created_at.time_since_epoch().count());
  metadata.set_updated_at_ms(row.updated_at.time_since_epoch().count());
}

void fill_metadata(const store::Effect& effect, v1::Metadata& metadata) {
  fill_metadata(store::ObjectRow{.uid = effect.uid,
                                 .revision = effect.revision,
                                 .generation = effect.generation,
                                 .created_at = effect.created_at,
                                 .updated_at = effect.updated_at},
                metadata);
}

place::SiteView SiteView::placement() const {
  place::SiteView view{.uid = row.uid, .name = row.name};
  for (const auto& [key, value] : site.metadata().labels()) {
    view.labels.emplace(key, value);
  }
  if (entry) {
    // As the planner knows them.
    for (const document::Fact& fact : entry->facts) {
      view.facts.emplace(fact.name, fact.value);
    }
  }
  return view;
}

Presence presence_of(const Desk& desk, store::SiteNumber site) {
  return desk.environment.presence ? desk.environment.presence(site) : Presence{};
}

std::optional<document::Reason> held_of(const Desk& desk, store::SiteNumber site) {
  return desk.environment.held ? desk.environment.held(site) : std::nullopt;
}

Result<SiteView> load_site(Desk& desk, store::ObjectRow row) {
  SiteView view{.row = std::move(row)};
  if (!view.site.ParseFromString(view.row.body)) {
    return fail(unreadable(view.row));
  }
  SKERRY_TRY(view.entry, desk.reader().site_by_id(view.row.uid));
  if (!view.entry) {
    return view;
  }
  SKERRY_TRY(view.state, desk.reader().state(view.entry->number));
  SKERRY_TRY(view.told, desk.reader().told_number(view.entry->number));
  SKERRY_TRY(const std::string report, desk.reader().report(view.entry->number));
  // One that cannot be read is a newer agent's; its row still says how the site is.
  if (Result<document::Report> decoded = document::decode<document::Report>(report); decoded) {
    view.report = *std::move(decoded);
  }
  view.presence = presence_of(desk, view.entry->number);
  view.held = held_of(desk, view.entry->number);
  return view;
}

Result<v1::Site> show(Desk& desk, const SiteView& view) {
  v1::Site site = view.site;
  fill_metadata(view.row, *site.mutable_metadata());
  v1::SiteStatus& status = *site.mutable_status();
  status.set_observed_generation(view.row.generation);
  status.set_state(state_of(view));
  if (!view.entry) {
    return site;
  }
  status.set_enrolment(enrolment_of(desk, *view.entry));
  add_waiting(view, status);
  if (view.held) {
    *status.add_reasons() = reason_of(*view.held);
  }
  SKERRY_CHECK(add_behind(desk, view, status));
  fill_report(view.report, view.entry->facts, status);
  fill_manifest(view, status);
  status.set_connected(view.presence.connected);
  const WallTime seen =
      std::max(view.presence.last_seen, view.state ? view.state->seen_at : WallTime());
  status.set_last_seen_at_ms(seen.time_since_epoch().count());
  status.set_key_id(hex(view.entry->key));
  return site;
}

Status for_each_site(Desk& desk, const std::function<void(const SiteView&)>& visit) {
  std::string after;
  for (;;) {
    SKERRY_TRY(std::vector<store::ObjectRow> rows, desk.reader().objects("Site", after, page));
    const bool last = rows.size() < page;
    after = rows.empty() ? after : rows.back().name;
    for (store::ObjectRow& row : rows) {
      SKERRY_TRY(const SiteView view, load_site(desk, std::move(row)));
      visit(view);
    }
    if (last) {
      return {};
    }
  }
}

namespace {

/// Sites keep what they were told of such a stack, and get nothing newer.
void add_unreadable(Desk& desk, const std::string& name, v1::StackStatus& status) {
  const std::optional<std::string> why =
      desk.environment.unreadable ? desk.environment.unreadable(name) : std::nullopt;
  if (!why) {
    return;
  }
  status.mutable_release()->set_state(v1::StackRelease::FAILED);
  v1::Condition& condition = *status.add_conditions();
  condition.set_type("Planned");
  condition.set_status(v1::Condition::IS_FALSE);
  condition.set_reason("ReleaseUnreadable");
  condition.set_message(*why + "; sites keep what they have: apply the stack again");
}

}  // namespace

Result<v1::Stack> show_stack(Desk& desk, const store::ObjectRow& row) {
  v1::Stack stack;
  if (!stack.ParseFromString(row.body)) {
    return fail(unreadable(row));
  }
  fill_metadata(row, *stack.mutable_metadata());
  v1::StackStatus& status = *stack.mutable_status();
  status.set_observed_generation(row.generation);
  SKERRY_TRY(const std::optional<store::ObjectRow> release,
             desk.reader().object(store::release_kind, row.name));
  if (release) {
    status.mutable_release()->set_digest(release->body);
    status.mutable_release()->set_state(v1::StackRelease::READY);
    status.mutable_release()->set_created_at_ms(release->updated_at.time_since_epoch().count());
  }
  add_unreadable(desk, row.name, status);
  status.mutable_sites();
  return stack;
}

StackTerms terms_of(const v1::Stack& stack) {
  StackTerms terms{.name = stack.metadata().name(), .release = stack.status().release().digest()};
  // What was stored has been read before; a selector that cannot be read chooses nothing.
  if (Result<place::Targets> targets = place::targets_of(stack.spec().targets()); targets) {
    terms.targets = *std::move(targets);
  }
  return terms;
}

Candidate::Candidate(const SiteView& of)
    : view(of),
      placement(of.placement()),
      labels(place::selectable(placement)),
      is_in(of.entry && !of.entry->charter.empty() && !of.entry->ended) {}

namespace {

enum Line : std::uint8_t { matched, current, healthy, pending, failed, drifted, offline };

Standing bit(Line line, bool set = true) {
  return static_cast<Standing>(set ? 1U << line : 0U);
}

Standing standing_in(v1::WorkloadState::Word state) {
  switch (state) {
    case v1::WorkloadState::HEALTHY:
      return bit(healthy);
    case v1::WorkloadState::FAILED:
    case v1::WorkloadState::UNHEALTHY:
    case v1::WorkloadState::ROLLED_BACK:
      return bit(failed);
    case v1::WorkloadState::STOPPED:
      return 0;
    default:
      return bit(pending);
  }
}

bool is_wanted(const Candidate& site, const StackTerms& stack) {
  return site.is_in && place::is_target(stack.targets, site.placement, site.labels);
}

/// What the site says of the stack; nullptr where it says nothing.
const document::StackStatus* report_of(const SiteView& view, const std::string& stack) {
  const auto found = std::ranges::find(view.report.stacks, stack, &document::StackStatus::name);
  return found == view.report.stacks.end() ? nullptr : &*found;
}

/// A site that has not taken the newest it was told is not at the newest release: it may have the
/// same one with other values, or be about to leave it.
bool is_current(const SiteView& view, const document::StackStatus& here, const StackTerms& stack) {
  return to_string(here.release) == stack.release && view.told && view.state &&
         view.state->accepted >= *view.told;
}

}  // namespace

Standing standing_of(const Candidate& site, const StackTerms& stack) {
  if (!is_wanted(site, stack)) {
    return 0;
  }
  const document::StackStatus* here = report_of(site.view, stack.name);
  const bool has_drifted =
      std::ranges::find(site.view.report.drift, stack.name, &document::Drift::stack) !=
      site.view.report.drift.end();
  Standing standing = bit(matched);
  standing |= bit(current, here != nullptr && is_current(site.view, *here, stack));
  standing |= here == nullptr ? bit(pending) : standing_in(word_of(here->state));
  standing |= bit(drifted, has_drifted);
  standing |= bit(offline, !site.view.presence.connected);
  return standing;
}

void Standings::add(Standing standing) {
  for (std::size_t line = 0; line < lines_.size(); ++line) {
    lines_[line] += (standing >> line) & 1U;
  }
}

void Standings::take(Standing standing) {
  for (std::size_t line = 0; line < lines_.size(); ++line) {
    lines_[line] -= (standing >> line) & 1U;
  }
}

void Standings::show(const Desk& desk, v1::Stack& stack) const {
  const auto& planned = desk.environment.planned;
  const bool is_told = !planned || planned() >= stack.metadata().resource_version();
  v1::StackSites& sites = *stack.mutable_status()->mutable_sites();
  sites.set_matched(lines_[matched]);
  sites.set_current(is_told ? lines_[current] : 0);
  sites.set_healthy(lines_[healthy]);
  sites.set_pending(lines_[pending]);
  sites.set_failed(lines_[failed]);
  sites.set_drifted(lines_[drifted]);
  sites.set_offline(lines_[offline]);
}

void list_site(const Candidate& candidate, const StackTerms& terms, v1::Stack& stack) {
  const SiteView& view = candidate.view;
  const document::StackStatus* here = report_of(view, terms.name);
  if (here == nullptr && !is_wanted(candidate, terms)) {
    return;
  }
  v1::StackSite& site = *stack.mutable_status()->add_at_sites();
  site.set_site(view.row.name);
  site.set_connected(view.presence.connected);
  site.set_state(v1::WorkloadState::PENDING);
  if (view.held && view.held->subject == "stack " + terms.name) {
    *site.add_reasons() = reason_of(*view.held);
  }
  if (here == nullptr) {
    v1::Reason& reason = *site.add_reasons();
    reason.set_subject("site " + view.row.name);
    reason.set_code("NotReported");
    reason.set_message("the site has not said anything about this stack yet");
    return;
  }
  site.set_state(word_of(here->state));
  site.set_release(here->release.is_zero() ? "" : to_string(here->release));
  add_reasons(here->reasons, *site.mutable_reasons());
  for (const document::ServiceStatus& service : here->services) {
    add_reasons(service.reasons, *site.mutable_reasons());
  }
}

Status add_sites(Desk& desk, v1::Stack& stack) {
  const StackTerms terms = terms_of(stack);
  Standings standings;
  SKERRY_CHECK(for_each_site(desk, [&](const SiteView& view) {
    const Candidate site(view);
    standings.add(standing_of(site, terms));
    list_site(site, terms, stack);
  }));
  standings.show(desk, stack);
  return {};
}

}  // namespace skerry::api
