#include "server/store/writer_thread.h"

#include "server/store/codes.h"

namespace skerry::store {

WriterThread::WriterThread(std::unique_ptr<Writer> writer,
                           Callbacks callbacks,
                           std::size_t waiting_max)
    : writer_(std::move(writer)),
      callbacks_(std::move(callbacks)),
      waiting_max_(waiting_max),
      thread_([this] { run(); }) {}

WriterThread::~WriterThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Status WriterThread::submit(Change change, Done done) {
  {
    const std::lock_guard lock(mutex_);
    std::size_t& of_lane = waiting_of_lane_.at(static_cast<std::size_t>(change.lane));
    if (of_lane >= waiting_max_ || stopping_) {
      return fail({.kind = ErrorKind::unavailable,
                   .code = queue_full,
                   .message = "too many changes wait for the store"});
    }
    ++of_lane;
    waiting_.push_back({.change = std::move(change), .done = std::move(done)});
  }
  wake_.notify_one();
  return {};
}

/// What has come; waits for it unless the writer itself has more to do.
std::vector<WriterThread::Waiting> WriterThread::take(bool more_in_writer) {
  std::unique_lock lock(mutex_);
  if (!more_in_writer) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
  }
  waiting_of_lane_ = {};
  return std::exchange(waiting_, {});
}

void WriterThread::run() {
  bool more = false;
  while (true) {
    std::vector<Waiting> batch = take(more);
    if (batch.empty() && !more) {
      break;  // Stopping, and nothing waits.
    }
    for (Waiting& waiting : batch) {
      Done done = waiting.done;
      if (const Status queued = writer_->submit(std::move(waiting.change), std::move(waiting.done));
          !queued) {
        done(fail(queued.error()));
      }
    }
    const Result<bool> stepped = writer_->step();
    if (!stepped) {
      callbacks_.died(stepped.error());
      return;
    }
    more = *stepped;
    callbacks_.committed();
  }
  if (const Status closed = writer_->close(); !closed) {
    callbacks_.died(closed.error());
  }
}

}  // namespace skerry::store
