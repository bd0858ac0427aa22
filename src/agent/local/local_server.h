#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "os/event_loop.h"
#include "os/unix_socket.h"

namespace skerry::agent::local {

/// Serves local hands on a root-only unix socket. One request is answered after the other. Of eight
/// peers the one that was silent longest makes room for a ninth.
class LocalServer {
 public:
  /// A verb in, a JSON object out.
  using Answer = std::function<Result<std::string>(const std::string& verb)>;

  static Result<std::unique_ptr<LocalServer>> create(os::EventLoop& loop,
                                                     const std::string& path,
                                                     Answer answer);

  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;
  ~LocalServer();

 private:
  class Peer;

  LocalServer(os::EventLoop& loop, Answer answer);
  void on_accepted(os::Descriptor socket);
  void forget(std::uint64_t number);

  os::EventLoop& loop_;
  Answer answer_;
  std::map<std::uint64_t, std::unique_ptr<Peer>> peers_;
  std::uint64_t last_number_ = 0;
  /// Counts what the peers do, which tells who did nothing longest.
  std::uint64_t turn_ = 0;
  std::unique_ptr<os::UnixListener> listener_;
};

}  // namespace skerry::agent::local
