#include "server/gateway/site_links.h"

#include <algorithm>
#include <bit>

#include "wire/frame.h"

namespace skerry::gateway {

/// One peer's socket.
class SiteLinks::Link : public os::StreamHandler, public Connection {
 public:
  Link(SiteLinks& owner, std::uint64_t id, std::string address, os::SubscriberShares::Place place)
      : owner_(owner),
        id_(id),
        address_(std::move(address)),
        stranger_(std::make_unique<os::SubscriberShares::Place>(std::move(place))) {}

  Status open(os::Descriptor socket) {
    SKERRY_TRY(
        stream_,
        owner_.context_->open(
            owner_.loop_, std::move(socket), *this, {.queue_max = 4 * wire::frame_bytes_max}));
    return {};
  }

  // From the gateway.
  Status send(std::string_view bytes) override { return stream_->send(bytes); }

  [[nodiscard]] std::size_t queued() const override { return stream_->queued(); }

  void finish() override { stream_->finish(); }

  void on_greeted() override { stranger_.reset(); }

  // From the stream.
  void on_open(const os::StreamPeer& peer) override {
    number_ = owner_.gateway_.on_open(peer.key, std::move(address_), *this);
  }

  void on_bytes(std::string_view bytes) override { owner_.gateway_.on_bytes(number_, bytes); }

  void on_drained() override { owner_.gateway_.on_drained(number_); }

  void on_closed(const Error& /*reason*/) override {
    if (number_ != 0) {
      owner_.gateway_.on_closed(number_);
    }
    owner_.forget(id_);
  }

 private:
  SiteLinks& owner_;
  std::uint64_t id_;
  std::string address_;
  /// Its place among those that are not known yet.
  std::unique_ptr<os::SubscriberShares::Place> stranger_;
  std::unique_ptr<os::Stream> stream_;
  Gateway::Number number_ = 0;
};

Result<std::unique_ptr<SiteLinks>> SiteLinks::create(os::EventLoop& loop,
                                                     const KeyPair& server_key,
                                                     Gateway& gateway,
                                                     Options options) {
  std::unique_ptr<SiteLinks> links(new SiteLinks(loop, gateway, options));
  SKERRY_TRY(links->context_,
             os::TlsContext::create(server_key,
                                    {.role = os::TlsContext::Role::server,
                                     .protocols = {std::string(site_protocol)},
                                     .accept = [](const PublicKey&) { return true; }}));
  return links;
}

SiteLinks::SiteLinks(os::EventLoop& loop, Gateway& gateway, Options options)
    : loop_(loop),
      gateway_(gateway),
      options_(options),
      strangers_(std::min(options.strangers_per_subscriber_max,
                          std::max<std::size_t>(options.links_max / 4, 1))) {}

SiteLinks::~SiteLinks() = default;

void SiteLinks::adopt(os::Descriptor socket, const os::SocketAddress& peer) {
  if (links_.size() >= options_.links_max) {
    refuse();
    return;
  }
  std::optional<os::SubscriberShares::Place> place = strangers_.take(peer);
  if (!place) {
    refuse();
    return;
  }
  const std::uint64_t id = ++last_id_;
  auto link = std::make_unique<Link>(*this, id, to_string(peer), *std::move(place));
  if (link->open(std::move(socket))) {
    links_[id] = std::move(link);
  }
}

/// Logged at 1, 2, 4, 8 …: who is turned away comes again and again.
void SiteLinks::refuse() {
  if (std::has_single_bit(++refused_) && options_.log != nullptr) {
    options_.log->warning("links_refused",
                          {{"refused", refused_}, {"links_max", options_.links_max}});
  }
}

void SiteLinks::forget(std::uint64_t id) {
  links_.erase(id);
}

}  // namespace skerry::gateway
