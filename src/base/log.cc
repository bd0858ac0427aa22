#include "base/log.h"

#include <cstdio>

#include "base/text.h"

namespace skerry {
namespace {

constexpr std::size_t line_bytes_max = 16 * 1024;

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

void append_escaped(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (c < 0x20 || c == 0x7F) {
    char text[8];
    std::snprintf(text, sizeof text, "\\u%04x", static_cast<unsigned>(c));
    out += text;
  } else {
    out += static_cast<char>(c);
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  const bool valid = is_utf8(text);
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (!valid && byte >= 0x80) {
      out += "\xEF\xBF\xBD";
    } else {
      append_escaped(out, byte);
    }
  }
  out += '"';
}

Log Log::for_room(std::string_view room) const {
  Log log = *this;
  log.room_ = room;
  return log;
}

void Log::debug(std::string_view event, std::initializer_list<LogField> fields) const {
  write(LogLevel::debug, event, fields);
}

void Log::info(std::string_view event, std::initializer_list<LogField> fields) const {
  write(LogLevel::info, event, fields);
}

void Log::warning(std::string_view event, std::initializer_list<LogField> fields) const {
  write(LogLevel::warning, event, fields);
}

void Log::error(std::string_view event, std::initializer_list<LogField> fields) const {
  write(LogLevel::error, event, fields);
}

void Log::write(LogLevel level,
                std::string_view event,
                std::initializer_list<LogField> fields) const {
  std::string line = R"({"time":")" + to_rfc3339(clock_->wall()) + R"(","level":")";
  line += to_string(level);
  line += R"(","room":)";
  append_json_string(line, room_);
  line += R"(,"event":)";
  append_json_string(line, event);
  for (const LogField& field : fields) {
    if (line.size() + field.value.size() > line_bytes_max) {
      line += R"(,"cut":true)";
      break;
    }
    line += ',';
    append_json_string(line, field.key);
    line += ':';
    if (field.quoted) {
      append_json_string(line, field.value);
    } else {
      line += field.value;
    }
  }
  line += '}';
  sink_(level, line);
}

Log::Sink standard_error_sink(LogLevel least) {
  return [least](LogLevel level, std::string_view line) {
    if (level < least) {
      return;
    }
    // One call, so that lines of several threads do not mix.
    const std::string whole = std::string(line) + "\n";
    std::fwrite(whole.data(), 1, whole.size(), stderr);
  };
}

}  // namespace skerry
