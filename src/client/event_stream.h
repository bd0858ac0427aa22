#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace skerry::client {

/// One event of a `text/event-stream`.
struct StreamEvent {
  std::string type = {};  // Empty where the server names none.
  std::string id = {};    // The last one seen, as the standard has it.
  std::string data = {};
};

/// Cuts server-sent events out of the bytes of a stream (HTML Living Standard §9.2.6).
class EventStreamReader {
 public:
  /// The longest event; one object is at most a mebibyte.
  static constexpr std::size_t event_bytes_max = 4 * 1024UL * 1024UL;

  using Take = std::function<bool(const StreamEvent& event)>;

  /// @return  false once `take` did; `bad_answer` where an event is too long
  Result<bool> feed(std::string_view bytes, const Take& take);

  [[nodiscard]] const std::string& last_id() const { return event_.id; }

 private:
  bool take_line(std::string_view line, const Take& take);
  bool dispatch(const Take& take);

  std::string buffer_;  // The line that is not whole yet.
  StreamEvent event_;
  bool has_data_ = false;
};

}  // namespace skerry::client
