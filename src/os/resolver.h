#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "os/event_loop.h"
#include "os/socket_address.h"

namespace skerry::os {

struct LookupOptions {
  /// For the whole look-up; then `timed_out`.
  std::chrono::milliseconds deadline = std::chrono::seconds(10);
  /// For one question to one server, before the next is asked.
  std::chrono::milliseconds question = std::chrono::seconds(2);
  /// "192.0.2.53,[2001:db8::53]:5353" instead of the system's servers.
  std::string servers = {};
};

/// Looks up the addresses of a host: an address in digits, the hosts file, then DNS.
///
/// Nothing is remembered from one look-up to the next, and the system's configuration is read anew
/// each time, so a changed network or record is seen at the next attempt. Destroying it cancels it.
class Lookup {
 public:
  /// Called once, from the loop; may destroy the look-up. At least one address and at most 16, IPv6
  /// and IPv4 taking turns; or `name_not_resolved`.
  using Done = std::function<void(Result<std::vector<SocketAddress>>)>;

  static std::unique_ptr<Lookup> start(EventLoop& loop,
                                       const Endpoint& endpoint,
                                       const LookupOptions& options,
                                       Done done);

  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;
  ~Lookup();

 private:
  struct Query;  // What the DNS library needs; its types stay out of this header.

  Lookup(EventLoop& loop, Done done);
  void deliver_later(Result<std::vector<SocketAddress>> result);

  EventLoop& loop_;
  Done done_;
  Timer deliver_;
  Timer deadline_;
  std::unique_ptr<Query> query_;
};

/// The two families by turns, each in its own order, IPv6 first.
std::vector<SocketAddress> interleaved(const std::vector<SocketAddress>& addresses);

}  // namespace skerry::os
