#include "server/gateway/site_session.h"

#include <algorithm>
#include <utility>

#include "base/overloaded.h"
#include "document/codec.h"
#include "server/gateway/admission.h"
#include "server/gateway/site_state.h"
#include "server/store/codes.h"
#include "trust/admit.h"
#include "trust/judge.h"
#include "trust/opened.h"

namespace skerry::gateway {
namespace {

using store::TokenRow;

/// What a peer may send before it is known: a token, a name and facts.
constexpr std::size_t stranger_frame_bytes_max = 64 * 1024;
/// Twice what one manifest names: another may come while the first one's releases are on the way.
constexpr std::size_t wanted_max = 2 * trust::stacks_max;
/// Releases are added to what is sent until it is as long as this.
constexpr std::size_t wanted_bytes = 256 * 1024;
/// Requests of a session that a stranger may make too. An agent makes two.
constexpr std::size_t asked_max = 16;
/// A site whose charter has a term above this is not believed: no restore before the year 3000
/// makes one.
constexpr std::uint64_t term_max = std::uint64_t{1} << 35U;
constexpr std::uint32_t revoked_retry_s = 3600;
constexpr std::uint32_t busy_retry_s = 30;

Error violation(std::string message) {
  return {.kind = ErrorKind::denied, .code = protocol_violation, .message = std::move(message)};
}

store::EventRow event_row(const document::Event& event) {
  return {.number = event.number,
          .count = std::max<std::uint64_t>(event.count, 1),
          .time = WallTime(std::chrono::milliseconds(event.time_ms)),
          .code = event.code,
          .body = document::encode(event)};
}

}  // namespace

SiteSession::SiteSession(const Desk& desk,
                         const PublicKey& key,
                         std::string address,
                         std::function<void()> on_output)
    : desk_(&desk),
      key_(key),
      key_id_(key_id(*desk.signers.crypto, key)),
      address_(std::move(address)),
      on_output_(std::move(on_output)),
      reader_(stranger_frame_bytes_max) {}

std::optional<store::SiteNumber> SiteSession::site() const {
  return row_ ? std::optional<store::SiteNumber>(row_->number) : std::nullopt;
}

store::Actor SiteSession::actor() const {
  return {.name = row_ ? "site/" + to_string(row_->id) : "site/" + short_name(key_id_),
          .method = "identity",
          .source = address_};
}

void SiteSession::receive(std::string_view bytes) {
  reader_.feed(bytes);
  while (!ended_ && handle_next()) {
  }
  forget_row_bytes();
}

/// False where no whole message has come.
bool SiteSession::handle_next() {
  const Result<std::optional<wire::Frame>> frame = reader_.next();
  if (!frame) {
    end(frame.error());
    return false;
  }
  if (!*frame) {
    return false;
  }
  const Result<wire::Message> message = wire::decode_message(**frame);
  if (!message) {
    end(message.error());
    return false;
  }
  handle(*message);
  return true;
}

/// What an idle session of many need not hold: it is read again before it is used.
void SiteSession::forget_row_bytes() {
  if (row_) {
    std::string().swap(row_->charter);
    std::string().swap(row_->request);
    std::vector<document::Fact>().swap(row_->facts);
  }
}

void SiteSession::handle(const wire::Message& message) {
  const bool for_strangers = std::holds_alternative<wire::TrustRequest>(message) ||
                             std::holds_alternative<wire::EnrolRequest>(message) ||
                             std::holds_alternative<wire::AgentHello>(message) ||
                             std::holds_alternative<wire::Beat>(message);
  if (!greeted_ && !for_strangers) {
    end(violation("the first word of a site is its hello"));
    return;
  }
  std::visit(Overloaded{
                 [&](const wire::TrustRequest& request) { on_trust_request(request); },
                 [&](const wire::EnrolRequest& request) { on_enrol(request); },
                 [&](const wire::AgentHello& hello) { on_hello(hello); },
                 [&](const wire::Want& want) { on_want(want); },
                 [&](const wire::Blob& blob) { on_shown(blob); },
                 [&](const wire::ReportMessage& report) { on_report(report); },
                 [&](const wire::EventBatch& batch) { on_events(batch); },
                 [&](const wire::RekeyRequest& request) { on_rekey(request); },
                 [&](const wire::Beat&) {},
                 [&](const auto& other) {
                   end(violation("a site does not send " + std::string(other.type_name)));
                 },
             },
             message);
}

/// A few bytes ask for many, so nobody asks without end.
bool SiteSession::may_ask() {
  if (++asked_ > asked_max) {
    end(violation("too many requests in one session"));
    return false;
  }
  return true;
}

void SiteSession::on_trust_request(const wire::TrustRequest& request) {
  if (!may_ask()) {
    return;
  }
  const Result<std::vector<std::string>> chain = desk_->reader->trusts_since(request.version);
  if (!chain) {
    end(chain.error());
    return;
  }
  for (const std::string& envelope : *chain) {
    say(wire::Document{.envelope = envelope});
  }
  say(wire::TrustEnd{});
}

/// Reads what the store knows of this key; false where the session has ended by it.
bool SiteSession::load_row() {
  Result<std::optional<store::SiteRow>> row = desk_->reader->site_by_key(key_id_);
  if (!row) {
    end(row.error());
    return false;
  }
  if (greeted_ && !*row) {
    say_goodbye("rekeyed", "the site has another identity now", 0);
    return false;
  }
  row_ = *std::move(row);
  if (row_ && row_->ended) {
    say_goodbye("revoked", "the charter of this site has ended", revoked_retry_s);
    return false;
  }
  return true;
}

void SiteSession::refuse_enrolment(std::string code, std::string message) {
  desk_->log->warning("enrolment_refused", {{"code", code}, {"source", address_}});
  say(wire::EnrolReply{.state = wire::EnrolReply::State::refused,
                       .code = std::move(code),
                       .message = std::move(message)});
  ended_ = true;
}

void SiteSession::on_enrol(const wire::EnrolRequest& request) {
  if (!may_ask() || !load_row()) {
    return;
  }
  if (row_) {
    // Its answer was lost on the way, or it still waits. The token is not needed a second time.
    is_waiting_ = true;
    refresh();
    return;
  }
  if (desk_->may_guess && !desk_->may_guess(address_)) {
    refuse_enrolment("too_many_attempts", "too many tokens were tried from this address");
    return;
  }
  enrol(request, 0);
}

void SiteSession::enrol(const wire::EnrolRequest& request, int attempt) {
  const Digest hash = desk_->signers.crypto->sha256(request.token);
  const Result<std::optional<TokenRow>> token =
      desk_->reader->token(TokenRow::Kind::enrol, hash, desk_->clock->wall());
  if (!token || !*token) {
    refuse_enrolment("token_refused", "the token is unknown, used up, revoked or expired");
    return;
  }
  if (desk_->guessed) {
    desk_->guessed(address_);
  }
  Result<Admission> admission = make_admission(
      *desk_, {.request = request, .token = **token, .key = key_, .attempt = attempt});
  if (!admission) {
    refuse_enrolment(std::string(admission.error().code.name), admission.error().message);
    return;
  }
  admission->change.by = actor();
  submit(std::move(admission->change),
         [this, request, attempt](const auto& outcome) { on_enrolled(request, outcome, attempt); });
}

void SiteSession::on_enrolled(const wire::EnrolRequest& request,
                              const Result<store::Outcome>& outcome,
                              int attempt) {
  if (!outcome && outcome.error().code == store::already_exists && attempt < names_tried_max) {
    enrol(request, attempt + 1);
    return;
  }
  if (!outcome) {
    refuse_enrolment(std::string(outcome.error().code.name), outcome.error().message);
    return;
  }
  is_waiting_ = true;
  if (load_row()) {
    refresh();
  }
}

void SiteSession::refresh() {
  if (ended_ || (!is_waiting_ && !greeted_) || !load_row() || !row_) {
    return;
  }
  if (is_waiting_) {
    answer_enrolment();
  } else {
    send_news();
  }
  forget_row_bytes();
}

void SiteSession::answer_enrolment() {
  if (row_->charter.empty()) {
    say(wire::EnrolReply{.state = wire::EnrolReply::State::waiting,
                         .site = row_->id,
                         .message = "waiting for approval"});
    return;
  }
  is_waiting_ = false;
  charter_sent_ = {.term = row_->term, .seq = row_->charter_seq};
  say(wire::EnrolReply{
      .state = wire::EnrolReply::State::accepted, .site = row_->id, .charter = row_->charter});
}

void SiteSession::on_hello(const wire::AgentHello& hello) {
  if (greeted_) {
    end(violation("a second hello"));
    return;
  }
  if (!load_row()) {
    return;
  }
  if (!row_ || row_->charter.empty()) {
    say_goodbye("unknown_site", "no site with this key belongs here", 0);
    return;
  }
  const Result<std::optional<store::StateRow>> state = desk_->reader->state(row_->number);
  const Result<document::ReportNumber> events = desk_->reader->events_position(row_->number);
  if (!state || !events) {
    end(state ? events.error() : state.error());
    return;
  }
  greeted_ = true;
  reader_.set_bytes_max(wire::frame_bytes_max);
  start_id_ = hello.start_id;
  agent_version_ = hello.agent_version;
  trust_sent_ = hello.trust_version;
  charter_sent_ = hello.charter;
  manifest_sent_ = hello.manifest;
  charter_held_ = hello.charter_digest;
  manifest_held_ = hello.manifest;
  floor_ = hello.floor;
  say(wire::ServerHello{
      .protocol = wire::protocol_version,
      .server_version = desk_->server_version,
      .time_ms = static_cast<std::uint64_t>(desk_->clock->wall().time_since_epoch().count()),
      .report = *state ? (*state)->number : document::ReportNumber{},
      .event = *events,
      .beat_s = desk_->beat_s});
  compare_numbers(hello, *state);
  const document::PlanNumber ours{.term = row_->term, .seq = row_->charter_seq};
  const bool has_missed_charter = ours < hello.charter && hello.charter.term <= term_max;
  if (has_missed_charter || (hello.adopt_mode && needs_next_term(hello))) {
    ask_for_next_term(hello.charter.term);
  }
  ask_to_show();
  send_news();
}

/// Whatever the site lacks: trust, then its charter, then its manifest, each resting on the last.
void SiteSession::send_news() {
  send_trust();
  if (!ended_) {
    send_charter();
    send_manifest();
  }
}

void SiteSession::send_trust() {
  const Result<std::vector<std::string>> chain = desk_->reader->trusts_since(trust_sent_);
  if (!chain) {
    end(chain.error());
    return;
  }
  for (const std::string& envelope : *chain) {
    say(wire::Document{.envelope = envelope});
    ++trust_sent_;
  }
}

void SiteSession::send_charter() {
  const document::PlanNumber number{.term = row_->term, .seq = row_->charter_seq};
  if (number != charter_sent_) {
    charter_sent_ = number;
    // Its manifest may have come too early for the site; after this charter it is welcome.
    manifest_sent_ = {};
    say(wire::Document{.envelope = row_->charter});
  }
}

void SiteSession::send_manifest() {
  const Result<std::optional<store::ToldRow>> told = desk_->reader->told(row_->number);
  if (!told) {
    end(told.error());
    return;
  }
  // What was signed in a term that has passed is of no use to the site, nor what is older than what
  // it holds.
  if (*told && (*told)->number.term == row_->term && (*told)->digest != manifest_sent_ &&
      !((*told)->number < floor_)) {
    manifest_sent_ = (*told)->digest;
    say(wire::Document{.envelope = (*told)->envelope});
  }
}

void SiteSession::on_want(const wire::Want& want) {
  wanted_.insert(want.digests.begin(), want.digests.end());
  if (wanted_.size() > wanted_max) {
    end(violation("too many releases asked for at once"));
  }
}

bool SiteSession::send_wanted() {
  if (ended_ || wanted_.empty()) {
    return false;
  }
  while (!wanted_.empty() && output_.size() < wanted_bytes) {
    const Digest digest = *wanted_.begin();
    wanted_.erase(wanted_.begin());
    const Result<std::optional<std::string>> blob = desk_->reader->blob(digest);
    if (!blob) {
      end(blob.error());
      return true;
    }
    say(wire::Blob{.digest = digest, .envelope = blob->value_or(std::string())});
  }
  return true;
}

/// Not before the site has shown what it holds, where it was asked to: the planner would take the
/// report's number for a manifest that it knows.
void SiteSession::on_report(const wire::ReportMessage& message) {
  if (shown_.is_zero()) {
    store_report(message.report);
  } else {
    report_held_back_ = message.report;
  }
}

void SiteSession::store_report(const document::Report& report) {
  store::Change change{.by = actor(), .lane = store::Change::Lane::status};
  store::StateRow state{.site = row_->number,
                        .number = report.number,
                        .accepted = report.accepted,
                        .health = static_cast<std::uint32_t>(site_state(report)),
                        .seen_at = desk_->clock->wall()};
  change.operations.emplace_back(
      store::SetState{.state = state, .report = document::encode(report)});
  std::vector<document::Fact> facts = report.facts;
  if (!agent_version_.empty()) {
    facts.push_back({.name = "agent-version", .value = agent_version_});
  }
  change.operations.emplace_back(store::SetFacts{.site = row_->number, .facts = std::move(facts)});
  submit(std::move(change), [this](const auto& outcome) {
    if (!outcome) {
      // The site believes that it is known and says only what differs; a new session says it all.
      end(outcome.error());
    }
  });
}

void SiteSession::on_events(const wire::EventBatch& batch) {
  if (batch.events.empty()) {
    return;
  }
  store::AddEvents add{.site = row_->number};
  std::ranges::transform(batch.events, std::back_inserter(add.events), event_row);
  const document::ReportNumber last = document::last_number(batch.events.back());
  submit({.by = actor(), .operations = {std::move(add)}, .lane = store::Change::Lane::events},
         [this, last](const auto& outcome) {
           if (outcome) {
             say(wire::EventAck{.number = last});
           } else {
             // Not stored, so not acknowledged: a new session sends them again.
             end(outcome.error());
           }
         });
}

void SiteSession::on_rekey(const wire::RekeyRequest& request) {
  if (!load_row()) {
    return;
  }
  const Crypto& crypto = *desk_->signers.crypto;
  const Result<document::Charter> charter = charters::read(*row_, crypto);
  if (!charter) {
    end(charter.error());
    return;
  }
  const trust::Anchors anchors{
      .charter =
          trust::HeldCharter{.charter = *charter,
                             .number = {.number = {.term = row_->term, .seq = row_->charter_seq}}},
      .site = row_->id};
  const Result<trust::Admitted> admitted = trust::admit(request.envelope, anchors, crypto);
  const Result<document::Rekey> rekey =
      admitted ? trust::judge_rekey(*admitted) : Result<document::Rekey>(fail(admitted.error()));
  if (!rekey) {
    // Often it has just not taken its newest charter yet; it asks again in its next session.
    desk_->log->warning("rekey_refused",
                        {{"site", actor().name}, {"code", rekey.error().code.name}});
    return;
  }
  Result<store::SetCharter> next = charters::rekeyed(desk_->signers, *row_, rekey->new_key);
  if (!next) {
    desk_->log->error("charter_not_signed", {{"why", next.error().message}});
    return;
  }
  const std::string envelope = next->envelope;
  submit({.by = actor(), .operations = {*std::move(next)}}, [this, envelope](const auto& outcome) {
    if (outcome) {
      say(wire::Document{.envelope = envelope});
    }
  });
}

/// The session may be gone when the answer comes.
void SiteSession::submit(store::Change change,
                         std::function<void(const Result<store::Outcome>&)> done) {
  const Status queued = desk_->submit(
      std::move(change),
      [weak = weak_from_this(), done = std::move(done)](const Result<store::Outcome>& outcome) {
        if (const auto self = weak.lock(); self && !self->ended_) {
          done(outcome);
          self->on_output_();
        }
      });
  if (!queued) {
    say_goodbye("busy", "the server's store is busy", busy_retry_s);
  }
}

std::string SiteSession::take_output() {
  return std::exchange(output_, {});
}

void SiteSession::say(const wire::Message& message) {
  output_ += wire::encode_message(message);
}

void SiteSession::say_goodbye(std::string code, std::string message, std::uint32_t retry_after_s) {
  say(wire::Bye{
      .code = std::move(code), .message = std::move(message), .retry_after_s = retry_after_s});
  ended_ = true;
}

void SiteSession::end(const Error& reason) {
  desk_->log->warning(
      "session_ended",
      {{"site", actor().name}, {"code", reason.code.name}, {"why", reason.message}});
  // An overloaded store is not helped by one that is back at once.
  const std::uint32_t retry_s = reason.code == store::queue_full ? busy_retry_s : 0;
  say_goodbye(std::string(reason.code.name), reason.message, retry_s);
}

}  // namespace skerry::gateway
