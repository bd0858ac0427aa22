#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "os/event_loop.h"

namespace skerry::net {

class Connection;

using Connections = std::map<std::uint64_t, std::unique_ptr<Connection>>;

/// The way from other threads to a server's connections, also once the server is gone. Private to
/// the room.
class Mailbox {
 public:
  Mailbox(os::EventLoop& loop, Connections& connections)
      : loop_(&loop), connections_(&connections) {}

  /// Runs `task` on the server's thread, unless the connection is gone by then.
  void post(std::uint64_t connection, std::function<void(Connection&)> task) {
    const std::lock_guard lock(mutex_);
    if (loop_ == nullptr) {
      return;
    }
    // A full queue loses the answer; the connection's own deadline then ends it.
    static_cast<void>(loop_->post([connections = connections_, connection, task = std::move(task)] {
      if (const auto found = connections->find(connection); found != connections->end()) {
        task(*found->second);
      }
    }));
  }

  /// From now on everything posted is dropped.
  void close() {
    const std::lock_guard lock(mutex_);
    loop_ = nullptr;
  }

 private:
  std::mutex mutex_;
  os::EventLoop* loop_;
  Connections* connections_;
};

}  // namespace skerry::net
