#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <gtest/gtest.h>

#include "os/event_loop.h"

namespace skerry::os {

/// A loop that is turned until something has happened, or far too much time has passed.
class LoopTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = EventLoop::create();
    ASSERT_TRUE(made.has_value());
    loop_ = std::move(*made);
  }

  /// @return  whether `done` became true; the limit is for a hang, not a measurement
  bool run_until(const std::function<bool()>& done,
                 std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    const Instant end = loop_->now() + limit;
    while (!done()) {
      if (loop_->now() > end) {
        return false;
      }
      loop_->run_once(std::chrono::milliseconds(10));
    }
    return true;
  }

  EventLoop& loop() { return *loop_; }

 private:
  std::unique_ptr<EventLoop> loop_;
};

}  // namespace skerry::os
