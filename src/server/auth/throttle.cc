#include "server/auth/throttle.h"

#include <algorithm>

namespace skerry::auth {

using std::chrono::milliseconds;

milliseconds Throttle::delay(int count) const {
  if (count < options_.free) {
    return milliseconds(0);
  }
  // Twenty doublings are above any sensible most, and cannot overflow.
  const int doublings = std::min(count - options_.free, 20);
  return std::min<milliseconds>(options_.first * (1LL << doublings), options_.most);
}

std::optional<milliseconds> Throttle::attempt(std::string_view key, Instant now) {
  auto found = entries_.find(key);
  if (found != entries_.end() && now - found->second.last > options_.memory) {
    entries_.erase(found);
    found = entries_.end();
  }
  if (found == entries_.end()) {
    make_room(now);
    found = entries_.emplace(key, Entry{}).first;
  }
  Entry& entry = found->second;
  const auto left = std::chrono::ceil<milliseconds>(entry.last + delay(entry.count) - now);
  if (entry.count > 0 && left.count() > 0) {
    return left;
  }
  ++entry.count;
  entry.last = now;
  return std::nullopt;
}

void Throttle::succeed(std::string_view key) {
  if (const auto found = entries_.find(key); found != entries_.end()) {
    entries_.erase(found);
  }
}

void Throttle::make_room(Instant now) {
  if (entries_.size() < options_.keys_max) {
    return;
  }
  std::erase_if(entries_,
                [&](const auto& entry) { return now - entry.second.last > options_.memory; });
  if (entries_.size() >= options_.keys_max) {
    entries_.erase(std::ranges::min_element(
        entries_, {}, [](const auto& entry) { return entry.second.last; }));
  }
}

}  // namespace skerry::auth
