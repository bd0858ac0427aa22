#include "os/resolver.h"

#include <algorithm>
#include <utility>

#include <ares.h>
#include <sys/socket.h>

#include "os/codes.h"
#include "os/tcp_socket.h"

namespace skerry::os {

namespace {

constexpr std::size_t addresses_max = 16;
constexpr int tries = 3;

Error lookup_error(ErrorCode code, const Endpoint& endpoint, std::string message) {
  return {.kind = ErrorKind::unavailable,
          .code = code,
          .message = std::move(message),
          .field_path = "look up " + endpoint.host};
}

std::vector<SocketAddress> addresses_of(const ares_addrinfo& info, std::uint16_t port) {
  std::vector<SocketAddress> found;
  for (const ares_addrinfo_node* node = info.nodes; node != nullptr; node = node->ai_next) {
    if (auto address = from_kernel(node->ai_addr); address && found.size() < addresses_max) {
      address->port = port;
      found.push_back(*address);
    }
  }
  return interleaved(found);
}

}  // namespace

/// One c-ares channel with one question under way.
struct Lookup::Query {
  Query(Lookup& of, Endpoint asked) : owner(of), endpoint(std::move(asked)) {}

  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  ~Query() {
    // Ends the question, which calls `on_answer` once more.
    if (channel != nullptr) {
      finished = true;
      ares_destroy(channel);
    }
  }

  Status ask(const LookupOptions& options);
  void process(ares_socket_t readable, ares_socket_t writable);
  void arm();
  void on_socket(ares_socket_t socket, bool readable, bool writable);
  static void on_answer(void* self, int status, int timeouts, ares_addrinfo* info);

  Lookup& owner;
  Endpoint endpoint;
  ares_channel channel = nullptr;
  bool finished = false;
  std::vector<std::pair<ares_socket_t, Watch>> watches = {};
  Timer retry = {};
};

Status Lookup::Query::ask(const LookupOptions& options) {
  ares_options settings{};
  settings.timeout = static_cast<int>(options.question.count());
  settings.tries = tries;
  settings.sock_state_cb_data = this;
  settings.sock_state_cb = [](void* self, ares_socket_t socket, int readable, int writable) {
    static_cast<Query*>(self)->on_socket(socket, readable != 0, writable != 0);
  };
  int status = ares_init_options(
      &channel, &settings, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
  if (status == ARES_SUCCESS && !options.servers.empty()) {
    status = ares_set_servers_ports_csv(channel, options.servers.c_str());
  }
  if (status != ARES_SUCCESS) {
    return fail(lookup_error(name_not_resolved, endpoint, ares_strerror(status)));
  }
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ares_getaddrinfo(channel, endpoint.host.c_str(), nullptr, &hints, &Query::on_answer, this);
  arm();
  return {};
}

void Lookup::Query::on_answer(void* self, int status, int /*timeouts*/, ares_addrinfo* info) {
  auto& query = *static_cast<Query*>(self);
  std::vector<SocketAddress> found;
  if (info != nullptr) {
    found = addresses_of(*info, query.endpoint.port);
    ares_freeaddrinfo(info);
  }
  if (std::exchange(query.finished, true)) {
    return;
  }
  if (found.empty()) {
    const char* reason = status == ARES_SUCCESS ? "it has no address" : ares_strerror(status);
    query.owner.deliver_later(fail(lookup_error(name_not_resolved, query.endpoint, reason)));
  } else {
    query.owner.deliver_later(std::move(found));
  }
}

void Lookup::Query::on_socket(ares_socket_t socket, bool readable, bool writable) {
  const auto found = std::find_if(
      watches.begin(), watches.end(), [&](const auto& entry) { return entry.first == socket; });
  const Readiness interest{.readable = readable, .writable = writable};
  if (!readable && !writable) {
    if (found != watches.end()) {
      watches.erase(found);
    }
    return;
  }
  if (found != watches.end()) {
    (void)found->second.set(interest);  // A question without its socket times out and is repeated.
    return;
  }
  auto watch = owner.loop_.watch(socket, interest, [this, socket](Readiness ready) {
    process(ready.readable ? socket : ARES_SOCKET_BAD, ready.writable ? socket : ARES_SOCKET_BAD);
  });
  if (watch) {
    watches.emplace_back(socket, *std::move(watch));
  }
}

void Lookup::Query::process(ares_socket_t readable, ares_socket_t writable) {
  ares_process_fd(channel, readable, writable);
  arm();
}

void Lookup::Query::arm() {
  timeval buffer{};
  const timeval* wait = ares_timeout(channel, nullptr, &buffer);
  if (wait == nullptr) {
    retry.cancel();
    return;
  }
  // c-ares counts in whole milliseconds; one more, so that it agrees that the time has come.
  const auto delay = std::chrono::seconds(wait->tv_sec) + std::chrono::microseconds(wait->tv_usec) +
                     std::chrono::milliseconds(1);
  retry = owner.loop_.after(delay, [this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); });
}

Lookup::Lookup(EventLoop& loop, Done done) : loop_(loop), done_(std::move(done)) {}

Lookup::~Lookup() = default;

std::unique_ptr<Lookup> Lookup::start(EventLoop& loop,
                                      const Endpoint& endpoint,
                                      const LookupOptions& options,
                                      Done done) {
  std::unique_ptr<Lookup> lookup(new Lookup(loop, std::move(done)));
  if (const auto literal = parse_ip(endpoint.host, endpoint.port)) {
    lookup->deliver_later(std::vector<SocketAddress>{*literal});
    return lookup;
  }
  Lookup* self = lookup.get();
  self->deadline_ = loop.after(options.deadline, [self, endpoint] {
    self->deliver_later(fail(lookup_error(timed_out, endpoint, "no name server answered in time")));
  });
  self->query_ = std::make_unique<Query>(*self, endpoint);
  if (Status status = self->query_->ask(options); !status) {
    self->deliver_later(fail(std::move(status).error()));
  }
  return lookup;
}

/// c-ares calls back from within its own functions; its channel may be destroyed only afterwards.
void Lookup::deliver_later(Result<std::vector<SocketAddress>> result) {
  deadline_.cancel();
  deliver_ = loop_.after(std::chrono::nanoseconds(0), [this, result = std::move(result)] {
    query_.reset();
    const Done done = std::move(done_);
    done(result);
  });
}

std::vector<SocketAddress> interleaved(const std::vector<SocketAddress>& addresses) {
  std::vector<SocketAddress> ipv6;
  std::vector<SocketAddress> ipv4;
  for (const SocketAddress& address : addresses) {
    (address.family == SocketAddress::Family::ipv6 ? ipv6 : ipv4).push_back(address);
  }
  std::vector<SocketAddress> mixed;
  for (std::size_t i = 0; i < std::max(ipv6.size(), ipv4.size()); ++i) {
    if (i < ipv6.size()) {
      mixed.push_back(ipv6[i]);
    }
    if (i < ipv4.size()) {
      mixed.push_back(ipv4[i]);
    }
  }
  return mixed;
}

}  // namespace skerry::os
