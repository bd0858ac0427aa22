#include "server/api/view.h"

#include <algorithm>

#include "document/codec.h"

namespace skerry::api {

namespace {

constexpr std::size_t page = 500;

Error unreadable(const store::ObjectRow& row) {
  return {.kind = ErrorKind::internal,
          .code = {"object_unreadable"},
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

void fill_report(const document::Report& report, v1::SiteStatus& status) {
  for (const document::Reason& condition : report.conditions) {
    v1::Condition& shown = *status.add_conditions();
    shown.set_type(reason_word(condition.code));
    shown.set_status(v1::Condition::IS_TRUE);
    shown.set_reason(shown.type());
    shown.set_message(condition.message);
    *status.add_reasons() = reason_of(condition);
  }
  for (const document::Fact& fact : report.facts) {
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

Status fill_manifest(Desk& desk, const SiteView& view, v1::SiteStatus& status) {
  SKERRY_TRY(const std::optional<store::ToldRow> told, desk.reader().told(view.entry->number));
  if (told) {
    fill_number(told->number, *status.mutable_manifest()->mutable_desired());
  }
  if (view.state) {
    fill_number(view.state->accepted, *status.mutable_manifest()->mutable_accepted());
  }
  return {};
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
  for (const document::Fact& fact : report.facts) {
    view.facts.emplace(fact.name, fact.value);
  }
  return view;
}

bool is_chosen(const resource::Selector& selector, const SiteView& view) {
  return selector.matches(place::selectable(view.placement()));
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
  SKERRY_TRY(const std::string report, desk.reader().report(view.entry->number));
  // One that cannot be read is a newer agent's; its row still says how the site is.
  if (Result<document::Report> decoded = document::decode<document::Report>(report); decoded) {
    view.report = *std::move(decoded);
  }
  if (desk.environment.presence) {
    view.presence = desk.environment.presence(view.entry->number);
  }
  if (desk.environment.held) {
    view.held = desk.environment.held(view.entry->number);
  }
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
  fill_report(view.report, status);
  SKERRY_CHECK(fill_manifest(desk, view, status));
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
             desk.reader().object("Release", row.name));
  if (release) {
    status.mutable_release()->set_digest(release->body);
    status.mutable_release()->set_state(v1::StackRelease::READY);
    status.mutable_release()->set_created_at_ms(release->updated_at.time_since_epoch().count());
  }
  add_unreadable(desk, row.name, status);
  status.mutable_sites();
  return stack;
}

Result<place::Targets> targets_of(const v1::Targets& targets) {
  place::Targets out{.sites = {targets.sites().begin(), targets.sites().end()}};
  if (targets.has_selector()) {
    SKERRY_TRY(out.selector, resource::Selector::create(targets.selector()));
  }
  return out;
}

namespace {

void count_state(v1::WorkloadState::Word state, v1::StackSites& counts) {
  switch (state) {
    case v1::WorkloadState::HEALTHY:
      counts.set_healthy(counts.healthy() + 1);
      break;
    case v1::WorkloadState::FAILED:
    case v1::WorkloadState::UNHEALTHY:
    case v1::WorkloadState::ROLLED_BACK:
      counts.set_failed(counts.failed() + 1);
      break;
    case v1::WorkloadState::STOPPED:
      break;
    default:
      counts.set_pending(counts.pending() + 1);
      break;
  }
}

void list_site(const SiteView& view, const document::StackStatus* here, v1::Stack& stack) {
  v1::StackSite& site = *stack.mutable_status()->add_at_sites();
  site.set_site(view.row.name);
  site.set_connected(view.presence.connected);
  site.set_state(v1::WorkloadState::PENDING);
  if (view.held && view.held->subject == "stack " + stack.metadata().name()) {
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

}  // namespace

void count_site(const SiteView& view, Detail detail, v1::Stack& stack) {
  const Result<place::Targets> targets = targets_of(stack.spec().targets());
  const place::SiteView placement = view.placement();
  const bool enrolled = view.entry && !view.entry->charter.empty() && !view.entry->ended;
  const bool wanted =
      enrolled && targets && place::is_target(*targets, placement, place::selectable(placement));
  const std::string& name = stack.metadata().name();
  const auto found = std::ranges::find(view.report.stacks, name, &document::StackStatus::name);
  const document::StackStatus* here = found == view.report.stacks.end() ? nullptr : &*found;
  if (!wanted && here == nullptr) {
    return;
  }
  v1::StackSites& counts = *stack.mutable_status()->mutable_sites();
  counts.set_matched(counts.matched() + (wanted ? 1U : 0U));
  counts.set_offline(counts.offline() + (view.presence.connected ? 0U : 1U));
  const bool current =
      here != nullptr && to_string(here->release) == stack.status().release().digest();
  counts.set_current(counts.current() + (current ? 1U : 0U));
  count_state(here == nullptr ? v1::WorkloadState::PENDING : word_of(here->state), counts);
  const bool drifted = std::ranges::any_of(
      view.report.drift, [&](const document::Drift& drift) { return drift.stack == name; });
  counts.set_drifted(counts.drifted() + (drifted ? 1U : 0U));
  if (detail == Detail::sites) {
    list_site(view, here, stack);
  }
}

}  // namespace skerry::api
