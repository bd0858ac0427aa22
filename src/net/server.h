#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/crypto.h"
#include "base/log.h"
#include "base/result.h"
#include "net/connection.h"
#include "net/exchange.h"
#include "os/descriptor.h"
#include "os/socket_address.h"

namespace skerry::net {

struct ServerOptions {
  ConnectionLimits limits = {};
  std::size_t connections_max = 2048;
  /// Of one subscriber: an IPv4 address, or an IPv6 /64.
  std::size_t connections_per_address_max = 256;
  /// An address of the server's own, beside what it adopts. Port 0 takes a free one.
  std::optional<os::SocketAddress> listen = {};
};

/// An HTTPS server: one event loop in one thread of its own.
class Server {
 public:
  struct Statistics {
    std::uint64_t open = 0;
    std::uint64_t accepted = 0;
    /// Turned away because there were too many.
    std::uint64_t refused = 0;
  };

  /// @param key  P-256; clients pin its public half
  /// @param handler, log  called on the server's thread; outlive it
  static Result<std::unique_ptr<Server>> start(const KeyPair& key,
                                               const ServerOptions& options,
                                               Handler handler,
                                               const Log& log);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Stops.
  ~Server();

  /// Takes a TCP connection that somebody else has accepted, before its handshake. From any thread.
  void adopt(os::Descriptor socket);

  /// Where it listens itself, with the port the kernel chose.
  [[nodiscard]] std::optional<os::SocketAddress> address() const;

  [[nodiscard]] Statistics statistics() const;

  /// Takes nothing new, lets what is under way be answered for up to 5 s, then ends. Once; the
  /// handler is not called after it has returned.
  void stop();

 private:
  class Core;

  explicit Server(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
};

}  // namespace skerry::net
