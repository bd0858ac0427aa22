#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "os/event_loop.h"

namespace skerry::os {

/// Turns signals into calls in the event loop.
///
/// Blocks them for the calling thread and the threads it starts afterwards, so make it before any
/// thread. They stay blocked when it is gone.
class Signals {
 public:
  using Callback = std::function<void(int signal)>;

  static Result<std::unique_ptr<Signals>> create(EventLoop& loop,
                                                 std::initializer_list<int> signals,
                                                 Callback callback);

 private:
  Signals(Descriptor file, Callback callback);
  void read_all();

  Descriptor file_;
  Callback callback_;
  Watch watch_;
};

}  // namespace skerry::os
