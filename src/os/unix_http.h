#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/event_loop.h"

namespace skerry::os {

struct HttpHeader {
  std::string name = {};
  std::string value = {};
};

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";              // Path and query, already escaped.
  std::vector<HttpHeader> headers = {};  // `Host` and `Content-Length` are added.
  std::string body = {};
};

/// The status line and headers of an answer.
struct HttpHead {
  unsigned status = 0;
  std::vector<HttpHeader> headers = {};

  /// The first value of this header, whatever its case; nothing where there is none.
  [[nodiscard]] const std::string* find(std::string_view name) const;
};

/// How long and how much. 0 means no limit.
struct HttpLimits {
  std::chrono::milliseconds connect = std::chrono::seconds(5);
  /// From the request to the end of the answer's head.
  std::chrono::milliseconds first_byte = std::chrono::seconds(30);
  /// Longest silence within the body.
  std::chrono::milliseconds silence = std::chrono::seconds(30);
  std::chrono::milliseconds total = std::chrono::seconds(60);
  /// A longer body ends with `too_large`.
  std::size_t body_size_max = std::size_t{1024} * 1024;
};

/// For an endless stream of events: no limits but those on its beginning.
HttpLimits endless(HttpLimits limits = {});

struct HttpCallbacks {
  std::function<void(const HttpHead&)> head = {};
  /// A piece of the body without its chunk framing; the bytes are valid during the call.
  std::function<void(std::string_view)> bytes = {};
  /// The last call, exactly once: the whole answer has come, or why it did not.
  std::function<void(Status)> done = {};
};

class HttpExchange;
class HttpPool;

/// One request under way. Destroying it cancels the request and its callbacks; that is allowed at
/// any time, inside its own callbacks too.
class HttpCall {
 public:
  HttpCall();
  HttpCall(const HttpCall&) = delete;
  HttpCall& operator=(const HttpCall&) = delete;
  HttpCall(HttpCall&& other) noexcept;
  HttpCall& operator=(HttpCall&& other) noexcept;
  ~HttpCall();

  void cancel();
  /// Whether `done` is still to come.
  [[nodiscard]] bool pending() const;

 private:
  friend class UnixHttpClient;

  explicit HttpCall(std::unique_ptr<HttpExchange> exchange);

  std::unique_ptr<HttpExchange> exchange_;
};

/// An HTTP/1.1 client of one unix socket, for the Docker Engine API and its like.
///
/// Callbacks come from the event loop, never from inside `stream`. Answers are untrusted:
/// the head has at most 32 KiB and 128 headers, and whatever is not HTTP/1 ends the call with
/// `protocol_violation`. Redirects are handed on, never followed. Connections are kept for the next
/// request; a GET or HEAD that meets a kept connection which the server closed meanwhile is sent
/// once more, anything else reports `connection_lost`, because it may have had its effect.
class UnixHttpClient {
 public:
  struct Options {
    std::size_t idle_max = 2;    // Connections kept open between requests.
    std::size_t calls_max = 32;  // Requests under way; one more is refused with `queue_full`.
  };

  /// @param loop  outlives the client, which outlives its calls
  /// @param path  of the listening socket; looked up at each new connection
  UnixHttpClient(EventLoop& loop, std::string path, Options options);
  UnixHttpClient(EventLoop& loop, std::string path);
  UnixHttpClient(const UnixHttpClient&) = delete;
  UnixHttpClient& operator=(const UnixHttpClient&) = delete;
  ~UnixHttpClient();

  /// Sends a request and hands on the body as it comes.
  Result<HttpCall> stream(const HttpRequest& request, HttpLimits limits, HttpCallbacks callbacks);

  [[nodiscard]] std::size_t idle_connections() const;

 private:
  std::unique_ptr<HttpPool> pool_;
};

}  // namespace skerry::os
