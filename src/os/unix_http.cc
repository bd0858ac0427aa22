#include "os/unix_http.h"

#include <algorithm>
#include <utility>

#include <strings.h>

#include "base/assert.h"
#include "os/codes.h"
#include "os/http_exchange.h"
#include "os/http_pool.h"

namespace skerry::os {

const std::string* HttpHead::find(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (header.name.size() == name.size() &&
        ::strncasecmp(header.name.data(), name.data(), name.size()) == 0) {
      return &header.value;
    }
  }
  return nullptr;
}

HttpLimits endless(HttpLimits limits) {
  limits.silence = std::chrono::milliseconds(0);
  limits.total = std::chrono::milliseconds(0);
  limits.body_size_max = 0;
  return limits;
}

HttpPool::HttpPool(EventLoop& loop, std::string path, UnixHttpClient::Options options)
    : loop_(loop), path_(std::move(path)), options_(options) {}

HttpPool::~HttpPool() {
  buried_.clear();
  SKERRY_ASSERT(calls_ == 0);  // A call must not outlive its client.
}

Descriptor HttpPool::take() {
  if (idle_.empty()) {
    return {};
  }
  Idle newest = std::move(idle_.back());
  idle_.pop_back();
  newest.watch.stop();
  return std::move(newest.connection);
}

void HttpPool::keep(Descriptor connection) {
  if (idle_.size() >= options_.idle_max) {
    return;
  }
  const int number = connection.get();
  // Whatever comes while nothing was asked, the end included, makes it unfit for use.
  Result<Watch> watch =
      loop_.watch(number, {.readable = true}, [this, number](Readiness) { drop(number); });
  if (watch) {
    idle_.push_back({.connection = std::move(connection), .watch = *std::move(watch)});
  }
}

void HttpPool::drop(int connection) {
  std::erase_if(idle_,
                [connection](const Idle& idle) { return idle.connection.get() == connection; });
}

void HttpPool::bury(std::unique_ptr<HttpExchange> exchange) {
  buried_.push_back(std::move(exchange));
  if (!burial_.pending()) {
    burial_ = loop_.after(std::chrono::nanoseconds(0), [this] {
      // Destroying a callback may destroy another call, which comes back here.
      const std::vector<std::unique_ptr<HttpExchange>> gone = std::exchange(buried_, {});
    });
  }
}

HttpCall::HttpCall() = default;
HttpCall::HttpCall(HttpCall&& other) noexcept = default;

HttpCall::HttpCall(std::unique_ptr<HttpExchange> exchange) : exchange_(std::move(exchange)) {}

HttpCall& HttpCall::operator=(HttpCall&& other) noexcept {
  if (this != &other) {
    cancel();
    exchange_ = std::move(other.exchange_);
  }
  return *this;
}

HttpCall::~HttpCall() {
  cancel();
}

void HttpCall::cancel() {
  if (exchange_ != nullptr) {
    exchange_->cancel();
    HttpPool& pool = exchange_->pool();
    pool.bury(std::move(exchange_));
  }
}

bool HttpCall::pending() const {
  return exchange_ != nullptr && exchange_->pending();
}

UnixHttpClient::UnixHttpClient(EventLoop& loop, std::string path, Options options)
    : pool_(std::make_unique<HttpPool>(loop, std::move(path), options)) {}

UnixHttpClient::UnixHttpClient(EventLoop& loop, std::string path)
    : UnixHttpClient(loop, std::move(path), Options{}) {}

UnixHttpClient::~UnixHttpClient() = default;

Result<HttpCall> UnixHttpClient::stream(const HttpRequest& request,
                                        HttpLimits limits,
                                        HttpCallbacks callbacks) {
  if (pool_->is_full()) {
    return fail({.kind = ErrorKind::exhausted,
                 .code = queue_full,
                 .message = "too many requests are under way",
                 .field_path = request.target});
  }
  auto exchange = std::make_unique<HttpExchange>(*pool_, limits, std::move(callbacks));
  SKERRY_CHECK(exchange->start(request));
  return HttpCall(std::move(exchange));
}

std::size_t UnixHttpClient::idle_connections() const {
  return pool_->idle();
}

}  // namespace skerry::os
