#include "agent/runtime/docker/engine_client.h"

#include <algorithm>
#include <utility>

#include "agent/runtime/docker/codes.h"
#include "agent/runtime/docker/object_readers.h"
#include "os/codes.h"

namespace skerry::agent::docker {
namespace {

/// It passes through and costs time alone. The labels of one image can come to some MiB.
constexpr std::size_t reply_size_max = std::size_t{32} * 1024 * 1024;
constexpr Wanted made{.members = "Id,Labels"};

Error unanswered(Error error) {
  if (error.code == os::too_large) {
    error.code = runtime_reply_too_large;
    return error;
  }
  error.kind = error.code == os::queue_full ? ErrorKind::exhausted : ErrorKind::unavailable;
  error.code = runtime_down;
  return error;
}

}  // namespace

Error engine_error(unsigned status, std::string_view body) {
  Error error{
      .kind = ErrorKind::unavailable, .code = runtime_refused, .message = read_error_message(body)};
  if (status == 404) {
    error.kind = ErrorKind::not_found;
    error.code = object_missing;
  } else if (status == 409) {
    error.kind = ErrorKind::conflict;
  } else if (status == 400) {
    error.kind = ErrorKind::invalid;
  }
  if (error.message.empty()) {
    error.message = "the engine answered with status " + std::to_string(status);
  }
  return error;
}

EngineClient::EngineClient(os::EventLoop& loop, std::string socket_path)
    : client_(loop, std::move(socket_path), {.idle_max = 2, .calls_max = calls_max}) {}

void EngineClient::get(std::string path, Wanted wanted, Done done) {
  waiting_.push_back({.path = std::move(path), .wanted = wanted, .done = std::move(done)});
  next_read();
}

void EngineClient::next_read() {
  while (reading_ < reads_max && !waiting_.empty()) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    ++reading_;
    os::HttpLimits limits;
    limits.body_size_max = reply_size_max;
    call({.method = "GET", .target = (version_.empty() ? "" : "/" + version_) + next.path},
         limits,
         next.wanted,
         [this, done = std::move(next.done)](Result<Json> reply) {
           --reading_;
           done(std::move(reply));
           next_read();
         });
  }
}

void EngineClient::send(std::string method,
                        const std::string& path,
                        std::string body,
                        std::chrono::milliseconds limit,
                        const Done& done) {
  os::HttpRequest request{.method = std::move(method), .target = "/" + version_ + path};
  if (!body.empty()) {
    request.headers.push_back({.name = "Content-Type", .value = "application/json"});
    request.body = std::move(body);
  }
  os::HttpLimits limits;
  limits.first_byte = limit;
  limits.total = limit;
  call(request, limits, made, done);
}

void EngineClient::call(const os::HttpRequest& request,
                        os::HttpLimits limits,
                        Wanted wanted,
                        Done done) {
  const auto number = ++last_call_;
  auto begun = client_.stream(
      request,
      limits,
      {.head = [this, number](const os::HttpHead& head) { calls_.at(number).status = head.status; },
       .bytes = [this, number](std::string_view bytes) { on_bytes(number, bytes); },
       .done = [this, number](Status status) { end(number, std::move(status)); }});
  if (!begun) {
    done(fail(unanswered(std::move(begun).error())));
    return;
  }
  calls_.emplace(
      number,
      Call{.done = std::move(done), .reply = JsonFilter(wanted), .call = *std::move(begun)});
}

void EngineClient::on_bytes(std::uint64_t number, std::string_view bytes) {
  Call& call = calls_.at(number);
  if (call.status / 100 != 2) {
    call.refusal +=
        bytes.substr(0, refusal_size_max - std::min(refusal_size_max, call.refusal.size()));
  } else if (!call.reply.feed(bytes)) {
    end(number, {});  // The reply knows what is wrong with it; the rest of it is not waited for.
  }
}

void EngineClient::end(std::uint64_t number, Status status) {
  // Out of the map first: what `done` begins may be the last thing this call lives for.
  const auto entry = calls_.extract(number);
  Call& call = entry.mapped();
  if (!status) {
    call.done(fail(unanswered(std::move(status).error())));
  } else if (call.status == 304 || (call.status / 100 == 2 && call.reply.empty())) {
    call.done(Json());
  } else if (call.status / 100 != 2) {
    call.done(fail(engine_error(call.status, call.refusal)));
  } else {
    call.done(call.reply.end());
  }
}

Result<os::HttpCall> EngineClient::stream(std::string method,
                                          const std::string& path,
                                          os::HttpLimits limits,
                                          os::HttpCallbacks callbacks) {
  return client_.stream(
      {.method = std::move(method), .target = "/" + version_ + path}, limits, std::move(callbacks));
}

}  // namespace skerry::agent::docker
