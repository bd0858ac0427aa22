#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "os/event_loop.h"

namespace skerry::net {

/// An event loop with a thread of its own, for a room that answers requests and holds no lock.
class Worker {
 public:
  /// Hands tasks to a worker's thread, from any thread. Copies are cheap, and may be used after the
  /// worker has gone: then the task is dropped.
  class Poster {
   public:
    /// @return whether it will run, unless the worker stops first
    bool post(std::function<void()> task) const;

   private:
    friend class Worker;
    struct Door;
    // Shared with whoever calls back late.
    std::shared_ptr<Door> door_;
  };

  static Result<std::unique_ptr<Worker>> start();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// Stops.
  ~Worker();

  [[nodiscard]] Poster poster() const { return poster_; }

  /// For the worker's own tasks alone.
  [[nodiscard]] os::EventLoop& loop();

  /// Ends the thread after the tasks that are due; those that come later are dropped. Not from the
  /// worker's own thread. Twice is once.
  void stop();

 private:
  struct Running;

  Worker(std::unique_ptr<Running> running, Poster poster);

  std::unique_ptr<Running> running_;
  Poster poster_;
};

}  // namespace skerry::net
