#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "os/event_loop.h"
#include "os/resolver.h"
#include "os/socket_address.h"

namespace skerry::os {

struct DialOptions {
  /// For look-up and connection together; then `timed_out`.
  std::chrono::milliseconds deadline = std::chrono::seconds(20);
  /// How long one address is tried alone before the next is tried beside it (RFC 8305 §8).
  std::chrono::milliseconds next_address = std::chrono::milliseconds(250);
  LookupOptions lookup = {};
};

/// Connects to a host over TCP: looks it up, tries every address, and takes the first that answers.
/// Destroying it cancels it.
///
/// It knows nothing of what is spoken afterwards. A way through a CONNECT proxy would be one more
/// step between the connection and `done`.
class Dial {
 public:
  /// Called once, from the loop; may destroy the dial. A connected non-blocking socket; or
  /// `connect_failed` with the last address's reason, `name_not_resolved` or `timed_out`.
  using Done = std::function<void(Result<Descriptor>)>;

  static std::unique_ptr<Dial> start(EventLoop& loop,
                                     const Endpoint& endpoint,
                                     const DialOptions& options,
                                     Done done);

  Dial(const Dial&) = delete;
  Dial& operator=(const Dial&) = delete;
  ~Dial();

 private:
  struct Attempt {
    SocketAddress address = {};
    Descriptor socket = {};
    Watch watch = {};
  };

  Dial(EventLoop& loop, const DialOptions& options, Done done);
  void on_addresses(Result<std::vector<SocketAddress>> addresses);
  /// Goes on to the next address; ends the dial when none is left and none is being tried.
  void try_next();
  /// Whether there was an address that could be begun with.
  bool begin_next();
  Status begin(const SocketAddress& address);
  void on_ready(int socket);
  void finish(Result<Descriptor> result);

  EventLoop& loop_;
  std::chrono::milliseconds next_address_;
  Done done_;
  std::unique_ptr<Lookup> lookup_;
  std::vector<SocketAddress> addresses_;
  std::size_t next_ = 0;
  std::vector<Attempt> attempts_;
  Error last_error_;
  Timer stagger_;
  Timer deadline_;
};

}  // namespace skerry::os
