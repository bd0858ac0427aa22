#include "server/gateway/site_links.h"

#include <bit>

#include "wire/frame.h"

namespace skerry::gateway {

/// One peer's socket.
class SiteLinks::Link : public os::StreamHandler, public Connection {
 public:
  Link(SiteLinks& owner, std::uint64_t id, std::string address)
      : owner_(owner), id_(id), address_(std::move(address)) {}

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

  // From the stream.
  void on_open(const os::StreamPeer& peer) override {
    number_ = owner_.gateway_.on_open(peer.key, address_, *this);
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
    : loop_(loop), gateway_(gateway), options_(options) {}

SiteLinks::~SiteLinks() = default;

void SiteLinks::adopt(os::Descriptor socket, std::string address) {
  if (links_.size() >= options_.links_max) {
    // At 1, 2, 4, 8 …: who is turned away comes again and again.
    if (std::has_single_bit(++refused_) && options_.log != nullptr) {
      options_.log->warning("links_refused",
                            {{"refused", refused_}, {"links_max", options_.links_max}});
    }
    return;
  }
  const std::uint64_t id = ++last_id_;
  auto link = std::make_unique<Link>(*this, id, std::move(address));
  if (link->open(std::move(socket))) {
    links_[id] = std::move(link);
  }
}

void SiteLinks::forget(std::uint64_t id) {
  links_.erase(id);
}

}  // namespace skerry::gateway
