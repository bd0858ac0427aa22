#include "server/planner/planner.h"

#include <utility>

#include "document/codec.h"
#include "server/planner/fit.h"
#include "server/store/codes.h"
#include "trust/opened.h"

namespace skerry::planner {

namespace {

const store::Actor planner_actor{.name = "planner", .method = "internal"};

/// The manifest inside an envelope of ours.
Result<document::Manifest> manifest_in(const std::string& envelope, const Crypto& crypto) {
  SKERRY_TRY(const trust::Opened opened, trust::open_envelope(envelope, crypto));
  return document::decode<document::Manifest>(opened.payload.body);
}

}  // namespace

Planner::Planner(Environment environment, Options options)
    : environment_(std::move(environment)),
      options_(options),
      key_id_(key_id(*environment_.crypto, environment_.key->public_key)),
      world_(*environment_.crypto) {}

Result<Planner::Progress> Planner::step() {
  if (in_flight_) {
    return Progress::waiting;
  }
  if (failure_) {
    return fail(*std::exchange(failure_, std::nullopt));
  }
  SKERRY_TRY(Round round, look());
  for (const store::SiteNumber site : round.settled) {
    world_.unmark(site);
  }
  if (round.manifests.empty() && round.adopted.empty()) {
    planned_ = world_.dirty().empty() ? world_.revision() : planned_;
    return behind_ || world_.dirty().empty() ? Progress::idle : Progress::working;
  }
  SKERRY_CHECK(commit(round));
  // A writer on this thread may have answered already.
  return in_flight_ ? Progress::waiting : Progress::working;
}

/// Everything is read in one snapshot; what has moved on since is fenced off by the commit.
Result<Planner::Round> Planner::look() {
  SKERRY_TRY(const store::Reader::Snapshot snapshot, environment_.reader->snapshot());
  SKERRY_CHECK(world_.refresh(*environment_.reader));
  Round round;
  SKERRY_TRY(round.planner, environment_.reader->planner(key_id_));
  behind_ = round.planner.is_behind();
  if (behind_) {
    return round;
  }
  for (const store::SiteNumber site : world_.dirty()) {
    if (round.sites() >= options_.sites_max ||
        round.manifest_bytes >= options_.manifest_bytes_max) {
      break;
    }
    SKERRY_CHECK(look_at(site, round));
  }
  return round;
}

Status Planner::look_at(store::SiteNumber number, Round& round) {
  const std::optional<Site> site = world_.site(number);
  held_.erase(number);
  if (!site || site->row.planner != key_id_) {
    round.settled.push_back(number);
    return {};
  }
  SKERRY_TRY(const Known known, known_of(*site));
  note_unknown(known);
  Decision decision = decide(*site, world_, known);
  if (decision.held) {
    hold(number, *decision.held);
  }
  if (decision.manifest) {
    round.manifest_bytes += bytes_of(*decision.manifest);
    round.manifests.push_back({.site = number,
                               .id = site->row.id,
                               .term = site->row.term,
                               .manifest = *std::move(decision.manifest)});
  } else if (decision.adopted) {
    round.adopted.push_back({.site = number, .term = site->row.term});
  } else {
    round.settled.push_back(number);
  }
  return {};
}

/// Stacks that sites were told and the restored store does not have: only a person can say what
/// becomes of them.
void Planner::note_unknown(const Known& known) {
  if (!world_.is_restoring()) {
    unknown_.clear();
    return;
  }
  std::erase_if(unknown_, [&](const std::string& name) { return !world_.is_unknown(name); });
  for (const document::StackAssignment& stack :
       known.told ? known.told->stacks : std::vector<document::StackAssignment>()) {
    if (world_.is_unknown(stack.name)) {
      unknown_.insert(stack.name);
    }
  }
}

Result<Known> Planner::known_of(const Site& site) {
  Known known;
  SKERRY_TRY(const std::optional<store::ToldRow> told, environment_.reader->told(site.row.number));
  if (told) {
    Result<document::Manifest> manifest = manifest_in(told->envelope, *environment_.crypto);
    known.told_is_unreadable = !manifest;
    if (manifest) {
      known.told = *std::move(manifest);
    }
    known.told_number = told->number;
  }
  if (site.row.adopting) {
    SKERRY_TRY(const std::string report, environment_.reader->report(site.row.number));
    Result<document::Report> decoded = document::decode<document::Report>(report);
    if (!report.empty() && decoded) {
      known.report = *std::move(decoded);
    }
  }
  return known;
}

void Planner::hold(store::SiteNumber site, const document::Reason& reason) {
  held_.insert_or_assign(site, reason);
  if (environment_.log != nullptr) {
    environment_.log->warning(
        "site_held",
        {{"code", reason.code}, {"subject", reason.subject}, {"reason", reason.message}});
  }
}

Status Planner::commit(const Round& round) {
  std::vector<store::SiteNumber> sites;
  store::Change change{.by = planner_actor};
  if (!round.manifests.empty()) {
    SKERRY_TRY(store::CommitPlan plan,
               sign_plan(round.manifests, round.planner, *environment_.key, *environment_.crypto));
    for (const NewManifest& manifest : round.manifests) {
      sites.push_back(manifest.site);
    }
    change.operations.emplace_back(std::move(plan));
  }
  for (const store::EndAdoption& adopted : round.adopted) {
    // Its row changes, so it is marked again by that.
    sites.push_back(adopted.site);
    change.operations.emplace_back(adopted);
  }
  in_flight_ = true;
  Status submitted = environment_.submit(
      std::move(change), [this, sites = std::move(sites)](const Result<store::Outcome>& outcome) {
        answered(sites, outcome);
      });
  if (!submitted) {
    in_flight_ = false;
  }
  return submitted;
}

// What failed stays marked and is looked at again, with what the store says by then.
void Planner::answered(const std::vector<store::SiteNumber>& sites,
                       const Result<store::Outcome>& outcome) {
  in_flight_ = false;
  if (outcome) {
    for (const store::SiteNumber site : sites) {
      world_.unmark(site);
    }
    return;
  }
  const Error& error = outcome.error();
  const bool moved_on = error.code == store::fenced || error.code == store::planner_behind;
  if (!moved_on) {
    failure_ = error;
  }
}

}  // namespace skerry::planner
