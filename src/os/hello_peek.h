#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "os/client_hello.h"
#include "os/event_loop.h"

namespace skerry::os {

/// Reads the ClientHello of an accepted TCP connection without taking it off the socket, so that
/// whoever gets the socket next can begin its own handshake. Costs no TLS object.
class HelloPeek {
 public:
  /// Called once, from the loop; may destroy the peek. Hands the socket back in every case.
  using Done = std::function<void(Descriptor socket, Result<ClientHello> hello)>;

  /// @param socket    non-blocking TCP
  /// @param deadline  for the whole hello; then `timed_out`
  static Result<std::unique_ptr<HelloPeek>> start(EventLoop& loop,
                                                  Descriptor socket,
                                                  std::chrono::milliseconds deadline,
                                                  Done done);

 private:
  HelloPeek(Descriptor socket, Done done);
  void look();
  void finish(Result<ClientHello> hello);

  Descriptor socket_;
  Done done_;
  std::size_t seen_ = 0;
  Watch watch_;
  Timer timer_;
};

}  // namespace skerry::os
