#include "net/connection.h"

#include <utility>

#include "net/codes.h"
#include "net/mailbox.h"

namespace skerry::net {

namespace {

/// For answers that are data. A page of the console will bring its own policy.
constexpr std::string_view security_headers =
    "x-content-type-options: nosniff\r\n"
    "x-frame-options: DENY\r\n"
    "referrer-policy: no-referrer\r\n"
    "content-security-policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'\r\n"
    "cross-origin-resource-policy: same-origin\r\n"
    "cross-origin-opener-policy: same-origin\r\n";

enum class After : std::uint8_t { keep, close };

std::string head_of(const Response& response, After after, WallTime now) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head += reason_phrase(response.status);
  head += "\r\n";
  for (const Header& header : response.headers) {
    head += header.name + ": " + header.value + "\r\n";
  }
  if (find_header(response.headers, "cache-control") == nullptr) {
    head += "cache-control: no-store\r\n";
  }
  // Whoever caches, and whoever compares clocks, needs it (RFC 9110, 6.6.1).
  head += "date: " + http_date(now) + "\r\n";
  head += security_headers;
  head += after == After::close ? "connection: close\r\n" : "";
  return head;
}

bool has_no_body(unsigned status) {
  return status == 204 || status == 304;
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(ConnectionContext& context,
                                                     std::uint64_t number,
                                                     os::Descriptor socket,
                                                     std::string peer) {
  SKERRY_TRY(std::unique_ptr<os::Transport> transport, context.tls.open(socket.get()));
  std::unique_ptr<Connection> made(new Connection(context, number, std::move(peer)));
  const os::StreamOptions options{.handshake = context.limits.head,
                                  .queue_max = context.limits.queue_max};
  SKERRY_TRY(
      made->stream_,
      os::Stream::create(context.loop, std::move(socket), std::move(transport), *made, options));
  return made;
}

void Connection::on_open(const os::StreamPeer& /*peer*/) {
  set_deadline(context_.limits.head, request_timeout, "no request came in time");
}

void Connection::on_bytes(std::string_view bytes) {
  if (state_ == State::closing) {
    return;
  }
  buffer_.append(bytes);
  if (state_ == State::head || state_ == State::body) {
    go_on();
    return;
  }
  // The next request waits its turn; more than one head's worth waits in the kernel. Nobody speaks
  // into a stream.
  if (state_ == State::streaming) {
    cut();
  } else if (buffer_.size() > head_size_max) {
    stream_->set_reading(os::Stream::Reading::off);
  }
}

void Connection::go_on() {
  if (state_ == State::head) {
    read_head();
  } else if (state_ == State::body) {
    read_more_body();
  }
}

void Connection::read_head() {
  if (buffer_.empty()) {
    return;
  }
  const Result<std::size_t> end = find_head_end(buffer_);
  if (!end) {
    refuse(end.error());
    return;
  }
  if (*end == 0) {
    // Counted from its first byte, so that a trickle does not buy time.
    if (request_.head.method.empty()) {
      request_.head.method = "?";  // Says that the clock runs.
      set_deadline(context_.limits.head, request_timeout, "the head did not come in time");
    }
    return;
  }
  Result<ParsedHead> parsed = parse_head(std::string_view(buffer_).substr(0, *end));
  if (!parsed) {
    refuse(parsed.error());
    return;
  }
  buffer_.erase(0, *end);
  start_exchange(*std::move(parsed));
}

void Connection::start_exchange(ParsedHead parsed) {
  parsed.head.peer = peer_;
  request_ = std::move(parsed);
  body_read_ = request_.framing.kind == BodyFraming::Kind::none;
  state_ = State::handling;
  set_deadline(context_.limits.answer, overloaded, "there was no answer in time");
  busy_ = true;
  ++requests_;
  const Exchange::Address address{.connection = number_, .request = requests_};
  auto exchange = std::make_shared<Exchange>(context_.mailbox, address, request_.head);
  exchange_ = exchange;
  context_.handler(std::move(exchange));
}

void Connection::read_body(std::size_t size_max, Exchange::BodyDone done) {
  if (state_ != State::handling || body_) {
    return;
  }
  Result<BodyReader> reader = BodyReader::create(request_.framing, size_max);
  if (!reader) {
    refuse(reader.error());
    return;
  }
  body_ = *std::move(reader);
  body_done_ = std::move(done);
  state_ = State::body;
  set_deadline(context_.limits.body, request_timeout, "the body did not come in time");
  if (request_.expects_continue && buffer_.empty() && !body_->complete()) {
    write("HTTP/1.1 100 Continue\r\n\r\n");
  }
  stream_->set_reading(os::Stream::Reading::on);
  read_more_body();
}

void Connection::read_more_body() {
  const Result<std::size_t> used = body_->feed(buffer_);
  if (!used) {
    refuse(used.error());
    return;
  }
  buffer_.erase(0, *used);
  if (!body_->complete()) {
    return;
  }
  body_read_ = true;
  state_ = State::handling;
  set_deadline(context_.limits.answer, overloaded, "there was no answer in time");
  // Out of the member first: whoever is called may end the connection.
  const Exchange::BodyDone done = std::exchange(body_done_, nullptr);
  done(body_->take());
}

void Connection::reply(const Response& response) {
  if (state_ == State::body) {
    body_done_ = nullptr;
  } else if (state_ != State::handling) {
    return;
  }
  const bool keep = request_.keep_alive && body_read_ && !context_.stopping;
  std::string bytes = head_of(response, keep ? After::keep : After::close, context_.clock.wall());
  if (!has_no_body(response.status)) {
    bytes += "content-length: " + std::to_string(response.body.size()) + "\r\n";
  }
  bytes += "\r\n";
  if (request_.head.method != "HEAD" && !has_no_body(response.status)) {
    bytes += response.body;
  }
  if (bytes.size() > context_.limits.queue_max) {
    refuse({.kind = ErrorKind::internal, .message = "the answer is too large"});
    return;
  }
  let_go();
  write(bytes);
  if (!keep || state_ == State::closing) {
    close();
    return;
  }
  state_ = State::head;
  body_.reset();
  request_ = {};
  stream_->set_reading(os::Stream::Reading::on);
  set_deadline(context_.limits.idle, request_timeout, "");
  go_on();
}

void Connection::begin_stream(const Response& response) {
  if (state_ != State::handling) {
    return;
  }
  // Without a length the end of the connection ends the body.
  const std::string head = head_of(response, After::close, context_.clock.wall()) + "\r\n";
  if (request_.head.method == "HEAD") {
    let_go();
    write(head);
    close();
    return;
  }
  state_ = State::streaming;
  deadline_.cancel();
  stream_->set_reading(os::Stream::Reading::on);
  write(head + response.body);
}

void Connection::send(std::string_view bytes) {
  if (state_ == State::streaming) {
    write(bytes);
  }
}

void Connection::settle(std::size_t size) {
  if (const auto exchange = exchange_.lock()) {
    exchange->pending_ -= size;
  }
}

void Connection::end() {
  if (state_ == State::streaming) {
    let_go();
    close();
  }
}

void Connection::write(std::string_view bytes) {
  if (!stream_->send(bytes)) {
    cut();
    return;
  }
  written_ += bytes.size();
  watch_stall();
}

void Connection::watch_stall() {
  if (const auto exchange = exchange_.lock()) {
    exchange->in_stream_ = stream_->queued();
  }
  if (stream_->queued() == 0) {
    stall_.cancel();
  } else if (!stall_.pending()) {
    stall_ = context_.loop.after(context_.limits.stall,
                                 [this, before = taken()] { check_stall(before); });
  }
}

/// Slow is not stalled: only who has taken nothing for the whole time is cut.
void Connection::check_stall(std::uint64_t taken_before) {
  if (taken() == taken_before) {
    cut();
  } else {
    watch_stall();
  }
}

void Connection::on_drained() {
  watch_stall();
}

void Connection::refuse(const Error& error) {
  if (state_ == State::closing || state_ == State::streaming) {
    cut();
    return;
  }
  const Response response = problem_response(error);
  let_go();
  write(head_of(response, After::close, context_.clock.wall()) +
        "content-length: " + std::to_string(response.body.size()) + "\r\n\r\n" + response.body);
  close();
}

void Connection::wind_down() {
  if (state_ == State::head || state_ == State::streaming) {
    let_go();
    close();
  }
}

/// Sends what is queued, then ends.
void Connection::close() {
  if (state_ == State::closing && cut_.pending()) {
    return;
  }
  state_ = State::closing;
  deadline_.cancel();
  buffer_.clear();
  stream_->finish();
}

/// Ends at once, from the loop: the caller may be inside the stream.
void Connection::cut() {
  state_ = State::closing;
  let_go();
  if (!cut_.pending()) {
    cut_ = context_.loop.after(std::chrono::nanoseconds(0), [this] { context_.remove(number_); });
  }
}

/// The exchange has nothing more to say here.
void Connection::let_go() {
  if (const auto exchange = exchange_.lock()) {
    exchange->gone_ = true;
    exchange->in_stream_ = 0;
  }
  exchange_.reset();
  busy_ = false;
}

void Connection::on_closed(const Error& /*reason*/) {
  let_go();
  context_.remove(number_);
}

void Connection::set_deadline(std::chrono::milliseconds patience,
                              ErrorCode code,
                              std::string_view message) {
  deadline_ = context_.loop.after(patience, [this, patience, code, message] {
    // Between requests it counts from when the last answer was taken.
    if (message.empty() && stream_->queued() != 0) {
      set_deadline(patience, code, message);
      return;
    }
    // A peer that asked for nothing is owed nothing.
    if (message.empty() || (state_ == State::head && buffer_.empty())) {
      close();
    } else {
      refuse({.kind = ErrorKind::unavailable, .code = code, .message = std::string(message)});
    }
  });
}

}  // namespace skerry::net
