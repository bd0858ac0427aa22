#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "os/event_loop.h"
#include "os/unix_http.h"

namespace skerry::os {

class HttpPool;
class HttpReader;

/// One request and its answer on one connection. After `end` it does nothing more.
class HttpExchange {
 public:
  HttpExchange(HttpPool& pool, HttpLimits limits, HttpCallbacks callbacks);
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;
  ~HttpExchange();

  /// `invalid` where a part of the request could be mistaken for another part of it.
  Status start(const HttpRequest& request);
  /// Ends it without a further callback.
  void cancel();

  [[nodiscard]] bool pending() const { return !ended_; }

  [[nodiscard]] HttpPool& pool() const { return pool_; }

 private:
  enum class Source : std::uint8_t { kept_or_new, new_only };

  void connect(Source source);
  void on_connected(Descriptor connection);
  void on_ready(Readiness ready);
  /// Whether all has been sent; reports its own failures.
  bool send_rest();
  void receive();
  void on_body(std::string_view bytes);
  void on_received(std::string_view bytes);
  void on_end_of_input();
  void on_lost(Error error);
  void finish(Status status);
  void set_deadline(std::chrono::milliseconds limit, std::string_view phase);

  HttpPool& pool_;
  HttpLimits limits_;
  HttpCallbacks callbacks_;
  std::string request_;  // Kept until the answer begins, for a second try.
  std::size_t sent_ = 0;
  std::size_t body_size_ = 0;
  bool body_too_large_ = false;
  bool send_failed_ = false;
  bool repeatable_ = false;  // GET and HEAD have no effect.
  bool kept_ = false;        // This connection served another request before.
  bool answering_ = false;   // At least one byte has come.
  bool ended_ = false;
  std::unique_ptr<HttpReader> reader_;
  Descriptor connection_;
  Watch watch_;
  Timer begin_;
  Timer phase_;
  Timer total_;
};

}  // namespace skerry::os
