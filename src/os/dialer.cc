#include "os/dialer.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/socket.h>

#include "os/codes.h"
#include "os/tcp_socket.h"

namespace skerry::os {

namespace {

Error connect_error(int error_number, const SocketAddress& address) {
  Error error = system_error(error_number, connect_failed, "connect to " + to_string(address));
  error.kind = ErrorKind::unavailable;
  return error;
}

}  // namespace

Dial::Dial(EventLoop& loop, const DialOptions& options, Done done)
    : loop_(loop), next_address_(options.next_address), done_(std::move(done)) {}

Dial::~Dial() = default;

std::unique_ptr<Dial> Dial::start(EventLoop& loop,
                                  const Endpoint& endpoint,
                                  const DialOptions& options,
                                  Done done) {
  std::unique_ptr<Dial> dial(new Dial(loop, options, std::move(done)));
  Dial* self = dial.get();
  self->deadline_ = loop.after(options.deadline, [self, endpoint] {
    self->finish(fail({.kind = ErrorKind::unavailable,
                       .code = timed_out,
                       .message = "no address answered in time",
                       .field_path = "connect to " + endpoint.host}));
  });
  self->lookup_ = Lookup::start(loop, endpoint, options.lookup, [self](auto addresses) {
    self->on_addresses(std::move(addresses));
  });
  return dial;
}

void Dial::on_addresses(Result<std::vector<SocketAddress>> addresses) {
  if (!addresses) {
    finish(fail(std::move(addresses).error()));
    return;
  }
  addresses_ = *std::move(addresses);
  try_next();
}

void Dial::try_next() {
  stagger_.cancel();
  const bool begun = begin_next();
  if (begun && next_ < addresses_.size()) {
    stagger_ = loop_.after(next_address_, [this] { try_next(); });
  } else if (!begun && attempts_.empty()) {
    finish(fail(last_error_));
  }
}

bool Dial::begin_next() {
  while (next_ < addresses_.size()) {
    Status begun = begin(addresses_[next_++]);
    if (begun) {
      return true;
    }
    last_error_ = std::move(begun).error();
  }
  return false;
}

Status Dial::begin(const SocketAddress& address) {
  SKERRY_TRY(Descriptor socket, new_tcp_socket(address.family));
  socklen_t size = 0;
  const sockaddr_storage kernel = to_kernel(address, size);
  const auto* generic = reinterpret_cast<const sockaddr*>(&kernel);
  if (::connect(socket.get(), generic, size) != 0 && errno != EINPROGRESS) {
    return fail(connect_error(errno, address));
  }
  const int number = socket.get();
  SKERRY_TRY(Watch watch, loop_.watch(number, {.writable = true}, [this, number](Readiness) {
    on_ready(number);
  }));
  attempts_.push_back({.address = address, .socket = std::move(socket), .watch = std::move(watch)});
  return {};
}

void Dial::on_ready(int socket) {
  const auto found = std::find_if(attempts_.begin(), attempts_.end(), [&](const Attempt& attempt) {
    return attempt.socket.get() == socket;
  });
  int error_number = 0;
  socklen_t size = sizeof error_number;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error_number, &size) != 0) {
    error_number = errno;
  }
  if (error_number == 0) {
    found->watch.stop();
    finish(std::move(found->socket));
    return;
  }
  last_error_ = connect_error(error_number, found->address);
  attempts_.erase(found);
  try_next();
}

void Dial::finish(Result<Descriptor> result) {
  deadline_.cancel();
  stagger_.cancel();
  attempts_.clear();
  const Done done = std::move(done_);
  done(std::move(result));
}

}  // namespace skerry::os
