#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "os/event_loop.h"
#include "os/hello_peek.h"
#include "os/socket_address.h"
#include "os/subscriber.h"

namespace skerry::gateway {

/// Accepted connections whose first bytes are awaited: what the client's hello asks for decides who
/// gets it, before any TLS object.
///
/// Bounded as a whole and for each subscriber, so that one who connects and says nothing leaves
/// room for the others.
class Arrivals {
 public:
  struct Limits {
    std::size_t count_max = 1024;
    std::size_t per_subscriber_max = 64;
    std::chrono::milliseconds hello = std::chrono::seconds(5);
  };

  /// Called from the loop with the hello's bytes still unread.
  using Arrived = std::function<void(
      os::Descriptor socket, const os::SocketAddress& peer, const os::ClientHello& hello)>;

  /// @param loop  outlives the arrivals
  Arrivals(os::EventLoop& loop, Limits limits, Arrived arrived);

  Arrivals(const Arrivals&) = delete;
  Arrivals& operator=(const Arrivals&) = delete;
  ~Arrivals() = default;

  /// Takes the connection, or ends it where there is no room for it.
  void take(os::Descriptor socket, const os::SocketAddress& peer);

 private:
  struct Arrival {
    os::SocketAddress peer = {};
    os::SubscriberShares::Place place;
    std::unique_ptr<os::HelloPeek> peek = {};
  };

  void on_hello(std::uint64_t number, os::Descriptor socket, const Result<os::ClientHello>& hello);

  os::EventLoop& loop_;
  Limits limits_;
  Arrived arrived_;
  os::SubscriberShares shares_;
  std::map<std::uint64_t, Arrival> arrivals_;
  std::uint64_t last_number_ = 0;
};

}  // namespace skerry::gateway
