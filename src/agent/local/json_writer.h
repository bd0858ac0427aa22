#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "base/log.h"

namespace skerry::agent::local {

/// Builds one JSON text from the outside in; commas are its own business. The agent only ever
/// writes JSON here, so a few lines do.
class JsonWriter {
 public:
  void begin_object(std::string_view key = {}) { open(key, '{'); }

  void end_object() { close('}'); }

  void begin_array(std::string_view key = {}) { open(key, '['); }

  void end_array() { close(']'); }

  void text(std::string_view key, std::string_view value) {
    name(key);
    append_json_string(out_, value);
  }

  template <std::integral Number>
  void number(std::string_view key, Number value) {
    name(key);
    out_ += std::to_string(value);
  }

  void truth(std::string_view key, bool value) {
    name(key);
    out_ += value ? "true" : "false";
  }

  [[nodiscard]] const std::string& str() const { return out_; }

 private:
  /// An empty key is an element of an array, or the whole.
  void name(std::string_view key) {
    if (!out_.empty() && out_.back() != '{' && out_.back() != '[') {
      out_ += ',';
    }
    if (!key.empty()) {
      append_json_string(out_, key);
      out_ += ':';
    }
  }

  void open(std::string_view key, char bracket) {
    name(key);
    out_ += bracket;
  }

  void close(char bracket) { out_ += bracket; }

  std::string out_;
};

}  // namespace skerry::agent::local
