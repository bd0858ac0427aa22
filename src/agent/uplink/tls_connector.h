#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/uplink/link.h"
#include "os/dialer.h"
#include "os/event_loop.h"
#include "os/stream.h"
#include "os/tls.h"

namespace skerry::agent {

/// The application protocol of a site link (ALPN).
inline constexpr std::string_view site_protocol = "skerry/1";
inline constexpr std::uint16_t default_server_port = 8443;

/// A link's connection over TCP and mutual TLS.
///
/// Any server key gets through the handshake; the session then says nothing of the site before it
/// has found that key in the trust held here.
class TlsConnector : public Connector, private os::StreamHandler {
 public:
  /// What the connection says; the agent's `on_…` calls.
  struct Events {
    std::function<void(const PublicKey& server)> on_open = {};
    std::function<void(std::string_view bytes)> on_bytes = {};
    std::function<void(const Error& reason)> on_closed = {};
  };

  /// @param identity  asked at each dial, because a re-key changes it
  TlsConnector(os::EventLoop& loop, std::function<KeyPair()> identity, Events events);

  void dial(const std::string& address) override;
  Status send(std::string_view bytes) override;
  void hang_up() override;

 private:
  void on_connected(Result<os::Descriptor> socket);
  Status open_tls(os::Descriptor socket);
  /// Reports from the loop, never from inside a call of the owner.
  void fail_later(Error reason);

  void on_open(const os::StreamPeer& peer) override;
  void on_bytes(std::string_view bytes) override;
  void on_closed(const Error& reason) override;

  os::EventLoop& loop_;
  std::function<KeyPair()> identity_;
  Events events_;
  std::unique_ptr<os::TlsContext> context_;
  std::unique_ptr<os::Dial> dial_;
  std::unique_ptr<os::Stream> stream_;
  os::Timer failure_;
};

}  // namespace skerry::agent
