#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/unix_http.h"

namespace skerry::os {

/// Reads one HTTP/1 answer from the pieces it comes in. Bytes in, callbacks out; no socket.
class HttpReader {
 public:
  static constexpr std::size_t head_size_max = std::size_t{32} * 1024;
  static constexpr std::size_t headers_max = 128;

  struct Events {
    std::function<void(const HttpHead&)> head = {};
    std::function<void(std::string_view)> bytes = {};
  };

  enum class Body : std::uint8_t { expected, none };  // None in the answer to a HEAD.

  HttpReader(Body body, Events events);
  HttpReader(const HttpReader&) = delete;
  HttpReader& operator=(const HttpReader&) = delete;
  ~HttpReader();

  /// The next piece. Must not be called again after an error or after the end.
  Status feed(std::string_view bytes);
  /// The other side sends no more: some bodies end so, for others it is `connection_lost`.
  Status end_of_input();
  /// From inside an event: nothing further is wanted, and `feed` returns soon.
  void abandon();

  [[nodiscard]] bool head_complete() const;
  [[nodiscard]] bool complete() const;
  /// Whether the connection can carry another request: asked once complete.
  [[nodiscard]] bool reusable() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skerry::os
