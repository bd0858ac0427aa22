#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "agent/runtime/docker/json_filter.h"
#include "base/result.h"
#include "os/event_loop.h"
#include "os/unix_http.h"

namespace skerry::agent::docker {

/// Calls of the Engine API: JSON in and out, and one kind of error for each way to fail.
///
/// Of a reply only what is wanted is kept, and no more than its bound, while it comes: the engine's
/// bytes are a stranger's, and the agent has less memory than they may have.
///
/// A call may fail inside the function that begins it, where too many are under way. Destroying the
/// client ends all calls without their callbacks.
class EngineClient {
 public:
  using Done = std::function<void(Result<Json>)>;

  EngineClient(os::EventLoop& loop, std::string socket_path);

  /// "v1.41", in front of every path from now on; empty before it is agreed.
  void set_version(std::string version) { version_ = std::move(version); }

  /// Reads something. At most `reads_max` at a time, the others wait their turn.
  ///
  /// @param wanted  its text is a literal
  /// @return  by `done`: the reply; `not_found` with `object_missing`; `unavailable` with
  ///          `runtime_down` where nobody answered; `runtime_reply_too_large`; else
  ///          `runtime_refused` with the engine's words
  void get(std::string path, Wanted wanted, Done done);
  /// Changes something; `done` as for `get`, and `conflict` for a status of 409. "Not modified" is
  /// a success without a reply. Of one the "Id" and the "Labels" are kept.
  void send(std::string method,
            const std::string& path,
            std::string body,
            std::chrono::milliseconds limit,
            const Done& done);
  /// Begins an endless or long answer.
  Result<os::HttpCall> stream(std::string method,
                              const std::string& path,
                              os::HttpLimits limits,
                              os::HttpCallbacks callbacks);

 private:
  struct Waiting {
    std::string path = {};
    Wanted wanted = {};
    Done done = {};
  };

  /// A call under way, and what it has brought so far.
  struct Call {
    Done done = {};
    JsonFilter reply;
    unsigned status = 0;
    /// The body of a refusal, as far as people read it.
    std::string refusal = {};
    os::HttpCall call = {};
  };

  void call(const os::HttpRequest& request, os::HttpLimits limits, Wanted wanted, Done done);
  void on_bytes(std::uint64_t number, std::string_view bytes);
  void end(std::uint64_t number, Status status);
  void next_read();

  static constexpr std::size_t reads_max = 4;
  static constexpr std::size_t calls_max = 64;

  std::string version_;
  std::deque<Waiting> waiting_;
  std::size_t reading_ = 0;
  std::uint64_t last_call_ = 0;
  os::UnixHttpClient client_;
  std::map<std::uint64_t, Call> calls_;
};

/// More of a refusal's body than this is no message.
inline constexpr std::size_t refusal_size_max = std::size_t{16} * 1024;

/// What an HTTP status and body of the engine mean, for those who read streams themselves.
Error engine_error(unsigned status, std::string_view body);

}  // namespace skerry::agent::docker
