#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"
#include "server/store/change.h"
#include "server/store/writer.h"

namespace skerry::store {

/// Runs a writer on a thread of its own. Changes come from any thread; answers and commits are told
/// on the writer's thread, so a callback only hands over to its own.
class WriterThread {
 public:
  struct Callbacks {
    /// Something was committed: followers may look again. Called once a group.
    std::function<void()> committed = {};
    /// The store is dead; the process must end (G12).
    std::function<void(const Error& error)> died = {};
  };

  /// @param waiting_max  changes that wait to be handed over at most, of each lane
  WriterThread(std::unique_ptr<Writer> writer,
               Callbacks callbacks,
               std::size_t waiting_max = Options{}.lane_max);
  WriterThread(const WriterThread&) = delete;
  WriterThread& operator=(const WriterThread&) = delete;
  /// Commits what waits, marks a clean stop and joins.
  ~WriterThread();

  /// `queue_full` where too many changes wait in its lane; then `done` is never called.
  Status submit(Change change, Done done);

 private:
  struct Waiting {
    Change change = {};
    Done done = {};
  };

  void run();
  std::vector<Waiting> take(bool more_in_writer);

  std::unique_ptr<Writer> writer_;
  Callbacks callbacks_;
  std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Waiting> waiting_;
  std::array<std::size_t, 3> waiting_of_lane_{};
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace skerry::store
