#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace skerry::auth {

struct ThrottleOptions {
  /// Attempts in a row that cost nothing: people mistype.
  int free = 10;
  /// Before the next one; doubles with each.
  std::chrono::milliseconds first = std::chrono::seconds(1);
  /// So that nobody can be locked out for longer.
  std::chrono::milliseconds most = std::chrono::seconds(60);
  /// After so much quiet all is forgotten.
  std::chrono::milliseconds memory = std::chrono::minutes(15);
  /// Keys remembered; the longest quiet one goes first.
  std::size_t keys_max = 10'000;
};

/// Slows guessing down, by account or by address: exponentially, and never for good.
///
/// An attempt counts when it begins, so that guesses made at once do not pass as one.
class Throttle {
 public:
  explicit Throttle(ThrottleOptions options = {}) : options_(options) {}

  /// Counts an attempt, or says how long to wait; waiting attempts do not count.
  std::optional<std::chrono::milliseconds> attempt(std::string_view key, Instant now);

  /// The attempt was good: all is forgotten.
  void succeed(std::string_view key);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    int count = 0;
    Instant last = {};
  };

  [[nodiscard]] std::chrono::milliseconds delay(int count) const;
  void make_room(Instant now);

  ThrottleOptions options_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace skerry::auth
