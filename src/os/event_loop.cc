#include "os/event_loop.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/assert.h"
#include "os/codes.h"

namespace skerry::os {

namespace {

// A tag is (generation << 32 | slot); these two can never be one, for slots stay below 2^32 - 2.
constexpr std::uint64_t timer_tag = UINT64_MAX;
constexpr std::uint64_t wake_tag = UINT64_MAX - 1;

/// Enough to serve a storm in few calls, small enough for the stack.
constexpr std::size_t batch = 128;

std::uint64_t tag_of(std::uint32_t index, std::uint32_t generation) {
  return (std::uint64_t{generation} << 32U) | index;
}

epoll_event event_for(Readiness interest, std::uint64_t tag) {
  epoll_event event{};
  event.events = (interest.readable ? std::uint32_t{EPOLLIN} : 0U) |
                 (interest.writable ? std::uint32_t{EPOLLOUT} : 0U);
  event.data.u64 = tag;
  return event;
}

bool is_empty(Readiness interest) {
  return !interest.readable && !interest.writable;
}

}  // namespace

Watch::Watch(Watch&& other) noexcept
    : loop_(std::exchange(other.loop_, nullptr)), index_(other.index_) {}

Watch& Watch::operator=(Watch&& other) noexcept {
  if (this != &other) {
    stop();
    loop_ = std::exchange(other.loop_, nullptr);
    index_ = other.index_;
  }
  return *this;
}

Status Watch::set(Readiness interest) {
  SKERRY_ASSERT(loop_ != nullptr);
  return loop_->set_interest(index_, interest);
}

void Watch::stop() {
  if (loop_ != nullptr) {
    std::exchange(loop_, nullptr)->remove_watch(index_);
  }
}

Timer::Timer(Timer&& other) noexcept
    : loop_(std::exchange(other.loop_, nullptr)),
      index_(other.index_),
      generation_(other.generation_) {}

Timer& Timer::operator=(Timer&& other) noexcept {
  if (this != &other) {
    cancel();
    loop_ = std::exchange(other.loop_, nullptr);
    index_ = other.index_;
    generation_ = other.generation_;
  }
  return *this;
}

void Timer::cancel() {
  if (pending()) {
    loop_->cancel_timer(index_);
  }
  loop_ = nullptr;
}

bool Timer::pending() const {
  // A slot whose call was made has moved to its next generation.
  return loop_ != nullptr && loop_->timers_[index_].generation == generation_;
}

Instant rounded_up(Instant due, std::chrono::nanoseconds slack) {
  const auto past = due.time_since_epoch() % slack;
  return past.count() == 0 ? due : due + (slack - past);
}

Result<std::unique_ptr<EventLoop>> EventLoop::create() {
  Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  Descriptor timer(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll.valid() || !timer.valid() || !wake.valid()) {
    return fail(system_error(errno, system_failed, "create the event loop"));
  }
  std::unique_ptr<EventLoop> loop(
      new EventLoop(std::move(epoll), std::move(timer), std::move(wake)));
  SKERRY_CHECK(loop->watch_own(loop->timer_.get(), timer_tag));
  SKERRY_CHECK(loop->watch_own(loop->wake_.get(), wake_tag));
  return loop;
}

EventLoop::EventLoop(Descriptor epoll, Descriptor timer, Descriptor wake)
    : epoll_(std::move(epoll)), timer_(std::move(timer)), wake_(std::move(wake)) {}

EventLoop::~EventLoop() = default;

Status EventLoop::watch_own(int fd, std::uint64_t tag) const {
  epoll_event event = event_for({.readable = true}, tag);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return fail(system_error(errno, system_failed, "create the event loop"));
  }
  return {};
}

Result<Watch> EventLoop::watch(int fd, Readiness interest, ReadyCallback callback) {
  std::uint32_t index = 0;
  if (free_watches_.empty()) {
    index = static_cast<std::uint32_t>(watches_.size());
    watches_.emplace_back();
  } else {
    index = free_watches_.back();
    free_watches_.pop_back();
  }
  WatchSlot& slot = watches_[index];
  slot.fd = fd;
  slot.interest = {};
  slot.callback = std::move(callback);
  Watch handle(this, index);
  SKERRY_CHECK(set_interest(index, interest));
  return handle;
}

Status EventLoop::set_interest(std::uint32_t index, Readiness interest) {
  WatchSlot& slot = watches_[index];
  if (slot.interest == interest) {
    return {};
  }
  // Left in the set without interest, a hung-up descriptor would be reported for ever.
  int operation = EPOLL_CTL_MOD;
  if (is_empty(interest)) {
    operation = EPOLL_CTL_DEL;
  } else if (is_empty(slot.interest)) {
    operation = EPOLL_CTL_ADD;
  }
  epoll_event event = event_for(interest, tag_of(index, slot.generation));
  if (::epoll_ctl(epoll_.get(), operation, slot.fd, &event) != 0) {
    return fail(system_error(errno, system_failed, "watch a descriptor"));
  }
  slot.interest = interest;
  return {};
}

void EventLoop::remove_watch(std::uint32_t index) {
  WatchSlot& slot = watches_[index];
  if (!is_empty(slot.interest)) {
    // Fails only where the owner closed the descriptor first, and then it is gone already.
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, slot.fd, nullptr);
  }
  slot.interest = {};
  slot.fd = -1;
  ++slot.generation;  // Events already fetched for this slot are now stale.
  if (index == dispatching_) {
    dispatching_removed_ = true;  // Its callback runs right now; `dispatch` frees it.
    return;
  }
  const ReadyCallback dropped = std::exchange(slot.callback, nullptr);
  free_watches_.push_back(index);
}

void EventLoop::dispatch(std::uint64_t tag, std::uint32_t events) {
  const auto index = static_cast<std::uint32_t>(tag & UINT32_MAX);
  WatchSlot& slot = watches_[index];
  if (tag_of(index, slot.generation) != tag) {
    return;
  }
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  dispatching_ = index;
  slot.callback({.readable = broken || (events & EPOLLIN) != 0,
                 .writable = broken || (events & EPOLLOUT) != 0});
  dispatching_ = no_slot;
  if (std::exchange(dispatching_removed_, false)) {
    const ReadyCallback dropped = std::exchange(slot.callback, nullptr);
    free_watches_.push_back(index);
  }
}

Timer EventLoop::after(std::chrono::nanoseconds delay, Task task) {
  return at(now() + delay, std::move(task));
}

Timer EventLoop::at(Instant due, Task task) {
  std::uint32_t index = 0;
  if (free_timers_.empty()) {
    index = static_cast<std::uint32_t>(timers_.size());
    timers_.emplace_back();
  } else {
    index = free_timers_.back();
    free_timers_.pop_back();
  }
  TimerSlot& slot = timers_[index];
  slot.task = std::move(task);
  slot.due = due;
  slot.order = timer_order_++;
  heap_.push_back(index);
  place(static_cast<std::uint32_t>(heap_.size() - 1), index);
  sift_up(slot.heap_index);
  return Timer(this, index, slot.generation);
}

void EventLoop::cancel_timer(std::uint32_t index) {
  TimerSlot& slot = timers_[index];
  remove_from_heap(slot.heap_index);
  ++slot.generation;
  const Task dropped = std::exchange(slot.task, nullptr);
  free_timers_.push_back(index);
}

bool EventLoop::earlier(std::uint32_t a, std::uint32_t b) const {
  const TimerSlot& left = timers_[a];
  const TimerSlot& right = timers_[b];
  return left.due != right.due ? left.due < right.due : left.order < right.order;
}

void EventLoop::place(std::uint32_t heap_index, std::uint32_t slot) {
  heap_[heap_index] = slot;
  timers_[slot].heap_index = heap_index;
}

void EventLoop::sift_up(std::uint32_t heap_index) {
  const std::uint32_t moving = heap_[heap_index];
  while (heap_index > 0) {
    const std::uint32_t parent = (heap_index - 1) / 2;
    if (!earlier(moving, heap_[parent])) {
      break;
    }
    place(heap_index, heap_[parent]);
    heap_index = parent;
  }
  place(heap_index, moving);
}

void EventLoop::sift_down(std::uint32_t heap_index) {
  const std::uint32_t moving = heap_[heap_index];
  for (std::size_t child = 2 * std::size_t{heap_index} + 1; child < heap_.size();
       child = 2 * std::size_t{heap_index} + 1) {
    if (child + 1 < heap_.size() && earlier(heap_[child + 1], heap_[child])) {
      ++child;
    }
    if (!earlier(heap_[child], moving)) {
      break;
    }
    place(heap_index, heap_[child]);
    heap_index = static_cast<std::uint32_t>(child);
  }
  place(heap_index, moving);
}

void EventLoop::remove_from_heap(std::uint32_t heap_index) {
  const std::uint32_t last = heap_.back();
  heap_.pop_back();
  if (heap_index == heap_.size()) {
    return;
  }
  place(heap_index, last);
  sift_up(heap_index);
  sift_down(timers_[last].heap_index);
}

void EventLoop::arm() {
  const std::optional<Instant> due =
      heap_.empty() ? std::nullopt : std::optional(timers_[heap_.front()].due);
  if (due == armed_) {
    return;
  }
  itimerspec when{};  // All zero disarms, so a time at or before the start of the clock becomes 1.
  if (due) {
    const auto since_start = std::max(due->time_since_epoch(), Instant::duration(1));
    when.it_value.tv_sec = since_start / std::chrono::seconds(1);
    when.it_value.tv_nsec = (since_start % std::chrono::seconds(1)).count();
  }
  const int status = ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
  SKERRY_ASSERT(status == 0);
  armed_ = due;
}

void EventLoop::run_timers() {
  const Instant until = now();
  // Calls added by these calls wait for the next round, so that descriptors are served between.
  const std::uint64_t newest = timer_order_;
  while (!heap_.empty()) {
    const std::uint32_t index = heap_.front();
    TimerSlot& slot = timers_[index];
    if (slot.due > until || slot.order >= newest) {
      return;
    }
    remove_from_heap(0);
    ++slot.generation;
    const Task task = std::exchange(slot.task, nullptr);
    free_timers_.push_back(index);
    task();
  }
}

Status EventLoop::post(Task task) {
  bool first = false;
  {
    const std::lock_guard lock(posted_mutex_);
    if (posted_.size() >= posted_max) {
      return fail({.kind = ErrorKind::exhausted,
                   .code = queue_full,
                   .message = "too many tasks wait for the event loop"});
    }
    first = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (first) {
    ::eventfd_write(wake_.get(), 1);
  }
  return {};
}

void EventLoop::run_posted() {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(posted_mutex_);
    tasks.swap(posted_);
  }
  for (const Task& task : tasks) {
    task();
  }
}

void EventLoop::stop() {
  stopping_ = true;
  ::eventfd_write(wake_.get(), 1);
}

void EventLoop::run() {
  while (!stopping_) {
    run_once(std::nullopt);
  }
  stopping_ = false;
}

void EventLoop::run_once(std::optional<std::chrono::milliseconds> wait_max) {
  arm();
  std::array<epoll_event, batch> events{};
  const int wait_ms = wait_max ? static_cast<int>(wait_max->count()) : -1;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(batch), wait_ms);
  SKERRY_ASSERT(count >= 0 || errno == EINTR);
  ++wakeups_;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.u64 == timer_tag) {
      std::uint64_t ignored = 0;
      // Fails where nothing has expired after all; `run_timers` looks at the clock itself.
      if (::read(timer_.get(), &ignored, sizeof ignored) > 0) {
        armed_.reset();
      }
      run_timers();
    } else if (event.data.u64 == wake_tag) {
      eventfd_t ignored = 0;
      ::eventfd_read(wake_.get(), &ignored);
      run_posted();
    } else {
      dispatch(event.data.u64, event.events);
    }
  }
}

}  // namespace skerry::os
