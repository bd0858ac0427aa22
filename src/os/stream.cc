#include "os/stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <sys/socket.h>

#include "os/codes.h"

namespace skerry::os {

namespace {

/// One TLS record at most, so that a record is never left half read inside the library.
constexpr std::size_t read_size = std::size_t{16} * 1024;

/// Reads in a row before other descriptors have their turn.
constexpr int reads_max = 8;

/// How long a refused peer has to read why.
constexpr std::chrono::milliseconds refusal_linger{1000};

Error closed_error(std::string_view why) {
  return {.kind = ErrorKind::unavailable, .code = connection_closed, .message = std::string(why)};
}

}  // namespace

Stream::Stream(EventLoop& loop,
               Descriptor socket,
               std::unique_ptr<Transport> transport,
               StreamHandler& handler,
               const StreamOptions& options)
    : loop_(loop),
      handler_(handler),
      socket_(std::move(socket)),
      transport_(std::move(transport)),
      queue_max_(options.queue_max),
      linger_(options.linger) {}

Result<std::unique_ptr<Stream>> Stream::create(EventLoop& loop,
                                               Descriptor socket,
                                               std::unique_ptr<Transport> transport,
                                               StreamHandler& handler,
                                               const StreamOptions& options) {
  std::unique_ptr<Stream> stream(
      new Stream(loop, std::move(socket), std::move(transport), handler, options));
  Stream* self = stream.get();
  // Writable at once: so the handshake begins from the loop, whichever side speaks first.
  SKERRY_TRY(self->watch_,
             loop.watch(self->socket_.get(),
                        {.readable = true, .writable = true},
                        [self](Readiness ready) { self->on_ready(ready); }));
  self->timer_ = loop.after(options.handshake, [self] {
    self->close({.kind = ErrorKind::unavailable,
                 .code = timed_out,
                 .message = "the handshake was not done in time"});
  });
  return stream;
}

Stream::~Stream() = default;

Status Stream::send(std::string_view bytes) {
  if (state_ != State::open && state_ != State::handshaking) {
    return fail(closed_error("the stream has ended"));
  }
  if (bytes.size() > queue_max_ - std::min(queue_max_, queued())) {
    return fail(
        {.kind = ErrorKind::exhausted,
         .code = queue_full,
         .message = "the peer does not take " + std::to_string(queued()) + " queued bytes"});
  }
  if (state_ == State::open && queued() == 0) {
    bytes.remove_prefix(write_now(bytes));
  }
  if (!bytes.empty() && state_ != State::closed) {
    queue_.append(bytes);
    update_interest();
  }
  return {};
}

void Stream::finish() {
  if (state_ == State::handshaking) {
    close_later(closed_error("we ended it during the handshake"));
  }
  if (state_ != State::open) {
    return;
  }
  state_ = State::finishing;
  reading_ = Reading::on;  // To notice the peer's end.
  timer_ = loop_.after(linger_, [this] { close(closed_error("we ended it; the peer lingered")); });
  if (queued() == 0) {
    transport_->end_writing();
  }
  update_interest();
}

void Stream::set_reading(Reading reading) {
  if (state_ == State::open || state_ == State::handshaking) {
    reading_ = reading;
    update_interest();
  }
}

void Stream::on_ready(Readiness ready) {
  Lifeline::Check check(lifeline_);
  if (state_ == State::handshaking) {
    shake_hands();
    return;
  }
  if (state_ == State::refusing) {
    drop_input();
    return;
  }
  if (ready.writable && (queued() > 0 || wants_write_)) {
    flush();
  }
  if (!check.gone() && ready.readable && state_ != State::closed) {
    read_some();
  }
}

void Stream::shake_hands() {
  const Io io = transport_->handshake();
  if (io.outcome == Io::Outcome::failed) {
    refuse(transport_->failure());
    return;
  }
  wants_write_ = io.outcome == Io::Outcome::want_write;
  if (io.outcome == Io::Outcome::done) {
    state_ = State::open;
    timer_.cancel();
  }
  // Queued bytes wait for the owner to see the peer first.
  update_interest();
  if (io.outcome == Io::Outcome::done && state_ == State::open) {
    handler_.on_open(transport_->peer());
  }
}

/// Closing with unread input resets the connection, and the peer would never read the alert that
/// tells it why. So wait, briefly, until it has hung up.
void Stream::refuse(Error reason) {
  state_ = State::refusing;
  wants_write_ = false;
  refusal_ = std::make_unique<Error>(std::move(reason));
  ::shutdown(socket_.get(), SHUT_WR);
  timer_ = loop_.after(std::min(linger_, refusal_linger), [this] { close(*refusal_); });
  update_interest();
  drop_input();
}

void Stream::drop_input() {
  std::array<char, read_size> ignored;
  const ssize_t count = ::recv(socket_.get(), ignored.data(), ignored.size(), 0);
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
    close(*refusal_);
  }
}

/// Writes until done or until the kernel takes no more.
///
/// @return  how much was written; after a failure all of it, for it is of no more use
std::size_t Stream::write_now(std::string_view bytes) {
  std::size_t written = 0;
  wants_write_ = false;
  while (written < bytes.size()) {
    const Io io = transport_->write(bytes.substr(written));
    if (io.outcome == Io::Outcome::want_write || io.outcome == Io::Outcome::want_read) {
      wants_write_ = true;
      return written;
    }
    if (io.outcome != Io::Outcome::done) {
      close_later(transport_->failure());
      return bytes.size();
    }
    written += io.size;
  }
  return written;
}

void Stream::flush() {
  queue_sent_ += write_now(std::string_view(queue_).substr(queue_sent_));
  if (queued() > 0 || state_ == State::closed) {
    drop_sent();
    return;
  }
  // A hundred thousand idle streams keep no buffers; an empty string assigned would keep this one.
  std::string().swap(queue_);
  queue_sent_ = 0;
  if (state_ == State::finishing) {
    transport_->end_writing();
  }
  update_interest();
  if (state_ == State::open) {
    handler_.on_drained();
  }
}

/// A peer that lags for ever keeps the queue from running empty. Half of it at a time, so that a
/// byte is moved once on average.
void Stream::drop_sent() {
  if (queue_sent_ > queue_.size() / 2) {
    queue_.erase(0, queue_sent_);
    queue_sent_ = 0;
  }
}

void Stream::read_some() {
  Lifeline::Check check(lifeline_);
  // Not initialised: only what was read is looked at.
  std::array<char, read_size> buffer;
  for (int i = 0; i < reads_max && !check.gone(); ++i) {
    if (state_ == State::closed || reading_ == Reading::off) {
      return;
    }
    const Io io = transport_->read(buffer);
    if (io.outcome == Io::Outcome::want_read || io.outcome == Io::Outcome::want_write) {
      return;
    }
    handle_read(io, std::string_view(buffer.data(), io.size));
  }
}

void Stream::handle_read(const Io& io, std::string_view bytes) {
  if (io.outcome == Io::Outcome::failed) {
    // After our own end it does not matter how the peer makes its end.
    close(state_ == State::finishing ? closed_error("we ended it") : transport_->failure());
  } else if (io.outcome == Io::Outcome::closed) {
    close(closed_error("the peer ended it"));
  } else if (state_ == State::open) {
    handler_.on_bytes(bytes);
  }
}

void Stream::update_interest() {
  if (state_ == State::closed) {
    return;
  }
  const bool speaking = state_ == State::open || state_ == State::finishing;
  const Readiness wanted{.readable = !speaking || reading_ == Reading::on,
                         .writable = wants_write_ || (speaking && queued() > 0)};
  if (Status status = watch_.set(wanted); !status) {
    close_later(std::move(status).error());
  }
}

void Stream::close_later(Error reason) {
  watch_.stop();
  state_ = State::closed;
  timer_ = loop_.after(std::chrono::nanoseconds(0),
                       [this, reason = std::move(reason)] { close(reason); });
}

void Stream::close(const Error& reason) {
  const std::unique_ptr<Error> kept = std::move(refusal_);  // `reason` may be this.
  state_ = State::closed;
  watch_.stop();
  timer_.cancel();
  transport_.reset();
  socket_.reset();
  queue_.clear();
  queue_sent_ = 0;
  handler_.on_closed(reason);
}

}  // namespace skerry::os
