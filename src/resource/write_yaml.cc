#include <algorithm>
#include <array>
#include <cstdio>

#include "base/log.h"
#include "resource/write.h"

namespace skerry::resource {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// What YAML 1.1 reads as a boolean though 1.2 does not; in lower case.
bool is_old_boolean(std::string_view text) {
  constexpr std::array words{"y", "n", "yes", "no", "on", "off"};
  std::string lower;
  for (const char c : text.substr(0, 4)) {
    lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return text.size() < 4 && std::ranges::find(words, lower) != words.end();
}

/// Whether a text may stand without quotes. Narrow on purpose: what is quoted is never wrong.
bool may_stand_plain(std::string_view text) {
  constexpr std::string_view marks = " _./-@+:,()=%";
  if (text.empty() || !(is_letter(text.front()) || text.front() == '/' || text.front() == '_')) {
    return false;
  }
  const bool known = std::ranges::all_of(text, [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || marks.find(c) != std::string_view::npos;
  });
  const bool ends = text.back() != ' ' && text.back() != ':';
  const bool inside = text.find(": ") == std::string_view::npos;
  return known && ends && inside && !is_old_boolean(text) &&
         type_of(Node{.text = std::string(text)}) == ScalarType::text;
}

/// Bytes of the character at the front of `text` that YAML wants escaped though JSON does not, 0
/// for any other: U+0080 to U+009F, the two line separators, the byte order mark, U+FFFE, U+FFFF.
std::size_t special_length(std::string_view text) {
  if (text.size() > 1 && text[0] == '\xC2' && static_cast<unsigned char>(text[1]) < 0xA0) {
    return 2;
  }
  constexpr std::array<std::string_view, 5> longer{
      "\xE2\x80\xA8", "\xE2\x80\xA9", "\xEF\xBB\xBF", "\xEF\xBF\xBE", "\xEF\xBF\xBF"};
  const auto found =
      std::ranges::find_if(longer, [&](std::string_view one) { return text.starts_with(one); });
  return found == longer.end() ? 0 : found->size();
}

/// The code point of a character of two or three bytes.
unsigned code_point(std::string_view bytes) {
  const auto low = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]) & 0x3FU; };
  const auto first = static_cast<unsigned char>(bytes[0]);
  return bytes.size() == 2 ? (first & 0x1FU) << 6U | low(1)
                           : (first & 0x0FU) << 12U | low(1) << 6U | low(2);
}

/// Whether a literal block gives back exactly this text: lines end with "\n" alone, and every
/// character is one that YAML allows unescaped.
bool may_stand_as_block(std::string_view text) {
  if (text.find('\n') == std::string_view::npos ||
      text.find_first_not_of(" \n\t") == std::string_view::npos) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool control = (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F;
    if (control || special_length(text.substr(i, 3)) != 0) {
      return false;
    }
  }
  return true;
}

/// A JSON string with what else YAML wants escaped.
std::string quoted(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  std::string out;
  std::string_view rest = json;
  while (!rest.empty()) {
    const std::size_t special = special_length(rest);
    if (special == 0) {
      out += rest.front();
    } else {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04X", code_point(rest.substr(0, special)));
      out += escape;
    }
    rest.remove_prefix(std::max<std::size_t>(special, 1));
  }
  return out;
}

class Writer {
 public:
  std::string write(const Node& root) {
    if (root.is_scalar() || root.items.empty()) {
      inline_value(root, 0);
      out_ += out_.ends_with('\n') ? "" : "\n";
    } else {
      block(root, 0);
    }
    return std::move(out_);
  }

 private:
  static constexpr std::size_t step = 2;

  /// A collection that is not empty, from the start of a line on; `first` where text is before it.
  void block(const Node& node, std::size_t indent, bool first = false) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      out_.append(first && i == 0 ? 0 : indent, ' ');
      if (node.is_mapping()) {
        key(node.keys[i], indent);
        after_key(node.items[i], indent);
      } else {
        after_dash(node.items[i], indent);
      }
    }
  }

  void key(const Node& key, std::size_t indent) {
    constexpr std::size_t simple_key_max = 512;  // A simple key has at most 1024 characters.
    if (may_stand_plain(key.text) && key.text.size() < simple_key_max) {
      out_ += key.text + ":";
      return;
    }
    const std::string text = quoted(key.text);
    if (text.size() < simple_key_max) {
      out_ += text + ":";
    } else {
      out_ += "? " + text + "\n" + std::string(indent, ' ') + ":";
    }
  }

  void after_key(const Node& value, std::size_t indent) {
    if (value.is_scalar() || value.items.empty()) {
      out_ += ' ';
      inline_value(value, indent + step);
      out_ += out_.ends_with('\n') ? "" : "\n";
    } else {
      out_ += '\n';
      block(value, indent + step);
    }
  }

  void after_dash(const Node& value, std::size_t indent) {
    out_ += "- ";
    if (value.is_scalar() || value.items.empty()) {
      inline_value(value, indent + step);
      out_ += out_.ends_with('\n') ? "" : "\n";
    } else {
      block(value, indent + step, true);
    }
  }

  void inline_value(const Node& node, std::size_t indent) {
    if (!node.is_scalar()) {
      out_ += node.is_mapping() ? "{}" : "[]";
    } else if (type_of(node) != ScalarType::text) {
      out_ += node.text.empty() ? "null" : node.text;
    } else if (may_stand_plain(node.text)) {
      out_ += node.text;
    } else if (may_stand_as_block(node.text)) {
      literal(node.text, std::max(indent, step));
    } else {
      out_ += quoted(node.text);
    }
  }

  void literal(std::string_view text, std::size_t indent) {
    const char first = text.front();
    out_ += '|';
    // Without it the reader would take the first line's own spaces for the indentation.
    out_ += first == ' ' || first == '\t' || first == '\n' ? "2" : "";
    out_ += !text.ends_with('\n') ? "-" : text.ends_with("\n\n") ? "+" : "";
    out_ += '\n';
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      out_.append(end == 0 ? 0 : indent, ' ');
      out_ += text.substr(0, end);
      out_ += '\n';
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  std::string out_;
};

}  // namespace

std::string write_yaml(const Node& node) {
  return Writer().write(node);
}

}  // namespace skerry::resource
