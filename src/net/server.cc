#include "net/server.h"

#include <atomic>
#include <map>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>

#include "net/mailbox.h"
#include "os/subscriber.h"
#include "os/system_clock.h"
#include "os/tcp_listener.h"
#include "os/tcp_socket.h"

namespace skerry::net {

namespace {

constexpr std::chrono::seconds stop_patience{5};

std::string peer_of(int socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* generic = reinterpret_cast<sockaddr*>(&storage);
  if (::getpeername(socket, generic, &size) != 0) {
    return "";
  }
  const std::optional<os::SocketAddress> address = os::from_kernel(generic);
  return address ? os::host_of(*address) : "";
}

}  // namespace

class Server::Core {
 public:
  static Result<std::unique_ptr<Core>> create(const KeyPair& key,
                                              const ServerOptions& options,
                                              Handler handler,
                                              const Log& log);

  void start() {
    thread_ = std::thread([this] { loop_->run(); });
  }

  void adopt(os::Descriptor socket);
  void stop();

  std::optional<os::SocketAddress> address;
  std::atomic<std::uint64_t> open{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};

 private:
  Core(const ServerOptions& options, const Log& log)
      : options_(options), log_(log.for_room("net")) {}

  void take(os::Descriptor socket);
  void remove(std::uint64_t number);
  void wind_down();

  ServerOptions options_;
  Log log_;
  os::SystemClock clock_;
  std::unique_ptr<os::EventLoop> loop_;
  std::unique_ptr<ServerTls> tls_;
  std::unique_ptr<os::TcpListener> listener_;
  std::unique_ptr<ConnectionContext> context_;
  Connections connections_;
  std::map<std::string, std::size_t, std::less<>> by_subscriber_;
  std::uint64_t last_number_ = 0;
  os::Timer patience_;
  std::thread thread_;
};

Result<std::unique_ptr<Server::Core>> Server::Core::create(const KeyPair& key,
                                                           const ServerOptions& options,
                                                           Handler handler,
                                                           const Log& log) {
  std::unique_ptr<Core> core(new Core(options, log));
  SKERRY_TRY(core->loop_, os::EventLoop::create());
  SKERRY_TRY(core->tls_, ServerTls::create(key));
  core->context_ = std::make_unique<ConnectionContext>(ConnectionContext{
      .loop = *core->loop_,
      .tls = *core->tls_,
      .clock = core->clock_,
      .limits = options.limits,
      .handler = std::move(handler),
      .mailbox = std::make_shared<Mailbox>(*core->loop_, core->connections_),
      .remove = [self = core.get()](std::uint64_t number) { self->remove(number); }});
  if (options.listen) {
    SKERRY_TRY(
        core->listener_,
        os::TcpListener::create(
            *core->loop_, *options.listen, [self = core.get()](os::Descriptor socket, const auto&) {
              self->take(std::move(socket));
            }));
    core->address = core->listener_->address();
  }
  return core;
}

void Server::Core::adopt(os::Descriptor socket) {
  ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
  // A task must be copyable; the descriptor is not, so it goes by its number and is closed here
  // where the queue is full.
  const int number = socket.release();
  if (!loop_->post([this, number] { take(os::Descriptor(number)); })) {
    const os::Descriptor closing(number);
    ++refused;
  }
}

void Server::Core::take(os::Descriptor socket) {
  const std::string peer = peer_of(socket.get());
  const std::string subscriber = os::subscriber_of(peer);
  const auto standing = by_subscriber_.find(subscriber);
  const std::size_t of_subscriber = standing == by_subscriber_.end() ? 0 : standing->second;
  if (context_->stopping || connections_.size() >= options_.connections_max ||
      of_subscriber >= options_.connections_per_address_max) {
    ++refused;
    log_.debug("connection_refused", {{"peer", peer}});
    return;
  }
  const std::uint64_t number = ++last_number_;
  Result<std::unique_ptr<Connection>> made =
      Connection::open(*context_, number, std::move(socket), peer);
  if (!made) {
    log_.warning("connection_failed", {{"peer", peer}, {"why", made.error().message}});
    return;
  }
  ++by_subscriber_[subscriber];
  ++accepted;
  connections_.emplace(number, *std::move(made));
  open = connections_.size();
}

void Server::Core::remove(std::uint64_t number) {
  const auto found = connections_.find(number);
  if (found == connections_.end()) {
    return;
  }
  const auto of_subscriber = by_subscriber_.find(os::subscriber_of(found->second->peer()));
  if (of_subscriber != by_subscriber_.end() && --of_subscriber->second == 0) {
    by_subscriber_.erase(of_subscriber);
  }
  connections_.erase(found);
  open = connections_.size();
  if (context_->stopping && connections_.empty()) {
    loop_->stop();
  }
}

void Server::Core::wind_down() {
  context_->stopping = true;
  listener_.reset();
  for (const auto& [number, connection] : connections_) {
    connection->wind_down();
  }
  patience_ = loop_->after(stop_patience, [this] { loop_->stop(); });
  if (connections_.empty()) {
    loop_->stop();
  }
}

void Server::Core::stop() {
  if (!thread_.joinable()) {
    return;
  }
  if (!loop_->post([this] { wind_down(); })) {
    loop_->stop();
  }
  thread_.join();
  context_->mailbox->close();
  connections_.clear();
}

Server::Server(std::unique_ptr<Core> core) : core_(std::move(core)) {}

Server::~Server() {
  stop();
}

Result<std::unique_ptr<Server>> Server::start(const KeyPair& key,
                                              const ServerOptions& options,
                                              Handler handler,
                                              const Log& log) {
  SKERRY_TRY(std::unique_ptr<Core> core, Core::create(key, options, std::move(handler), log));
  core->start();
  return std::unique_ptr<Server>(new Server(std::move(core)));
}

void Server::adopt(os::Descriptor socket) {
  core_->adopt(std::move(socket));
}

std::optional<os::SocketAddress> Server::address() const {
  return core_->address;
}

Server::Statistics Server::statistics() const {
  return {.open = core_->open, .accepted = core_->accepted, .refused = core_->refused};
}

void Server::stop() {
  core_->stop();
}

}  // namespace skerry::net
