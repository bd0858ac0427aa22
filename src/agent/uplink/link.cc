#include "agent/uplink/link.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace skerry::agent {
namespace {

/// Address look-up, every address, the handshake and the hello.
constexpr std::chrono::seconds dial_deadline{45};
/// Beyond this the back-off is at its cap anyway.
constexpr std::uint64_t failures_max = 16;

}  // namespace

Link::Link(const Session::Outside& outside, Connector& connector, Random& random, Options options)
    : outside_(outside), connector_(&connector), random_(&random), options_(std::move(options)) {
  const auto kept = outside_.ledger.get<Counter>(key::back_off);
  failures_ = kept && *kept ? (*kept)->value : 0;
  failures_kept_ = failures_;
}

Result<std::optional<Instant>> Link::step(Instant now) {
  if (options_.servers.empty()) {
    return std::optional<Instant>();
  }
  if (session_ && session_->phase() == Session::Phase::ended) {
    const Error reason = session_->end_reason().value_or(Error{});
    close(reason, now);
  } else if (is_unanswered() && now >= deadline_) {
    close({.kind = ErrorKind::unavailable,
           .code = link_timed_out,
           .message = session_ ? "the server did not answer in time" : "no connection in time"},
          now);
  }
  if (!session_ && !dialling_ && now >= dial_at_) {
    dial(now);
  }
  if (is_steady() && failures_ != 0 && now >= opened_at_ + options_.healthy_after) {
    failures_ = 0;
    SKERRY_CHECK(remember_failures());
  }
  SKERRY_CHECK(flush(now));
  return wake_at();
}

/// Connecting, or waiting for the server's first word. One who waits for approval waits for long.
bool Link::is_unanswered() const {
  return session_ ? session_->phase() == Session::Phase::verifying ||
                        session_->phase() == Session::Phase::greeting
                  : dialling_;
}

std::optional<Instant> Link::wake_at() const {
  if (!session_) {
    return dialling_ ? deadline_ : dial_at_;
  }
  if (is_unanswered()) {
    return deadline_;
  }
  const Instant beat_at = sent_at_ + beat();
  return failures_ != 0 ? std::min(beat_at, opened_at_ + options_.healthy_after) : beat_at;
}

std::chrono::seconds Link::beat() const {
  return session_ && session_->beat_s() != 0 ? std::chrono::seconds(session_->beat_s())
                                             : options_.beat;
}

void Link::dial(Instant now) {
  dialling_ = true;
  deadline_ = now + dial_deadline;
  connector_->dial(options_.servers[server_ % options_.servers.size()]);
}

Status Link::on_open(const PublicKey& server_key, Instant now) {
  dialling_ = false;
  opened_at_ = now;
  sent_at_ = now;
  session_.emplace(outside_, options_.self);
  SKERRY_CHECK(session_->start(server_key));
  return flush(now);
}

Status Link::on_bytes(std::string_view bytes, Instant now) {
  if (!session_) {
    return {};
  }
  SKERRY_CHECK(session_->receive(bytes));
  return flush(now);
}

void Link::on_closed(const Error& reason, Instant now) {
  // What the session said before the peer hung up explains more than the hang-up does.
  close(session_ && session_->end_reason() ? *session_->end_reason() : reason, now);
}

/// A failure, also of a session that did not live long: the next server, later.
void Link::close(Error reason, Instant now) {
  const std::uint32_t hint_s = session_ ? session_->retry_after_s() : 0;
  const bool was_healthy = is_steady() && now >= opened_at_ + options_.healthy_after;
  drop_session();
  last_error_ = std::move(reason);
  ++server_;
  failures_ = was_healthy ? 0 : failures_;
  dial_at_ = now + (hint_s != 0 ? jittered(std::chrono::seconds(hint_s)) : back_off());
  failures_ = std::min(failures_ + 1, failures_max);
}

/// What it had to tell is kept: an accepted document counts, however the link ended.
void Link::drop_session() {
  news_ = take_news();
  connector_->hang_up();
  session_.reset();
  dialling_ = false;
  ++ended_;
}

Session::News Link::take_news() {
  Session::News news = std::exchange(news_, {});
  if (session_) {
    Session::News newer = session_->take_news();
    news.taken.insert(news.taken.end(), newer.taken.begin(), newer.taken.end());
    std::ranges::move(newer.refused, std::back_inserter(news.refused));
    if (newer.enrolment) {
      news.enrolment = std::move(newer.enrolment);
    }
  }
  return news;
}

/// random(0, min(cap, first · 2^n)) after n failures before this one, so that a fleet does not come
/// back at once (D8).
std::chrono::milliseconds Link::back_off() {
  const auto steps = static_cast<unsigned>(failures_);
  const std::chrono::milliseconds grown = options_.back_off_first * (1LL << steps);
  const auto bound = std::min(options_.back_off_max, grown);
  return std::chrono::milliseconds(
      static_cast<std::int64_t>(random_->below(static_cast<std::uint64_t>(bound.count()) + 1)));
}

/// The server's hint, give or take 30 %.
std::chrono::milliseconds Link::jittered(std::chrono::milliseconds hint) {
  const std::int64_t tenth = hint.count() / 10;
  const auto spread =
      static_cast<std::int64_t>(random_->below(static_cast<std::uint64_t>(6 * tenth) + 1));
  return std::chrono::milliseconds(hint.count() - 3 * tenth + spread);
}

/// Kept across restarts: a box that reboots in a loop must not hammer its server.
Status Link::remember_failures() {
  if (failures_ == failures_kept_) {
    return {};
  }
  Status kept =
      outside_.ledger.commit(Ledger::Change().put(key::back_off, Counter{.value = failures_}));
  if (!kept) {
    // Not worth ending for: on a full disk it is tried again with the next step.
    return is_fatal(kept.error()) ? kept : Status{};
  }
  failures_kept_ = failures_;
  return {};
}

void Link::redial(Instant now) {
  drop_session();
  dial_at_ = now;
}

Status Link::flush(Instant now) {
  if (!session_) {
    return remember_failures();
  }
  if (!is_unanswered() && now >= sent_at_ + beat()) {
    session_->send_beat();
  }
  const std::string bytes = session_->take_output();
  if (bytes.empty()) {
    return {};
  }
  sent_at_ = now;
  if (const Status sent = connector_->send(bytes); !sent) {
    close(sent.error(), now);
  }
  return {};
}

}  // namespace skerry::agent
