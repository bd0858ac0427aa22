#pragma once

#include <functional>
#include <memory>

#include "os/event_loop.h"
#include "os/lifeline.h"
#include "os/socket_address.h"

namespace skerry::os {

/// Accepts TCP connections in the event loop.
///
/// When the process is out of descriptors it stops accepting for a moment instead of spinning; the
/// clients wait in the kernel's backlog.
class TcpListener {
 public:
  /// Gets a non-blocking socket with the options of `new_tcp_socket`. May destroy the listener.
  using Accepted = std::function<void(Descriptor socket, const SocketAddress& peer)>;

  /// @param address  port 0 takes a free one; [::] takes IPv4 as well
  static Result<std::unique_ptr<TcpListener>> create(EventLoop& loop,
                                                     const SocketAddress& address,
                                                     Accepted accepted);

  /// Where it listens, with the port the kernel chose.
  [[nodiscard]] SocketAddress address() const;

 private:
  TcpListener(EventLoop& loop, Descriptor socket, Accepted accepted);
  void accept_some();
  bool accept_one();
  void pause();

  EventLoop& loop_;
  Descriptor socket_;
  Accepted accepted_;
  Lifeline lifeline_;
  Watch watch_;
  Timer resume_;
};

}  // namespace skerry::os
