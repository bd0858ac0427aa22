#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/crypto.h"
#include "base/log.h"
#include "os/event_loop.h"
#include "os/stream.h"
#include "os/subscriber.h"
#include "os/tls.h"
#include "server/gateway/gateway.h"

namespace skerry::gateway {

/// The application protocol of a site link (ALPN).
inline constexpr std::string_view site_protocol = "skerry/1";

/// The gateway's real connections: mutual TLS on accepted sockets, one stream a peer.
///
/// Any key gets through the handshake: a new site is not known yet, and a revoked one shall be told
/// so. What a key may do is the session's to decide.
class SiteLinks {
 public:
  struct Options {
    /// Beyond this many connections new ones are dropped before their handshake.
    std::size_t links_max = links_at(1024);
    /// Links of one subscriber that are not known to be a site's, most of them in their handshake
    /// or waiting for approval: beyond this many, and beyond a quarter of `links_max`, its new ones
    /// are dropped.
    std::size_t strangers_per_subscriber_max = 1024;
    const Log* log = nullptr;
  };

  /// How many links a process may have that may have this many descriptors: what the API, arrivals
  /// and the store need is left to them. At 18 KiB a link (docs/decisions/0005) the most are 1.8
  /// GB.
  static constexpr std::size_t links_at(std::size_t descriptors) {
    constexpr std::size_t reserve = 3'400;  // 2,048 of the API, 1,024 arrivals, store and spare.
    constexpr std::size_t most = 100'000;
    return descriptors <= 2 * reserve ? descriptors / 2 : std::min(descriptors - reserve, most);
  }

  /// @param loop, gateway  outlive the links
  static Result<std::unique_ptr<SiteLinks>> create(os::EventLoop& loop,
                                                   const KeyPair& server_key,
                                                   Gateway& gateway,
                                                   Options options);

  SiteLinks(const SiteLinks&) = delete;
  SiteLinks& operator=(const SiteLinks&) = delete;
  ~SiteLinks();

  /// Takes an accepted connection whose first bytes are still unread.
  void adopt(os::Descriptor socket, const os::SocketAddress& peer);

 private:
  class Link;

  SiteLinks(os::EventLoop& loop, Gateway& gateway, Options options);

  void forget(std::uint64_t id);
  void refuse();

  os::EventLoop& loop_;
  Gateway& gateway_;
  Options options_;
  std::uint64_t refused_ = 0;
  std::unique_ptr<os::TlsContext> context_;
  os::SubscriberShares strangers_;
  std::map<std::uint64_t, std::unique_ptr<Link>> links_;
  std::uint64_t last_id_ = 0;
};

}  // namespace skerry::gateway
