#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"

namespace skerry::sim {

/// What is still to happen, in the order of time and, at one time, of being said; and a hash over
/// all that did happen.
class Timeline {
 public:
  void at(Instant when, std::function<void()> deed) {
    deeds_.emplace(std::pair(std::max(when, now_), ++last_), std::move(deed));
  }

  void in(std::chrono::milliseconds delay, std::function<void()> deed) {
    at(now_ + delay, std::move(deed));
  }

  /// Goes to the next deed and does it; false where that would be after `end`.
  bool step(Instant end) {
    if (deeds_.empty() || deeds_.begin()->first.first > end) {
      now_ = end;
      return false;
    }
    auto next = deeds_.extract(deeds_.begin());
    now_ = next.key().first;
    ++done_;
    next.mapped()();
    return true;
  }

  [[nodiscard]] Instant now() const { return now_; }

  [[nodiscard]] std::uint64_t done() const { return done_; }

  /// Adds what happened to the trace. Never what differs between runs, such as signatures.
  void trace(std::string_view what, std::uint64_t number = 0) {
    const auto add = [this](std::uint64_t word) { hash_ = (hash_ ^ word) * 0x100000001B3ULL; };
    add(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
    for (const char letter : what) {
      add(static_cast<unsigned char>(letter));
    }
    add(number);
    if (is_loud_ && what != "up" && what != "down") {
      say(std::string(what) + " " + std::to_string(number));
    }
  }

  /// Prints every step from now on.
  void be_loud() { is_loud_ = true; }

  void say(std::string_view text) const {
    if (is_loud_) {
      const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(
          now_.time_since_epoch() - std::chrono::hours{1});
      std::printf("%10.3f %.*s\n",
                  static_cast<double>(at.count()) / 1000,
                  static_cast<int>(text.size()),
                  text.data());
    }
  }

  [[nodiscard]] std::uint64_t hash() const { return hash_; }

 private:
  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> deeds_;
  Instant now_ = Instant{} + std::chrono::hours{1};
  std::uint64_t last_ = 0;
  std::uint64_t done_ = 0;
  bool is_loud_ = false;
  std::uint64_t hash_ = 0xCBF29CE484222325ULL;
};

/// A broken promise: the seed has failed.
struct Broken {
  std::string promise;
  std::string what;
};

}  // namespace skerry::sim
