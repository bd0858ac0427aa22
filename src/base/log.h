#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace skerry {

enum class LogLevel : std::uint8_t {
  debug,
  info,
  warning,
  error,  // A person must act. In simulator and end-to-end runs an unexpected one fails the test.
};

/// One `key: value` of a log line. Numbers stay numbers; all else is quoted and escaped.
struct LogField {
  LogField(std::string_view field_key, std::string_view text)
      : key(field_key), value(text), quoted(true) {}

  template <class Number>

  requires std::is_integral_v<Number> LogField(std::string_view field_key, Number number)
      : key(field_key), value(std::to_string(number)) {}

  std::string_view key;
  std::string value;
  bool quoted = false;
};

/// Writes one JSON object a line: time, level, room, event, then the fields.
///
/// An event is a stable word, the same as the error code where there is one. Control bytes are
/// escaped and a line is cut at 16 KiB, so that no input can forge a second line (T28).
/// A `Log` is a cheap value; each room is handed one made with `for_room`.
class Log {
 public:
  /// Receives one whole line, without its line feed.
  using Sink = std::function<void(LogLevel level, std::string_view line)>;

  Log(const Clock& clock, Sink sink) : clock_(&clock), sink_(std::move(sink)) {}

  [[nodiscard]] Log for_room(std::string_view room) const;

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) const;
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) const;
  void warning(std::string_view event, std::initializer_list<LogField> fields = {}) const;
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) const;

 private:
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) const;

  const Clock* clock_;
  Sink sink_;
  std::string room_;
};

/// A sink that writes whole lines to standard error.
Log::Sink standard_error_sink(LogLevel least = LogLevel::info);

/// Appends `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace skerry
