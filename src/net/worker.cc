#include "net/worker.h"

#include <mutex>
#include <thread>
#include <utility>

namespace skerry::net {

struct Worker::Poster::Door {
  std::mutex mutex = {};
  os::EventLoop* loop = nullptr;
};

struct Worker::Running {
  std::unique_ptr<os::EventLoop> loop = {};
  std::thread thread = {};
};

bool Worker::Poster::post(std::function<void()> task) const {
  const std::lock_guard lock(door_->mutex);
  return door_->loop != nullptr && door_->loop->post(std::move(task)).has_value();
}

Worker::Worker(std::unique_ptr<Running> running, Poster poster)
    : running_(std::move(running)), poster_(std::move(poster)) {}

Worker::~Worker() {
  stop();
}

Result<std::unique_ptr<Worker>> Worker::start() {
  auto running = std::make_unique<Running>();
  SKERRY_TRY(running->loop, os::EventLoop::create());
  Poster poster;
  poster.door_ = std::make_shared<Poster::Door>();
  poster.door_->loop = running->loop.get();
  running->thread = std::thread([loop = running->loop.get()] { loop->run(); });
  return std::unique_ptr<Worker>(new Worker(std::move(running), std::move(poster)));
}

os::EventLoop& Worker::loop() {
  return *running_->loop;
}

void Worker::stop() {
  {
    const std::lock_guard lock(poster_.door_->mutex);
    poster_.door_->loop = nullptr;
  }
  if (running_->thread.joinable()) {
    running_->loop->stop();
    running_->thread.join();
  }
}

}  // namespace skerry::net
