#include "agent/uplink/tls_connector.h"

#include "wire/frame.h"

namespace skerry::agent {
namespace {

inline constexpr ErrorCode not_connected{"not_connected"};

}  // namespace

TlsConnector::TlsConnector(os::EventLoop& loop, std::function<KeyPair()> identity, Events events)
    : loop_(loop), identity_(std::move(identity)), events_(std::move(events)) {}

void TlsConnector::dial(const std::string& address) {
  hang_up();
  const Result<os::Endpoint> endpoint = os::parse_endpoint(address, default_server_port);
  if (!endpoint) {
    fail_later(endpoint.error());
    return;
  }
  dial_ = os::Dial::start(loop_, *endpoint, {}, [this](Result<os::Descriptor> socket) {
    on_connected(std::move(socket));
  });
}

void TlsConnector::on_connected(Result<os::Descriptor> socket) {
  dial_.reset();
  const Status opened =
      socket ? open_tls(*std::move(socket)) : Status(fail(std::move(socket).error()));
  if (!opened) {
    events_.on_closed(opened.error());
  }
}

Status TlsConnector::open_tls(os::Descriptor socket) {
  SKERRY_TRY(context_,
             os::TlsContext::create(identity_(),
                                    {.role = os::TlsContext::Role::client,
                                     .protocols = {std::string(site_protocol)},
                                     .accept = [](const PublicKey&) { return true; }}));
  SKERRY_TRY(
      stream_,
      context_->open(loop_, std::move(socket), *this, {.queue_max = 2 * wire::frame_bytes_max}));
  return {};
}

void TlsConnector::fail_later(Error reason) {
  failure_ = loop_.after(std::chrono::nanoseconds(0),
                         [this, reason = std::move(reason)] { events_.on_closed(reason); });
}

Status TlsConnector::send(std::string_view bytes) {
  if (!stream_) {
    return fail({.kind = ErrorKind::unavailable,
                 .code = not_connected,
                 .message = "there is no connection"});
  }
  return stream_->send(bytes);
}

void TlsConnector::hang_up() {
  failure_.cancel();
  dial_.reset();
  stream_.reset();
}

void TlsConnector::on_open(const os::StreamPeer& peer) {
  events_.on_open(peer.key);
}

void TlsConnector::on_bytes(std::string_view bytes) {
  events_.on_bytes(bytes);
}

void TlsConnector::on_closed(const Error& reason) {
  // It may lie in the stream that ends here.
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
  const Error kept = reason;
  stream_.reset();
  events_.on_closed(kept);
}

}  // namespace skerry::agent
