#include <charconv>
#include <cmath>

#include "base/log.h"
#include "base/text.h"
#include "resource/write.h"

namespace skerry::resource {
namespace {

/// An integer or number of YAML as JSON has them: no sign but "-", no other base, no bare point.
std::string json_number(const Node& node) {
  std::string_view text = node.text;
  if (text.starts_with("0x") || text.starts_with("0o")) {
    std::uint64_t value = 0;
    std::from_chars(text.data() + 2, text.data() + text.size(), value, text[1] == 'x' ? 16 : 8);
    return std::to_string(value);
  }
  text.remove_prefix(text.starts_with('+') ? 1 : 0);
  if (type_of(node) == ScalarType::integer) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return std::to_string(value);
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || !std::isfinite(value)) {
    return "null";  // The readers let no such number in; JSON has no word for it.
  }
  char buffer[32];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, written.ptr};
}

class Writer {
 public:
  explicit Writer(JsonLayout layout) : indented_(layout == JsonLayout::indented) {}

  std::string write(const Node& node) {
    value(node, 0);
    out_ += indented_ ? "\n" : "";
    return std::move(out_);
  }

 private:
  void value(const Node& node, std::size_t depth) {
    if (node.is_scalar()) {
      scalar(node);
    } else {
      collection(node, depth);
    }
  }

  void scalar(const Node& node) {
    switch (type_of(node)) {
      case ScalarType::null:
        out_ += "null";
        break;
      case ScalarType::boolean:
        out_ += node.text.front() == 't' || node.text.front() == 'T' ? "true" : "false";
        break;
      case ScalarType::integer:
      case ScalarType::number:
        out_ += json_number(node);
        break;
      case ScalarType::text:
        append_json_string(out_, node.text);
    }
  }

  void collection(const Node& node, std::size_t depth) {
    out_ += node.is_mapping() ? '{' : '[';
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      out_ += i == 0 ? "" : ",";
      line(depth + 1);
      if (node.is_mapping()) {
        append_json_string(out_, node.keys[i].text);
        out_ += indented_ ? ": " : ":";
      }
      value(node.items[i], depth + 1);
    }
    if (!node.items.empty()) {
      line(depth);
    }
    out_ += node.is_mapping() ? '}' : ']';
  }

  void line(std::size_t depth) {
    if (indented_) {
      out_ += '\n';
      out_.append(depth * 2, ' ');
    }
  }

  bool indented_;
  std::string out_;
};

}  // namespace

std::string write_json(const Node& node, JsonLayout layout) {
  return Writer(layout).write(node);
}

std::string json_of(std::initializer_list<std::pair<std::string_view, std::string_view>> texts) {
  std::string json = "{";
  for (const auto& [key, value] : texts) {
    json += json.size() > 1 ? "," : "";
    append_json_string(json, key);
    json += ':';
    append_json_string(json, value);
  }
  return json + "}";
}

}  // namespace skerry::resource
