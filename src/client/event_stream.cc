#include "client/event_stream.h"

#include "client/codes.h"

namespace skerry::client {

Result<bool> EventStreamReader::feed(std::string_view bytes, const Take& take) {
  buffer_ += bytes;
  std::size_t begin = 0;
  for (std::size_t end = buffer_.find('\n'); end != std::string::npos;
       end = buffer_.find('\n', begin)) {
    std::string_view line = std::string_view(buffer_).substr(begin, end - begin);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    begin = end + 1;
    if (!take_line(line, take)) {
      return false;
    }
  }
  buffer_.erase(0, begin);
  if (buffer_.size() + event_.data.size() > event_bytes_max) {
    return fail({.kind = ErrorKind::invalid,
                 .code = bad_answer,
                 .message = "the server sent an event that is too long"});
  }
  return true;
}

bool EventStreamReader::take_line(std::string_view line, const Take& take) {
  if (line.empty()) {
    return dispatch(take);
  }
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) {
    value.remove_prefix(1);
  }
  if (name == "data") {
    event_.data.append(has_data_ ? "\n" : "").append(value);
    has_data_ = true;
  } else if (name == "event") {
    event_.type = value;
  } else if (name == "id") {
    event_.id = value;
  }
  return true;
}

bool EventStreamReader::dispatch(const Take& take) {
  const bool goes_on = !has_data_ || take(event_);
  event_.data.clear();
  event_.type.clear();
  has_data_ = false;
  return goes_on;
}

}  // namespace skerry::client
