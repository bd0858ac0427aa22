#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "os/descriptor.h"
#include "os/system_clock.h"

namespace skerry::os {

class EventLoop;

/// What to wait for, and what has come. An error or hang-up of the descriptor comes as both, so the
/// next read or write finds it.
struct Readiness {
  bool readable = false;
  bool writable = false;

  friend bool operator==(const Readiness&, const Readiness&) = default;
};

/// Watches one descriptor for as long as it lives. Destroy it before the descriptor is closed.
/// May be destroyed at any time, also by the callback it is calling.
class Watch {
 public:
  Watch() = default;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  Watch(Watch&& other) noexcept;
  Watch& operator=(Watch&& other) noexcept;

  ~Watch() { stop(); }

  /// Waits for something else from now on. Nothing at all is allowed: then not even a hang-up
  /// wakes the loop.
  Status set(Readiness interest);
  void stop();

 private:
  friend class EventLoop;

  Watch(EventLoop* loop, std::uint32_t index) : loop_(loop), index_(index) {}

  EventLoop* loop_ = nullptr;
  std::uint32_t index_ = 0;
};

/// One pending call. Destroying it cancels the call.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  Timer(Timer&& other) noexcept;
  Timer& operator=(Timer&& other) noexcept;

  ~Timer() { cancel(); }

  void cancel();
  /// Whether the call is still to come.
  [[nodiscard]] bool pending() const;

 private:
  friend class EventLoop;

  Timer(EventLoop* loop, std::uint32_t index, std::uint32_t generation)
      : loop_(loop), index_(index), generation_(generation) {}

  EventLoop* loop_ = nullptr;
  std::uint32_t index_ = 0;
  std::uint32_t generation_ = 0;
};

/// The next multiple of `slack` at or after `due`. Timers rounded alike fire together, so that an
/// idle program wakes once for all of them.
Instant rounded_up(Instant due, std::chrono::nanoseconds slack);

/// One epoll loop: descriptors, timers, and calls from other threads.
///
/// Belongs to the thread that calls `run`; only `post` and `stop` may be called from another. It
/// sleeps until something is due, with no tick of its own. Outlives every `Watch` and `Timer`.
/// Callbacks must not throw and must not call `run` or `run_once`.
class EventLoop {
 public:
  using Task = std::function<void()>;
  using ReadyCallback = std::function<void(Readiness)>;

  /// Tasks that may wait in the queue of `post`.
  static constexpr std::size_t posted_max = 65'536;

  static Result<std::unique_ptr<EventLoop>> create();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  /// Calls `callback` whenever `fd`, which stays the caller's, is ready (level-triggered).
  Result<Watch> watch(int fd, Readiness interest, ReadyCallback callback);

  /// Calls `task` once, no sooner than `due` by this loop's clock; in order of `due`, and of
  /// creation where equal. A call for the past comes in the next round.
  [[nodiscard]] Timer at(Instant due, Task task);
  [[nodiscard]] Timer after(std::chrono::nanoseconds delay, Task task);

  /// Runs `task` in the loop's thread, in order of posting. From any thread, also before `run`.
  /// `exhausted` with `queue_full` when too many wait; the task is then dropped.
  Status post(Task task);

  /// Runs until `stop`, which may also have come before.
  void run();
  /// Ends `run` after the round it is in. From any thread.
  void stop();
  /// One round: waits for events at most `wait_max` (without: until there are some), then calls.
  void run_once(std::optional<std::chrono::milliseconds> wait_max);

  [[nodiscard]] Instant now() const { return clock_.now(); }

  [[nodiscard]] const Clock& clock() const { return clock_; }

  /// How often the loop has woken, for the idle budget and its test.
  [[nodiscard]] std::uint64_t wakeups() const { return wakeups_; }

 private:
  friend class Watch;
  friend class Timer;

  struct WatchSlot {
    ReadyCallback callback = {};
    int fd = -1;
    std::uint32_t generation = 0;
    Readiness interest = {};
  };

  struct TimerSlot {
    Task task = {};
    Instant due = {};
    std::uint64_t order = 0;
    std::uint32_t heap_index = 0;
    std::uint32_t generation = 0;
  };

  EventLoop(Descriptor epoll, Descriptor timer, Descriptor wake);
  Status watch_own(int fd, std::uint64_t tag) const;

  Status set_interest(std::uint32_t index, Readiness interest);
  void remove_watch(std::uint32_t index);
  void dispatch(std::uint64_t tag, std::uint32_t events);

  void cancel_timer(std::uint32_t index);
  void remove_from_heap(std::uint32_t heap_index);
  void sift_up(std::uint32_t heap_index);
  void sift_down(std::uint32_t heap_index);
  void place(std::uint32_t heap_index, std::uint32_t slot);
  [[nodiscard]] bool earlier(std::uint32_t a, std::uint32_t b) const;
  void arm();
  void run_timers();
  void run_posted();

  static constexpr std::uint32_t no_slot = UINT32_MAX;

  SystemClock clock_;
  Descriptor epoll_;
  Descriptor timer_;
  Descriptor wake_;
  // Deques: a callback may add watches while a reference to its own slot is held.
  std::deque<WatchSlot> watches_;
  std::vector<std::uint32_t> free_watches_;
  std::uint32_t dispatching_ = no_slot;
  bool dispatching_removed_ = false;
  std::deque<TimerSlot> timers_;
  std::vector<std::uint32_t> free_timers_;
  std::vector<std::uint32_t> heap_;
  std::uint64_t timer_order_ = 0;
  std::optional<Instant> armed_;
  std::uint64_t wakeups_ = 0;
  std::atomic<bool> stopping_{false};
  std::mutex posted_mutex_;
  std::vector<Task> posted_;
};

}  // namespace skerry::os
