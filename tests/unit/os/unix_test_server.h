#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>
#include <sys/socket.h>

#include "os/descriptor.h"
#include "os/unix_address.h"
#include "unit/os/temporary_directory.h"

namespace skerry::os {

/// A listener in threads of its own that does with each connection what the test says, bytes as
/// they are: an honest server, or a broken one.
class UnixTestServer {
 public:
  /// One accepted connection, blocking.
  class Connection {
   public:
    explicit Connection(int fd) : fd_(fd) {}

    void send(const std::string& bytes) const {
      std::size_t done = 0;
      while (done < bytes.size()) {
        const ssize_t count = ::send(fd_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
        if (count <= 0) {
          return;
        }
        done += static_cast<std::size_t>(count);
      }
    }

    /// Everything up to and including `end`; less where the client hangs up.
    std::string read_to(const std::string& end) const {
      std::string text;
      char byte = 0;
      while (!text.ends_with(end) && ::recv(fd_, &byte, 1, 0) == 1) {
        text += byte;
      }
      return text;
    }

    std::string read_head() const { return read_to("\r\n\r\n"); }

    /// How much came, up to `size` bytes.
    [[nodiscard]] std::size_t read_size(std::size_t size) const {
      std::string buffer(size, '\0');
      const ssize_t count = ::recv(fd_, buffer.data(), size, MSG_WAITALL);
      return count > 0 ? static_cast<std::size_t>(count) : 0;
    }

    void wait_for_hang_up() const {
      std::array<char, 4096> ignored{};
      while (::recv(fd_, ignored.data(), ignored.size(), 0) > 0) {
      }
    }

   private:
    int fd_;
  };

  using Handler = std::function<void(const Connection& connection, int number)>;

  explicit UnixTestServer(Handler handler) : handler_(std::move(handler)) {
    auto listener = listen_unix(path(), 0600);
    if (!listener) {
      std::abort();
    }
    listener_ = std::move(*listener);
    accepter_ = std::thread([this] { accept_all(); });
  }

  UnixTestServer(const UnixTestServer&) = delete;
  UnixTestServer& operator=(const UnixTestServer&) = delete;

  /// The clients must have hung up, or be about to.
  ~UnixTestServer() {
    stopping_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    accepter_.join();
    for (std::thread& worker : workers_) {
      worker.join();
    }
  }

  [[nodiscard]] std::string path() const { return directory_.path() + "/engine.sock"; }

  [[nodiscard]] int accepted() const { return accepted_; }

 private:
  void accept_all() {
    pollfd wait{.fd = listener_.get(), .events = POLLIN, .revents = 0};
    while (::poll(&wait, 1, -1) >= 0 && !stopping_) {
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) {
        workers_.emplace_back([this, fd, number = accepted_++] {
          const Descriptor owned(fd);
          handler_(Connection(fd), number);
        });
      }
    }
  }

  TemporaryDirectory directory_;
  Handler handler_;
  Descriptor listener_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> accepted_{0};
  std::vector<std::thread> workers_;
  std::thread accepter_;
};

}  // namespace skerry::os
