#include "agent/local/local_server.h"

#include <algorithm>

#include "os/stream.h"
#include "wire/frame.h"
#include "wire/local.h"

namespace skerry::agent::local {
namespace {

constexpr std::size_t peers_max = 8;
constexpr std::size_t request_bytes_max = 1024;

}  // namespace

/// One local client.
class LocalServer::Peer : public os::StreamHandler {
 public:
  Peer(LocalServer& server, std::uint64_t number)
      : server_(server), number_(number), heard_(++server.turn_), reader_(request_bytes_max) {}

  Status open(os::Descriptor socket) {
    SKERRY_TRY(
        stream_,
        os::open_plain_stream(
            server_.loop_, std::move(socket), *this, {.queue_max = 2 * wire::frame_bytes_max}));
    return {};
  }

  [[nodiscard]] std::uint64_t heard() const { return heard_; }

  void on_bytes(std::string_view bytes) override {
    heard_ = ++server_.turn_;
    reader_.feed(bytes);
    while (true) {
      const Result<std::optional<wire::Frame>> frame = reader_.next();
      if (frame && !*frame) {
        return;
      }
      if (!frame || !answer(**frame)) {
        stream_->finish();
        return;
      }
    }
  }

  void on_closed(const Error& /*reason*/) override { server_.forget(number_); }

 private:
  bool answer(const wire::Frame& frame) {
    const Result<wire::LocalRequest> request = wire::decode_local_request(frame.kind, frame.body);
    if (!request) {
      return false;
    }
    const Result<std::string> json = server_.answer_(request->verb);
    const wire::LocalReply reply =
        json ? wire::LocalReply{.json = *json}
             : wire::LocalReply{.code = std::string(json.error().code.name),
                                .message = json.error().message};
    return stream_->send(wire::encode_local(reply)).has_value();
  }

  LocalServer& server_;
  std::uint64_t number_;
  /// The turn at which it came or last said something.
  std::uint64_t heard_;
  wire::FrameReader reader_;
  std::unique_ptr<os::Stream> stream_;
};

LocalServer::LocalServer(os::EventLoop& loop, Answer answer)
    : loop_(loop), answer_(std::move(answer)) {}

LocalServer::~LocalServer() = default;

Result<std::unique_ptr<LocalServer>> LocalServer::create(os::EventLoop& loop,
                                                         const std::string& path,
                                                         Answer answer) {
  std::unique_ptr<LocalServer> server(new LocalServer(loop, std::move(answer)));
  SKERRY_TRY(
      server->listener_,
      os::UnixListener::create(
          loop, path, [self = server.get()](os::Descriptor socket, const os::PeerCredentials&) {
            self->on_accepted(std::move(socket));
          }));
  return server;
}

void LocalServer::on_accepted(os::Descriptor socket) {
  if (peers_.size() >= peers_max) {
    // A client that was forgotten somewhere must not keep root from asking.
    peers_.erase(std::ranges::min_element(
        peers_, {}, [](const auto& each) { return each.second->heard(); }));
  }
  const std::uint64_t number = ++last_number_;
  auto peer = std::make_unique<Peer>(*this, number);
  if (peer->open(std::move(socket))) {
    peers_[number] = std::move(peer);
  }
}

void LocalServer::forget(std::uint64_t number) {
  peers_.erase(number);
}

}  // namespace skerry::agent::local
