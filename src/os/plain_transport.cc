#include <cerrno>
#include <utility>

#include <sys/socket.h>

#include "os/codes.h"
#include "os/stream.h"

namespace skerry::os {

namespace {

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(int socket) : socket_(socket) {}

  Io handshake() override { return {}; }

  [[nodiscard]] StreamPeer peer() const override { return {}; }

  Io read(std::span<char> buffer) override {
    const ssize_t count = ::recv(socket_, buffer.data(), buffer.size(), 0);
    return count == 0 ? Io{.outcome = Io::Outcome::closed}
                      : result_of(count, Io::Outcome::want_read);
  }

  Io write(std::string_view bytes) override {
    return result_of(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
                     Io::Outcome::want_write);
  }

  void end_writing() override { ::shutdown(socket_, SHUT_WR); }

  [[nodiscard]] Error failure() const override {
    Error error = system_error(failure_, connection_lost, "");
    error.kind = ErrorKind::unavailable;
    return error;
  }

 private:
  Io result_of(ssize_t count, Io::Outcome again) {
    if (count >= 0) {
      return {.size = static_cast<std::size_t>(count)};
    }
    if (errno == EAGAIN || errno == EINTR) {
      return {.outcome = again};
    }
    failure_ = errno;
    return {.outcome = Io::Outcome::failed};
  }

  int socket_;
  int failure_ = 0;
};

}  // namespace

Result<std::unique_ptr<Stream>> open_plain_stream(EventLoop& loop,
                                                  Descriptor socket,
                                                  StreamHandler& handler,
                                                  const StreamOptions& options) {
  auto transport = std::make_unique<PlainTransport>(socket.get());
  return Stream::create(loop, std::move(socket), std::move(transport), handler, options);
}

}  // namespace skerry::os
