#include "resource/json.h"

#include <algorithm>

#include "resource/codes.h"
#include "resource/reading.h"

namespace skerry::resource {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Appends a code point as UTF-8. Not a surrogate, at most U+10FFFF.
void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  if (code < 0x80) {
    out += byte(code);
  } else if (code < 0x800) {
    out += {byte(0xC0U | code >> 6U), byte(0x80U | (code & 0x3FU))};
  } else if (code < 0x10000) {
    out += {byte(0xE0U | code >> 12U),
            byte(0x80U | (code >> 6U & 0x3FU)),
            byte(0x80U | (code & 0x3FU))};
  } else {
    out += {byte(0xF0U | code >> 18U),
            byte(0x80U | (code >> 12U & 0x3FU)),
            byte(0x80U | (code >> 6U & 0x3FU)),
            byte(0x80U | (code & 0x3FU))};
  }
}

class Reader {
 public:
  Reader(std::string_view text, const ReadOptions& options)
      : text_(text), options_(options), budget_(options) {}

  Result<Node> read();

 private:
  Status value(Node& node, std::size_t depth);
  Status sequence(Node& node, std::size_t depth);
  Status mapping(Node& node, std::size_t depth);
  Status entry(Node& node, std::size_t depth);
  Status string(Node& node);
  Status escape(std::string& out);
  Status hex(std::uint32_t& code);
  Status plain(Node& node);
  bool take_number();
  void skip_space();
  bool take(char wanted);
  /// Whether a collection ends here; false also where another value follows its comma.
  Result<bool> ends(char close);
  [[nodiscard]] Mark mark() const;
  [[nodiscard]] tl::unexpected<Error> error(ErrorCode code, std::string message) const;

  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::string_view text_;
  const ReadOptions& options_;
  Budget budget_;
  std::size_t at_ = 0;
  // Where the line and column below were counted to; they are counted on from there when asked.
  mutable std::size_t counted_ = 0;
  mutable Mark mark_{.line = 1, .column = 1};
};

Mark Reader::mark() const {
  for (; counted_ < at_; ++counted_) {
    const auto byte = static_cast<unsigned char>(text_[counted_]);
    if (byte == '\n') {
      mark_ = {.line = mark_.line + 1, .column = 1};
    } else if ((byte & 0xC0U) != 0x80U) {
      ++mark_.column;
    }
  }
  return placed(options_, mark_);
}

tl::unexpected<Error> Reader::error(ErrorCode code, std::string message) const {
  return fail(reading_error(code, options_.file, mark(), std::move(message)));
}

void Reader::skip_space() {
  at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
}

bool Reader::take(char wanted) {
  if (peek() != wanted || at_ == text_.size()) {
    return false;
  }
  ++at_;
  return true;
}

Result<Node> Reader::read() {
  Node root;
  SKERRY_CHECK(value(root, 1));
  skip_space();
  if (at_ != text_.size()) {
    return error(bad_syntax, "there is more after the end of the value");
  }
  return root;
}

Status Reader::value(Node& node, std::size_t depth) {
  skip_space();
  node.at = mark();
  SKERRY_CHECK(budget_.take_node(node.at));
  if (depth > options_.limits.depth_max) {
    return error(too_deep, "nested deeper than " + std::to_string(options_.limits.depth_max));
  }
  if (take('{')) {
    return mapping(node, depth);
  }
  if (take('[')) {
    return sequence(node, depth);
  }
  SKERRY_CHECK(peek() == '"' ? string(node) : plain(node));
  return check_scalar(node, options_);
}

Result<bool> Reader::ends(char close) {
  skip_space();
  if (take(close)) {
    return true;
  }
  if (take(',')) {
    return false;
  }
  return error(bad_syntax, std::string("expected \",\" or \"") + close + "\"");
}

Status Reader::sequence(Node& node, std::size_t depth) {
  node.kind = Node::Kind::sequence;
  skip_space();
  bool end = take(']');
  while (!end) {
    if (Status status = value(node.items.emplace_back(), depth + 1); !status) {
      prepend_path(status.error(), node.items.size() - 1);
      return status;
    }
    SKERRY_TRY(end, ends(']'));
  }
  return {};
}

Status Reader::mapping(Node& node, std::size_t depth) {
  node.kind = Node::Kind::mapping;
  skip_space();
  bool end = take('}');
  while (!end) {
    SKERRY_CHECK(entry(node, depth));
    SKERRY_TRY(end, ends('}'));
  }
  return check_keys(node.keys, options_);
}

Status Reader::entry(Node& node, std::size_t depth) {
  skip_space();
  Node& key = node.keys.emplace_back();
  key.at = mark();
  SKERRY_CHECK(budget_.take_node(key.at));
  if (peek() != '"') {
    return error(bad_syntax, "expected a key in double quotes");
  }
  SKERRY_CHECK(string(key));
  SKERRY_CHECK(check_scalar(key, options_));
  if (key.text.empty()) {
    return fail(reading_error(bad_key, options_.file, key.at, "a key must not be empty"));
  }
  skip_space();
  if (!take(':')) {
    return error(bad_syntax, "expected \":\"");
  }
  if (Status status = value(node.items.emplace_back(), depth + 1); !status) {
    prepend_path(status.error(), node.keys.back().text);
    return status;
  }
  return {};
}

Status Reader::string(Node& node) {
  node.style = Node::Style::double_quoted;
  ++at_;
  while (true) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
           static_cast<unsigned char>(text_[at_]) >= 0x20) {
      ++at_;
    }
    node.text += text_.substr(begin, at_ - begin);
    if (take('"')) {
      return {};
    }
    if (!take('\\')) {
      return error(bad_syntax, "a string that has no end, or a control character in it");
    }
    SKERRY_CHECK(escape(node.text));
  }
}

Status Reader::escape(std::string& out) {
  constexpr std::string_view letters = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  const std::size_t letter = letters.find(peek());
  if (at_ < text_.size() && letter != std::string_view::npos) {
    out += meanings[letter];
    ++at_;
    return {};
  }
  if (!take('u')) {
    return error(bad_syntax, "no such escape in a string");
  }
  std::uint32_t code = 0;
  SKERRY_CHECK(hex(code));
  if (code >= 0xD800 && code <= 0xDBFF) {
    std::uint32_t low = 0;
    if (!take('\\') || !take('u')) {
      return error(bad_encoding, "half of a surrogate pair");
    }
    SKERRY_CHECK(hex(low));
    if (low < 0xDC00 || low > 0xDFFF) {
      return error(bad_encoding, "half of a surrogate pair");
    }
    code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
  } else if (code >= 0xDC00 && code <= 0xDFFF) {
    return error(bad_encoding, "half of a surrogate pair");
  }
  append_utf8(out, code);
  return {};
}

Status Reader::hex(std::uint32_t& code) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (int i = 0; i < 4; ++i) {
    const char c = peek();
    const std::size_t digit = digits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
    if (digit == std::string_view::npos) {
      return error(bad_syntax, "\\u needs four hexadecimal digits");
    }
    code = code << 4U | static_cast<std::uint32_t>(digit);
    ++at_;
  }
  return {};
}

Status Reader::plain(Node& node) {
  const std::size_t begin = at_;
  for (const std::string_view word : {"null", "true", "false"}) {
    if (text_.substr(at_).starts_with(word)) {
      at_ += word.size();
      node.text = word;
      return {};
    }
  }
  if (!take_number()) {
    at_ = begin;
    return error(bad_syntax, "expected a value");
  }
  node.text = text_.substr(begin, at_ - begin);
  return {};
}

bool Reader::take_number() {
  const auto digits = [this] {
    const std::size_t begin = at_;
    while (is_digit(peek())) {
      ++at_;
    }
    return at_ != begin;
  };
  take('-');
  if (!take('0') && !digits()) {
    return false;
  }
  if (take('.') && !digits()) {
    return false;
  }
  if (take('e') || take('E')) {
    if (!take('-')) {
      take('+');
    }
    return digits();
  }
  return true;
}

}  // namespace

Result<Node> read_json(std::string_view text, const ReadOptions& options) {
  SKERRY_TRY(const std::string_view checked, checked_text(text, options));
  return Reader(checked, options).read();
}

}  // namespace skerry::resource
