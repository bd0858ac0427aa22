#include "agent/uplink/session.h"

#include <algorithm>
#include <utility>

#include "base/overloaded.h"
#include "document/trust_document.h"
#include "trust/codes.h"

namespace skerry::agent {

using document::TrustedKey;

namespace {

/// Events of one message, and messages that may wait for their acknowledgement.
constexpr std::size_t events_per_message = 64;
constexpr std::size_t batches_in_flight_max = 4;

Error violation(std::string message) {
  return {.kind = ErrorKind::denied, .code = protocol_violation, .message = std::move(message)};
}

}  // namespace

Session::Session(const Outside& outside, Self self) : outside_(outside), self_(std::move(self)) {}

Status Session::start(const PublicKey& server_key) {
  server_key_ = server_key;
  if (may_serve(server_key)) {
    return greet();
  }
  const auto& trust = outside_.intake.anchors().trust;
  say(wire::TrustRequest{.version = trust ? trust->trust.version : 0});
  return {};
}

bool Session::may_serve(const PublicKey& key) const {
  const auto& trust = outside_.intake.anchors().trust;
  return trust && std::ranges::any_of(trust->trust.keys, [&](const TrustedKey& trusted) {
           return trusted.key == key &&
                  std::ranges::find(trusted.rights, TrustedKey::Right::serve) !=
                      trusted.rights.end();
         });
}

Status Session::greet() {
  const trust::Anchors& anchors = outside_.intake.anchors();
  if (!anchors.charter && self_.enrol) {
    phase_ = Phase::enrolling;
    say(*self_.enrol);
    return {};
  }
  phase_ = Phase::greeting;
  wire::AgentHello hello{.protocol = wire::protocol_version,
                         .agent_version = self_.agent_version,
                         .start = outside_.ledger.start_counter(),
                         .start_id = self_.start_id,
                         .boot_id = self_.boot_id,
                         .floor = anchors.floor.number,
                         .manifest = outside_.intake.manifest_digest(),
                         .trust_version = anchors.trust ? anchors.trust->trust.version : 0,
                         .adopt_mode = outside_.intake.in_adopt_mode()};
  if (anchors.charter) {
    hello.charter = anchors.charter->number.number;
    hello.charter_digest = anchors.charter->number.digest;
  }
  say(hello);
  return {};
}

Status Session::receive(std::string_view bytes) {
  reader_.feed(bytes);
  while (phase_ != Phase::ended) {
    const Result<std::optional<wire::Frame>> frame = reader_.next();
    if (!frame) {
      end(frame.error());
      break;
    }
    if (!*frame) {
      break;
    }
    const Result<wire::Message> message = wire::decode_message(**frame);
    if (!message) {
      end(message.error());
      break;
    }
    SKERRY_CHECK(handle(*message));
  }
  return {};
}

Status Session::handle(const wire::Message& message) {
  return std::visit(Overloaded{
                        [&](const wire::Document& document) {
                          return phase_ == Phase::verifying ? on_trust_document(document.envelope)
                                                            : take_document(document.envelope);
                        },
                        [&](const wire::TrustEnd&) { return on_trust_end(); },
                        [&](const wire::EnrolReply& reply) { return on_enrol_reply(reply); },
                        [&](const wire::ServerHello& hello) { return on_server_hello(hello); },
                        [&](const wire::Blob& blob) { return on_blob(blob); },
                        [&](const wire::Want& want) { return on_want(want); },
                        [&](const wire::EventAck& ack) -> Status {
                          std::erase_if(unacknowledged_,
                                        [&](const auto& last) { return last <= ack.number; });
                          SKERRY_CHECK(outside_.outbox.acknowledge(ack.number));
                          return pump_events();
                        },
                        [&](const wire::Bye& bye) {
                          retry_after_s_ = bye.retry_after_s;
                          end({.kind = ErrorKind::unavailable,
                               .code = server_said_goodbye,
                               .message = bye.code + ": " + bye.message});
                          return Status{};
                        },
                        [&](const wire::Beat&) { return Status{}; },
                        [&](const auto& other) {
                          end(violation("a server does not send " + std::string(other.type_name)));
                          return Status{};
                        },
                    },
                    message);
}

/// Before the server's key is known nothing is taken but what roots have signed.
Status Session::on_trust_document(const std::string& envelope) {
  const Result<Taken> taken = outside_.intake.take(envelope);
  if (!taken && is_fatal(taken.error())) {
    return fail(taken.error());
  }
  if (!taken || (taken->what != Taken::What::trust && taken->what != Taken::What::nothing)) {
    news_.refused.push_back(taken ? violation("not a trust document") : taken.error());
    end({.kind = ErrorKind::denied,
         .code = server_not_trusted,
         .message = "the server's trust chain does not follow from the one held here"});
  }
  return {};
}

Status Session::on_trust_end() {
  if (phase_ != Phase::verifying) {
    return {};
  }
  if (!may_serve(server_key_)) {
    end({.kind = ErrorKind::denied,
         .code = server_not_trusted,
         .message = "no root key of this installation lets the server's key serve"});
    return {};
  }
  return greet();
}

Status Session::on_enrol_reply(const wire::EnrolReply& reply) {
  if (phase_ != Phase::enrolling) {
    end(violation("an answer to an enrolment that nobody asked for"));
    return {};
  }
  news_.enrolment = reply;
  if (reply.state == wire::EnrolReply::State::refused) {
    end({.kind = ErrorKind::denied,
         .code = enrolment_refused,
         .message = reply.code + ": " + reply.message});
    return {};
  }
  if (reply.state != wire::EnrolReply::State::accepted) {
    return {};
  }
  SKERRY_CHECK(take_document(reply.charter));
  if (!outside_.intake.anchors().charter) {
    end({.kind = ErrorKind::denied,
         .code = enrolment_refused,
         .message = "the charter that the server sent was refused here"});
    return {};
  }
  self_.enrol.reset();
  return greet();
}

Status Session::on_server_hello(const wire::ServerHello& hello) {
  if (phase_ != Phase::greeting) {
    end(violation("a hello out of turn"));
    return {};
  }
  if (Status above = go_on_above(hello); !above) {
    if (above.error().kind != ErrorKind::exhausted) {
      return above;
    }
    end(std::move(above).error());  // No room here; a new session tries again.
    return {};
  }
  phase_ = Phase::steady;
  beat_s_ = hello.beat_s;
  SKERRY_CHECK(outside_.outbox.acknowledge(hello.event));
  sent_ = hello.event;
  outside_.outbox.mark_sent(sent_);
  outside_.intake.retry_refused_releases();
  ask_for_releases();
  return pump_events();
}

/// What this process never said and is not older than it comes from a past that its ledger has
/// forgotten.
Status Session::go_on_above(const wire::ServerHello& hello) {
  const std::uint64_t start = outside_.ledger.start_counter();
  const auto is_forgotten = [&](document::ReportNumber known, document::ReportNumber said) {
    return known.start >= start && known > said;
  };
  const Outbox::Said& said = outside_.outbox.said();
  if (!is_forgotten(hello.report, said.report) && !is_forgotten(hello.event, said.event)) {
    return {};
  }
  return outside_.outbox.renumber_above(std::max(hello.report.start, hello.event.start));
}

Status Session::on_blob(const wire::Blob& blob) {
  if (blob.envelope.empty()) {
    news_.refused.push_back({.kind = ErrorKind::unavailable,
                             .code = release_missing,
                             .message = "the server has no release " + short_name(blob.digest)});
    return {};
  }
  return note(outside_.intake.take_release(blob.digest, blob.envelope));
}

/// The server asks to see what its keys have signed: its store may be the older one.
Status Session::on_want(const wire::Want& want) {
  for (const Digest& digest : want.digests) {
    SKERRY_TRY(std::string envelope, outside_.intake.held_envelope(digest));
    say(wire::Blob{.digest = digest, .envelope = std::move(envelope)});
  }
  return {};
}

Status Session::take_document(const std::string& envelope) {
  SKERRY_CHECK(note(outside_.intake.take(envelope)));
  ask_for_releases();
  return {};
}

Status Session::note(Result<Taken> taken) {
  if (taken) {
    if (taken->what != Taken::What::nothing) {
      news_.taken.push_back(*taken);
    }
    return {};
  }
  if (is_fatal(taken.error())) {
    return fail(std::move(taken).error());
  }
  if (taken.error().kind == ErrorKind::exhausted) {
    // No room here. The server believes it delivered, so only a new session brings it again.
    end(std::move(taken).error());
    return {};
  }
  news_.refused.push_back(std::move(taken).error());
  return {};
}

void Session::ask_for_releases() {
  if (phase_ != Phase::steady) {
    return;
  }
  std::vector<Digest> missing = outside_.intake.missing_releases();
  std::erase_if(missing, [&](const Digest& digest) { return !asked_.insert(digest).second; });
  if (!missing.empty()) {
    say(wire::Want{.digests = std::move(missing)});
  }
}

Status Session::pump_events() {
  while (phase_ == Phase::steady && unacknowledged_.size() < batches_in_flight_max) {
    SKERRY_TRY(std::vector<document::Event> events,
               outside_.outbox.next(sent_, events_per_message));
    if (events.empty()) {
      return {};
    }
    sent_ = document::last_number(events.back());
    outside_.outbox.mark_sent(sent_);
    unacknowledged_.push_back(sent_);
    outside_.outbox.said().event = sent_;
    say(wire::EventBatch{.events = std::move(events)});
  }
  return {};
}

void Session::send_report(const document::Report& report) {
  if (phase_ == Phase::steady) {
    outside_.outbox.said().report = report.number;
    say(wire::ReportMessage{.report = report});
  }
}

void Session::send_beat() {
  say(wire::Beat{});
}

void Session::send_rekey(std::string_view envelope) {
  say(wire::RekeyRequest{.envelope = std::string(envelope)});
}

std::string Session::take_output() {
  return std::exchange(output_, {});
}

Session::News Session::take_news() {
  return std::exchange(news_, {});
}

void Session::say(const wire::Message& message) {
  output_ += wire::encode_message(message);
}

void Session::end(Error reason) {
  phase_ = Phase::ended;
  end_reason_ = std::move(reason);
}

}  // namespace skerry::agent
