#include "agent/core/agent.h"

#include <algorithm>
#include <set>

#include "agent/core/bounded_report.h"
#include "document/codec.h"
#include "trust/codes.h"
#include "trust/sign.h"

namespace skerry::agent {

using document::Event;
using document::Reason;
using document::Report;

namespace {

constexpr const char* enrolment_file = "enrolment";
constexpr std::size_t enrolment_bytes_max = 16 * 1024;

Uuid random_uuid(const AgentOutside& outside) {
  return make_uuid(outside.clock.wall(), outside.random);
}

/// A report that says the same but for its number and time is the same.
bool says_the_same(const Report& a, Report b) {
  b.number = a.number;
  b.time_ms = a.time_ms;
  return a == b;
}

Error damaged_enrolment() {
  return {.kind = ErrorKind::invalid,
          .code = enrolment_damaged,
          .message = "the file names no server or no root key",
          .field_path = enrolment_file,
          .hint = "run `skerry-agent enrol --server HOST:PORT --root DIGEST` again"};
}

/// A root key that never gave this site a charter was a wrong one, and is let go with its trust.
Status leave_unjoined(Disk& disk, const Digest& root) {
  SKERRY_TRY(Ledger ledger, Ledger::open(disk));
  if (ledger.contains(key::charter) || ledger.floor().number.seq > 0) {
    return fail(
        {.kind = ErrorKind::conflict,
         .code = {"enrolled_elsewhere"},
         .message = "this directory belongs to the installation with root key " + short_name(root),
         .hint = "use another state directory, or remove this one on purpose"});
  }
  return ledger.commit(Ledger::Change().erase(key::trust));
}

}  // namespace

Status write_enrolment(Disk& disk, const Enrolment& enrolment) {
  const Result<Enrolment> held = read_enrolment(disk);
  if (held && held->root != enrolment.root) {
    SKERRY_CHECK(leave_unjoined(disk, held->root));
  }
  if (!held && held.error().code != not_enrolled && held.error().code != enrolment_damaged) {
    return fail(held.error());
  }
  return write_atomically(disk, enrolment_file, document::encode(enrolment));
}

Result<Enrolment> read_enrolment(Disk& disk) {
  const Result<std::string> bytes = read_whole(disk, enrolment_file, enrolment_bytes_max);
  if (bytes) {
    Result<Enrolment> enrolment = document::decode<Enrolment>(*bytes);
    return enrolment && !enrolment->servers.empty() && enrolment->root != Digest{}
               ? std::move(enrolment)
               : fail(damaged_enrolment());
  }
  if (bytes.error().code == file_not_found) {
    return fail({.kind = ErrorKind::not_found,
                 .code = not_enrolled,
                 .message = "this machine has not joined an installation yet",
                 .hint = "run the command that `skerry token create --site` prints: skerry-agent "
                         "enrol --server HOST:PORT --root DIGEST"});
  }
  return fail(bytes.error());
}

Result<Agent::Stored> Agent::read(const AgentOutside& outside, const Outbox::Limits& limits) {
  SKERRY_TRY(Enrolment enrolment, read_enrolment(outside.disk));
  SKERRY_TRY(Ledger opened, Ledger::open(outside.disk));
  auto ledger = std::make_unique<Ledger>(std::move(opened));
  SKERRY_TRY(Identity identity, Identity::open(outside.disk, outside.crypto));
  SKERRY_TRY(Intake intake,
             Intake::open(*ledger, outside.crypto, identity.key().public_key, enrolment.root));
  if (const auto& charter = intake.anchors().charter) {
    // A crash may have come between the charter that names the next key and the key's own place.
    SKERRY_TRY(const bool settled, identity.settle(outside.disk, charter->charter));
    if (settled) {
      intake.set_own_key(identity.key().public_key);
    }
  }
  intake.set_next_key(identity.next_key());
  SKERRY_TRY(Outbox outbox, Outbox::open(*ledger, limits));
  return Stored{.enrolment = std::move(enrolment),
                .ledger = std::move(ledger),
                .identity = std::move(identity),
                .intake = std::move(intake),
                .outbox = std::move(outbox)};
}

Result<std::unique_ptr<Agent>> Agent::open(const AgentOutside& outside, AgentOptions options) {
  SKERRY_TRY(Stored stored, read(outside, options.outbox));
  std::unique_ptr<Agent> agent(new Agent(outside, std::move(options), std::move(stored)));
  agent->give_desired();
  if (agent->intake_.in_adopt_mode()) {
    agent->tell(Event::Class::security, "adopt_mode", "the floor is lost; nothing is touched");
  }
  SKERRY_CHECK(agent->keep_install_id());
  SKERRY_CHECK(agent->tell_of_damage());
  return agent;
}

Status Agent::keep_install_id() {
  SKERRY_TRY(const auto kept, ledger_->get<InstallId>(key::install_id));
  if (options_.install_id.is_zero() || (kept && kept->id == options_.install_id)) {
    return {};
  }
  return ledger_->commit(
      Ledger::Change().put(key::install_id, InstallId{.id = options_.install_id}),
      Ledger::Room::reserve);
}

/// What was damaged is gone for this agent; until a manifest comes it observes.
Status Agent::tell_of_damage() {
  if (!ledger_->damage_untold()) {
    return {};
  }
  tell(Event::Class::security,
       "ledger_damaged",
       "the ledger was damaged and is kept as ledger.damaged; the site asks its server anew");
  return ledger_->note_damage_told();
}

Agent::Agent(const AgentOutside& outside, AgentOptions options, Stored stored)
    : outside_(outside),
      options_(std::move(options)),
      joined_(std::move(stored.enrolment)),
      ledger_(std::move(stored.ledger)),
      identity_(std::move(stored.identity)),
      intake_(std::move(stored.intake)),
      outbox_(std::move(stored.outbox)),
      journal_({.ledger = *ledger_, .intake = intake_, .outbox = outbox_, .clock = outside.clock},
               options_.die),
      reconciler_({.runtime = outside.runtime, .journal = journal_, .crypto = outside.crypto},
                  options_.reconciler),
      link_({.ledger = *ledger_, .intake = intake_, .outbox = outbox_, .crypto = outside.crypto},
            outside.connector,
            outside.random,
            link_options()),
      heard_at_(outside.clock.now()) {}

Link::Options Agent::link_options() const {
  Link::Options link{.servers = joined_.servers, .beat = options_.beat};
  link.self = {.agent_version = options_.version,
               .start_id = random_uuid(outside_),
               .boot_id = options_.boot_id};
  if (options_.token && !intake_.anchors().charter) {
    link.self.enrol = wire::EnrolRequest{.token = std::string(options_.token->reveal()),
                                         .name = joined_.name,
                                         .facts = options_.facts};
  }
  return link;
}

/// In adopt mode nothing is desired and nothing undesired: what runs is observed and left alone.
void Agent::give_desired() {
  if (intake_.manifest()) {
    reconciler_.set_desired(intake_.manifest()->stacks);
  }
}

Result<std::optional<Instant>> Agent::step() {
  const Instant now = outside_.clock.now();
  SKERRY_CHECK(take_news());
  std::optional<Instant> wake = reconciler_.step(now);
  SKERRY_CHECK(send_report_if_changed());
  SKERRY_CHECK(ask_for_rekey());
  if (link_.is_steady()) {
    SKERRY_CHECK(link_.session()->pump_events());
  }
  SKERRY_TRY(const std::optional<Instant> link_wake, link_.step(now));
  note_link_end();
  if (link_wake) {
    wake = wake ? std::min(*wake, *link_wake) : *link_wake;
  }
  return wake;
}

Status Agent::on_open(const PublicKey& server_key) {
  return link_.on_open(server_key, outside_.clock.now());
}

Status Agent::on_bytes(std::string_view bytes) {
  heard_at_ = outside_.clock.now();
  SKERRY_CHECK(link_.on_bytes(bytes, heard_at_));
  return take_news();
}

void Agent::on_closed(const Error& reason) {
  link_.on_closed(reason, outside_.clock.now());
  note_link_end();
}

/// Whoever ended it, and however: the next session begins anew.
void Agent::note_link_end() {
  if (links_ended_ == link_.ended()) {
    return;
  }
  links_ended_ = link_.ended();
  const Error reason = link_.last_error().value_or(Error{});
  outside_.log.info("link_closed", {{"code", reason.code.name}, {"reason", reason.message}});
  sent_report_.reset();
  asked_rekey_ = false;
  // The server may know the other key only: the charter that says so was lost on its way here.
  identity_.try_other_key();
}

Status Agent::take_news() {
  Session::News news = link_.take_news();
  if (news.enrolment) {
    enrolment_ = std::move(news.enrolment);
  }
  for (const Error& refused : news.refused) {
    on_refused(refused);
  }
  for (const Taken& taken : news.taken) {
    SKERRY_CHECK(on_taken(taken));
  }
  return {};
}

Status Agent::on_taken(const Taken& taken) {
  switch (taken.what) {
    case Taken::What::manifest:
      tell(Event::Class::change,
           "manifest_accepted",
           std::to_string(taken.number.term) + "." + std::to_string(taken.number.seq));
      give_desired();
      return tidy();
    case Taken::What::release:
      give_desired();
      return {};
    case Taken::What::charter:
      return settle_key();
    case Taken::What::trust:
    case Taken::What::nothing:
      return {};
  }
  return {};
}

Status Agent::settle_key() {
  const PublicKey before = identity_.key().public_key;
  SKERRY_TRY(const bool settled,
             identity_.settle(outside_.disk, intake_.anchors().charter->charter));
  if (!settled) {
    return {};
  }
  intake_.set_own_key(identity_.key().public_key);
  intake_.set_next_key({});
  tell(Event::Class::security, "rekeyed", "the site has a new identity key");
  if (identity_.key().public_key != before) {
    link_.redial(outside_.clock.now());
  }
  return {};
}

void Agent::on_refused(const Error& error) {
  outside_.log.warning("document_refused", {{"code", error.code.name}, {"why", error.message}});
  tell(
      trust::refusal::is_security_event(error.code) ? Event::Class::security : Event::Class::notice,
      std::string(error.code.name),
      error.message);
}

void Agent::tell(Event::Class event_class, std::string code, std::string message) {
  journal_.event(
      {.event_class = event_class, .code = std::move(code), .message = std::move(message)});
}

/// Releases that neither the manifest nor a stack's record names are let go.
Status Agent::tidy() {
  std::set<Digest> kept;
  for (const StackRecord& record : journal_.stacks()) {
    for (const auto& revision : {record.good, record.applying}) {
      if (revision) {
        kept.insert(revision->revision.release);
      }
    }
  }
  const Status tidied = intake_.forget_releases_except(kept);
  // On a full disk they stay until the next manifest.
  return tidied || is_fatal(tidied.error()) ? tidied : Status{};
}

Report Agent::report() const {
  const SiteState& state = reconciler_.state();
  Report report{
      .number = {.start = ledger_->start_counter(), .seq = report_seq_},
      .time_ms = static_cast<std::uint64_t>(outside_.clock.wall().time_since_epoch().count()),
      .accepted = intake_.anchors().floor.number,
      .stacks = state.stacks,
      .drift = state.drift,
      .conditions = conditions(),
      .facts = options_.facts};
  return bounded(std::move(report));
}

std::vector<Reason> Agent::conditions() const {
  std::vector<Reason> conditions = reconciler_.state().conditions;
  if (intake_.in_adopt_mode()) {
    std::erase_if(conditions, [](const Reason& reason) { return reason.code == "NoManifest"; });
    conditions.push_back({.code = "AdoptMode",
                          .subject = "site",
                          .message = "the floor is lost; nothing is touched until a new charter"});
  }
  if (!intake_.manifest() && ledger_->contains(key::damage_told)) {
    conditions.push_back({.code = "LedgerDamaged",
                          .subject = "site",
                          .message = "the ledger was damaged; nothing is touched until the server "
                                     "has sent the manifest again"});
  }
  if (is_stale()) {
    conditions.push_back(
        {.code = "Stale", .subject = "site", .message = "no word from the server for too long"});
  }
  const auto& charter = intake_.anchors().charter;
  if (charter && charter->charter.state == document::Charter::State::ended) {
    conditions.push_back({.code = "Revoked",
                          .subject = "site",
                          .message = "the charter has ended; what runs keeps running"});
  }
  return conditions;
}

bool Agent::is_stale() const {
  const auto& manifest = intake_.manifest();
  return manifest && manifest->stale_after_s != 0 && !link_.is_steady() &&
         outside_.clock.now() >= heard_at_ + std::chrono::seconds(manifest->stale_after_s);
}

/// A level: only what differs from what was last said is sent, newest first and alone.
Status Agent::send_report_if_changed() {
  if (!link_.is_steady()) {
    return {};
  }
  Report current = report();
  if (sent_report_ && says_the_same(*sent_report_, current)) {
    return {};
  }
  current.number = {.start = ledger_->start_counter(), .seq = ++report_seq_};
  link_.session()->send_report(current);
  sent_report_ = std::move(current);
  return {};
}

Status Agent::begin_rekey() {
  SKERRY_TRY(const KeyPair next, identity_.begin_rekey(outside_.disk, outside_.crypto));
  intake_.set_next_key(next.public_key);
  asked_rekey_ = false;
  return ask_for_rekey();
}

/// Once a session: the old key's word that the next one is this site. It names the charter that it
/// changes, which a site whose ledger was lost gets back first.
Status Agent::ask_for_rekey() {
  if (!identity_.is_rekeying() || asked_rekey_ || !link_.is_steady() ||
      !intake_.anchors().charter) {
    return {};
  }
  asked_rekey_ = true;
  SKERRY_TRY(const KeyPair next, identity_.begin_rekey(outside_.disk, outside_.crypto));
  const trust::Anchors& anchors = intake_.anchors();
  const document::Rekey rekey{.site = anchors.site, .new_key = next.public_key};
  SKERRY_TRY(const std::string envelope,
             trust::sign(trust::rekey_payload(rekey, anchors.charter->number.number),
                         identity_.key(),
                         outside_.crypto));
  link_.session()->send_rekey(envelope);
  return {};
}

void Agent::set_paused(bool paused) {
  reconciler_.set_paused(paused);
}

}  // namespace skerry::agent
