#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "os/event_loop.h"
#include "os/unix_http.h"

namespace skerry::os {

/// What the calls of one `UnixHttpClient` share: kept connections, the count of calls, and the
/// exchanges that ended while one of their callbacks was running.
class HttpPool {
 public:
  HttpPool(EventLoop& loop, std::string path, UnixHttpClient::Options options);
  HttpPool(const HttpPool&) = delete;
  HttpPool& operator=(const HttpPool&) = delete;
  ~HttpPool();

  [[nodiscard]] EventLoop& loop() const { return loop_; }

  [[nodiscard]] const std::string& path() const { return path_; }

  [[nodiscard]] std::size_t idle() const { return idle_.size(); }

  [[nodiscard]] bool is_full() const { return calls_ >= options_.calls_max; }

  void call_started() { ++calls_; }

  void call_ended() { --calls_; }

  /// A kept connection, or none.
  Descriptor take();
  /// Keeps a connection on which nothing is under way, or closes it.
  void keep(Descriptor connection);
  /// Destroys `exchange` once no callback of it can be running.
  void bury(std::unique_ptr<HttpExchange> exchange);

 private:
  struct Idle {
    Descriptor connection = {};
    Watch watch = {};
  };

  void drop(int connection);

  EventLoop& loop_;
  std::string path_;
  UnixHttpClient::Options options_;
  std::size_t calls_ = 0;
  std::vector<Idle> idle_;
  std::vector<std::unique_ptr<HttpExchange>> buried_;
  Timer burial_;
};

}  // namespace skerry::os
