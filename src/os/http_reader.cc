#include "os/http_reader.h"

#include <utility>

#include <http_parser.h>

#include "os/codes.h"

namespace skerry::os {

/// The parser calls static functions with itself, whose `data` is this.
struct HttpReader::State {
  Body body = Body::expected;
  Events events = {};
  http_parser parser = {};
  HttpHead head = {};
  std::size_t head_size = 0;
  bool in_value = false;
  bool head_complete = false;
  bool complete = false;
  bool too_large = false;
  bool abandoned = false;
  bool switched = false;  // To another protocol, which nobody asked for.
  bool keep_alive = false;
  bool trailing = false;  // Bytes after the answer: nobody asked for them.

  static State& of(const http_parser* parser) { return *static_cast<State*>(parser->data); }

  [[nodiscard]] bool is_interim() const { return parser.status_code / 100 == 1 && !switched; }

  bool count(std::size_t size) {
    head_size += size;
    too_large = head_size > head_size_max || head.headers.size() > headers_max;
    return !too_large;
  }

  static int on_begin(http_parser* parser);
  static int on_status(http_parser* parser, const char* at, std::size_t size);
  static int on_field(http_parser* parser, const char* at, std::size_t size);
  static int on_value(http_parser* parser, const char* at, std::size_t size);
  static int on_head(http_parser* parser);
  static int on_body(http_parser* parser, const char* at, std::size_t size);
  static int on_complete(http_parser* parser);
  static const http_parser_settings& settings();
};

int HttpReader::State::on_begin(http_parser* parser) {
  State& self = of(parser);
  self.trailing = self.complete;
  return self.complete ? 1 : 0;
}

int HttpReader::State::on_status(http_parser* parser, const char* /*at*/, std::size_t size) {
  return of(parser).count(size) ? 0 : 1;
}

int HttpReader::State::on_field(http_parser* parser, const char* at, std::size_t size) {
  State& self = of(parser);
  if (self.head_complete) {
    return self.count(size) ? 0 : 1;  // A trailer after the last chunk: counted, not kept.
  }
  if (self.in_value || self.head.headers.empty()) {
    self.head.headers.emplace_back();
    self.in_value = false;
  }
  self.head.headers.back().name.append(at, size);
  return self.count(size) ? 0 : 1;
}

int HttpReader::State::on_value(http_parser* parser, const char* at, std::size_t size) {
  State& self = of(parser);
  if (!self.head_complete) {
    self.in_value = true;
    self.head.headers.back().value.append(at, size);
  }
  return self.count(size) ? 0 : 1;
}

int HttpReader::State::on_head(http_parser* parser) {
  State& self = of(parser);
  self.switched = parser->status_code == 101;
  if (self.switched) {
    return -1;
  }
  if (self.is_interim()) {
    return 0;
  }
  self.head_complete = true;
  self.head.status = parser->status_code;
  self.events.head(self.head);
  if (self.abandoned) {
    return -1;
  }
  return self.body == Body::none ? 1 : 0;  // 1 tells the parser that no body follows.
}

int HttpReader::State::on_body(http_parser* parser, const char* at, std::size_t size) {
  State& self = of(parser);
  self.events.bytes(std::string_view(at, size));
  return self.abandoned ? 1 : 0;
}

int HttpReader::State::on_complete(http_parser* parser) {
  State& self = of(parser);
  if (self.is_interim()) {
    // "100 Continue" and its like come before the answer.
    self.head = {};
    self.in_value = false;
    return 0;
  }
  self.complete = true;
  self.keep_alive = http_should_keep_alive(parser) != 0;
  return 0;
}

const http_parser_settings& HttpReader::State::settings() {
  static const http_parser_settings made = [] {
    http_parser_settings settings{};
    settings.on_message_begin = &State::on_begin;
    settings.on_status = &State::on_status;
    settings.on_header_field = &State::on_field;
    settings.on_header_value = &State::on_value;
    settings.on_headers_complete = &State::on_head;
    settings.on_body = &State::on_body;
    settings.on_message_complete = &State::on_complete;
    return settings;
  }();
  return made;
}

HttpReader::HttpReader(Body body, Events events) : state_(std::make_unique<State>()) {
  state_->body = body;
  state_->events = std::move(events);
  http_parser_init(&state_->parser, HTTP_RESPONSE);
  state_->parser.data = state_.get();
}

HttpReader::~HttpReader() = default;

Status HttpReader::feed(std::string_view bytes) {
  State& state = *state_;
  const std::size_t used =
      http_parser_execute(&state.parser, &State::settings(), bytes.data(), bytes.size());
  if (state.complete || state.abandoned) {
    state.trailing = state.trailing || used < bytes.size();
    return {};
  }
  if (state.too_large) {
    return fail({.kind = ErrorKind::invalid,
                 .code = too_large,
                 .message = "the answer's head is larger than 32 KiB or 128 headers"});
  }
  if (state.switched) {
    return fail({.kind = ErrorKind::invalid,
                 .code = protocol_violation,
                 .message = "the server switched to another protocol"});
  }
  const http_errno error = HTTP_PARSER_ERRNO(&state.parser);
  if (error != HPE_OK) {
    return fail(
        {.kind = ErrorKind::invalid,
         .code = protocol_violation,
         .message = std::string("the answer is not HTTP: ") + http_errno_description(error)});
  }
  return {};
}

Status HttpReader::end_of_input() {
  http_parser_execute(&state_->parser, &State::settings(), "", 0);
  if (state_->complete || state_->abandoned) {
    state_->trailing = true;  // The connection is gone.
    return {};
  }
  return fail({.kind = ErrorKind::unavailable,
               .code = connection_lost,
               .message = state_->head_complete ? "the answer was cut off in its body"
                                                : "the server hung up before it answered"});
}

void HttpReader::abandon() {
  state_->abandoned = true;
}

bool HttpReader::head_complete() const {
  return state_->head_complete;
}

bool HttpReader::complete() const {
  return state_->complete;
}

bool HttpReader::reusable() const {
  return state_->complete && state_->keep_alive && !state_->trailing;
}

}  // namespace skerry::os
