#include "agent/runtime/docker/engine_client.h"

#include <utility>

#include "agent/runtime/docker/codes.h"
#include "agent/runtime/docker/object_readers.h"
#include "os/codes.h"

namespace skerry::agent::docker {
namespace {

/// A list of some thousand containers; an inspection is a hundredth of it.
constexpr std::size_t reply_size_max = std::size_t{8} * 1024 * 1024;

Error unanswered(Error error) {
  error.kind = error.code == os::queue_full ? ErrorKind::exhausted : ErrorKind::unavailable;
  error.code = runtime_down;
  return error;
}

Result<Json> read_reply(Result<os::HttpResponse> response) {
  if (!response) {
    return fail(unanswered(std::move(response).error()));
  }
  const unsigned status = response->head.status;
  if (status == 304 || (status / 100 == 2 && response->body.empty())) {
    return Json();
  }
  if (status / 100 != 2) {
    return fail(engine_error(status, response->body));
  }
  return parse_json(response->body);
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

void EngineClient::get(std::string path, Done done) {
  waiting_.push_back({.path = std::move(path), .done = std::move(done)});
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
  call(request, limits, done);
}

void EngineClient::call(const os::HttpRequest& request, os::HttpLimits limits, const Done& done) {
  const auto number = ++last_call_;
  auto begun =
      client_.call(request, limits, [this, number, done](Result<os::HttpResponse> response) {
        // Out of the map first: what `done` begins may be the last thing this call lives for.
        const auto call = calls_.extract(number);
        done(read_reply(std::move(response)));
      });
  if (!begun) {
    done(fail(unanswered(std::move(begun).error())));
    return;
  }
  calls_.emplace(number, *std::move(begun));
}

Result<os::HttpCall> EngineClient::stream(std::string method,
                                          const std::string& path,
                                          os::HttpLimits limits,
                                          os::HttpCallbacks callbacks) {
  return client_.stream(
      {.method = std::move(method), .target = "/" + version_ + path}, limits, std::move(callbacks));
}

}  // namespace skerry::agent::docker
