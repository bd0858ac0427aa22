#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "os/event_loop.h"
#include "os/lifeline.h"

namespace skerry::os {

/// Who is at the other end of a unix socket, as the kernel says.
struct PeerCredentials {
  uid_t user = 0;
  gid_t group = 0;
  pid_t process = 0;  // At the time it connected; it may be gone since.
};

/// A unix socket for this machine's root and for the user we run as, and nobody else: its file is
/// 0600, and the kernel is asked about each peer besides. The file is removed at the end.
class UnixListener {
 public:
  /// Gets a non-blocking socket, for `open_plain_stream`. May destroy the listener.
  using Accepted = std::function<void(Descriptor socket, const PeerCredentials& peer)>;
  using Allowed = std::function<bool(const PeerCredentials&)>;

  /// The caller holds the lock of the state directory, so a socket file at `path` is a dead one.
  static Result<std::unique_ptr<UnixListener>> create(EventLoop& loop,
                                                      const std::string& path,
                                                      Accepted accepted);
  /// With another rule for who may connect.
  static Result<std::unique_ptr<UnixListener>> create(EventLoop& loop,
                                                      const std::string& path,
                                                      Allowed allowed,
                                                      Accepted accepted);

  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;
  ~UnixListener();

  /// How many peers were turned away.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  UnixListener(std::string path, Descriptor socket, Allowed allowed, Accepted accepted);
  void accept_some();

  std::string path_;
  Descriptor socket_;
  Allowed allowed_;
  Accepted accepted_;
  std::uint64_t refused_ = 0;
  Lifeline lifeline_;
  Watch watch_;
};

/// Root, or the user this process runs as.
bool is_root_or_self(const PeerCredentials& peer);

/// The other side for a command-line program: it waits, and has no event loop.
class UnixClient {
 public:
  /// @param patience  for each call from now on; then `timed_out`
  static Result<UnixClient> connect(const std::string& path, std::chrono::milliseconds patience);

  /// Sends all of `bytes`.
  Status send(std::string_view bytes);
  /// Whatever has come, at most `size_max` bytes, waiting for the first; empty at the orderly end.
  Result<std::string> receive(std::size_t size_max);

 private:
  UnixClient(Descriptor socket, std::chrono::milliseconds patience)
      : socket_(std::move(socket)), patience_(patience) {}

  [[nodiscard]] Status wait(short events, std::chrono::steady_clock::time_point end) const;

  Descriptor socket_;
  std::chrono::milliseconds patience_;
};

}  // namespace skerry::os
