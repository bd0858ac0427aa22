#include "os/hello_peek.h"

#include <cerrno>
#include <utility>

#include <sys/socket.h>

#include "os/codes.h"

namespace skerry::os {

namespace {

/// How many bytes must wait before the socket counts as readable.
void set_low_water(int socket, std::size_t size) {
  const int value = static_cast<int>(size);
  ::setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof value);
}

}  // namespace

HelloPeek::HelloPeek(Descriptor socket, Done done)
    : socket_(std::move(socket)), done_(std::move(done)) {}

Result<std::unique_ptr<HelloPeek>> HelloPeek::start(EventLoop& loop,
                                                    Descriptor socket,
                                                    std::chrono::milliseconds deadline,
                                                    Done done) {
  std::unique_ptr<HelloPeek> peek(new HelloPeek(std::move(socket), std::move(done)));
  HelloPeek* self = peek.get();
  SKERRY_TRY(self->watch_, loop.watch(self->socket_.get(), {.readable = true}, [self](Readiness) {
    self->look();
  }));
  self->timer_ = loop.after(deadline, [self] {
    self->finish(fail({.kind = ErrorKind::unavailable,
                       .code = timed_out,
                       .message = "the client did not say hello in time"}));
  });
  return peek;
}

void HelloPeek::look() {
  std::string bytes(client_hello_size_max, '\0');
  const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_PEEK);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  }
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  if (bytes.size() <= seen_) {
    // Readable with nothing new is the end, or an error.
    finish(fail({.kind = ErrorKind::unavailable,
                 .code = connection_lost,
                 .message = "the client hung up before its hello was complete"}));
    return;
  }
  Result<std::optional<ClientHello>> parsed = parse_client_hello(bytes);
  if (!parsed) {
    finish(fail(std::move(parsed).error()));
  } else if (std::optional<ClientHello> hello = *std::move(parsed)) {
    finish(*std::move(hello));
  } else {
    // Peeked bytes stay; without this the loop would be woken for them again and again.
    seen_ = bytes.size();
    set_low_water(socket_.get(), seen_ + 1);
  }
}

void HelloPeek::finish(Result<ClientHello> hello) {
  watch_.stop();
  timer_.cancel();
  set_low_water(socket_.get(), 1);
  const Done done = std::move(done_);
  done(std::move(socket_), std::move(hello));
}

}  // namespace skerry::os
