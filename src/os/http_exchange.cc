#include "os/http_exchange.h"

#include <array>
#include <cerrno>
#include <utility>

#include <sys/socket.h>

#include "os/codes.h"
#include "os/http_pool.h"
#include "os/http_reader.h"
#include "os/unix_address.h"

namespace skerry::os {

namespace {

using std::chrono::milliseconds;

/// How soon a full backlog is tried again.
constexpr milliseconds backlog_retry{20};
constexpr std::size_t read_size = std::size_t{16} * 1024;

/// No control byte may stand in a line of the head: it could begin another line or request.
bool is_clean(std::string_view text, bool may_have_space) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (byte == ' ' && !may_have_space)) {
      return false;
    }
  }
  return true;
}

bool is_clean(const HttpRequest& request) {
  for (const HttpHeader& header : request.headers) {
    const bool name_ok = !header.name.empty() && is_clean(header.name, false) &&
                         header.name.find(':') == std::string::npos;
    if (!name_ok || !is_clean(header.value, true)) {
      return false;
    }
  }
  return !request.method.empty() && is_clean(request.method, false) &&
         request.target.starts_with('/') && is_clean(request.target, false);
}

bool has_body(const HttpRequest& request) {
  return !request.body.empty() || request.method == "POST" || request.method == "PUT";
}

std::string encode(const HttpRequest& request) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\nHost: localhost\r\n";
  for (const HttpHeader& header : request.headers) {
    text += header.name + ": " + header.value + "\r\n";
  }
  if (has_body(request)) {
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return text + "\r\n" + request.body;
}

Error lost(int error_number) {
  Error error = system_error(error_number, connection_lost, "");
  error.kind = ErrorKind::unavailable;
  return error;
}

}  // namespace

HttpExchange::HttpExchange(HttpPool& pool, HttpLimits limits, HttpCallbacks callbacks)
    : pool_(pool), limits_(limits), callbacks_(std::move(callbacks)) {
  pool_.call_started();
}

HttpExchange::~HttpExchange() {
  cancel();
}

Status HttpExchange::start(const HttpRequest& request) {
  if (!is_clean(request)) {
    return fail({.kind = ErrorKind::invalid,
                 .code = protocol_violation,
                 .message = "a request line or header has a control byte or a space",
                 .field_path = request.target});
  }
  request_ = encode(request);
  repeatable_ = request.method == "GET" || request.method == "HEAD";
  reader_ = std::make_unique<HttpReader>(
      request.method == "HEAD" ? HttpReader::Body::none : HttpReader::Body::expected,
      HttpReader::Events{.head = [this](const HttpHead& head) { callbacks_.head(head); },
                         .bytes = [this](std::string_view bytes) { on_body(bytes); }});
  if (limits_.total.count() > 0) {
    total_ = pool_.loop().after(limits_.total, [this] {
      finish(fail({.kind = ErrorKind::unavailable,
                   .code = timed_out,
                   .message = "the answer was not complete in time"}));
    });
  }
  set_deadline(limits_.connect, "the socket took no connection in time");
  // Even a refusal comes from the loop, so that a caller is never called back before it returns.
  begin_ = pool_.loop().after(milliseconds(0), [this] { connect(Source::kept_or_new); });
  return {};
}

void HttpExchange::cancel() {
  if (std::exchange(ended_, true)) {
    return;
  }
  pool_.call_ended();
  if (reader_ != nullptr) {
    reader_->abandon();
  }
  begin_.cancel();
  phase_.cancel();
  total_.cancel();
  watch_.stop();
  connection_.reset();
}

void HttpExchange::set_deadline(milliseconds limit, std::string_view phase) {
  if (limit.count() <= 0) {
    phase_.cancel();
    return;
  }
  phase_ = pool_.loop().after(limit, [this, phase] {
    finish(
        fail({.kind = ErrorKind::unavailable, .code = timed_out, .message = std::string(phase)}));
  });
}

void HttpExchange::connect(Source source) {
  Descriptor kept = source == Source::kept_or_new ? pool_.take() : Descriptor();
  kept_ = kept.valid();
  if (kept_) {
    on_connected(std::move(kept));
    return;
  }
  Result<Descriptor> made = connect_unix(pool_.path());
  if (made) {
    on_connected(*std::move(made));
  } else if (made.error().code == connect_failed && made.error().kind == ErrorKind::exhausted) {
    begin_ = pool_.loop().after(backlog_retry, [this] { connect(Source::new_only); });
  } else {
    finish(fail(std::move(made).error()));
  }
}

void HttpExchange::on_connected(Descriptor connection) {
  connection_ = std::move(connection);
  sent_ = 0;
  send_failed_ = false;
  Result<Watch> watch = pool_.loop().watch(connection_.get(),
                                           {.readable = true, .writable = true},
                                           [this](Readiness ready) { on_ready(ready); });
  if (!watch) {
    finish(fail(std::move(watch).error()));
    return;
  }
  watch_ = *std::move(watch);
  set_deadline(limits_.first_byte, "no answer came in time");
}

void HttpExchange::on_ready(Readiness ready) {
  if (ready.writable && !send_failed_ && sent_ < request_.size() && !send_rest()) {
    return;
  }
  if (ready.readable) {
    receive();
  }
}

bool HttpExchange::send_rest() {
  while (sent_ < request_.size()) {
    const ssize_t count =
        ::send(connection_.get(), request_.data() + sent_, request_.size() - sent_, MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) {
      return true;
    }
    if (count < 0 && errno != EINTR) {
      // The server may have answered and closed without reading the rest: its answer comes first.
      send_failed_ = true;
      break;
    }
    sent_ += count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  if (Status status = watch_.set({.readable = true}); !status) {
    finish(std::move(status));
    return false;
  }
  return true;
}

void HttpExchange::receive() {
  std::array<char, read_size> buffer{};
  const ssize_t count = ::recv(connection_.get(), buffer.data(), buffer.size(), 0);
  if (count > 0) {
    on_received(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
  } else if (count == 0) {
    on_end_of_input();
  } else if (errno != EAGAIN && errno != EINTR) {
    on_lost(lost(errno));
  }
}

void HttpExchange::on_body(std::string_view bytes) {
  body_size_ += bytes.size();
  if (limits_.body_size_max > 0 && body_size_ > limits_.body_size_max) {
    body_too_large_ = true;
    reader_->abandon();
    return;
  }
  callbacks_.bytes(bytes);
}

void HttpExchange::on_received(std::string_view bytes) {
  answering_ = true;
  Status status = reader_->feed(bytes);
  if (ended_) {
    return;
  }
  if (body_too_large_) {
    finish(fail({.kind = ErrorKind::invalid,
                 .code = too_large,
                 .message = "the answer's body is larger than " +
                            std::to_string(limits_.body_size_max) + " bytes"}));
  } else if (!status || reader_->complete()) {
    finish(std::move(status));
  } else if (reader_->head_complete()) {
    set_deadline(limits_.silence, "the answer stopped coming in its body");
  }
}

void HttpExchange::on_end_of_input() {
  Status status = reader_->end_of_input();
  if (ended_) {
    return;
  }
  if (status) {
    finish(std::move(status));
  } else {
    on_lost(std::move(status).error());
  }
}

void HttpExchange::on_lost(Error error) {
  if (kept_ && repeatable_ && !answering_) {
    watch_.stop();
    connection_.reset();
    connect(Source::new_only);
    return;
  }
  finish(fail(std::move(error)));
}

void HttpExchange::finish(Status status) {
  const bool reusable = status && reader_->reusable() && sent_ == request_.size();
  watch_.stop();
  if (reusable) {
    pool_.keep(std::move(connection_));
  }
  cancel();
  callbacks_.done(std::move(status));
}

}  // namespace skerry::os
