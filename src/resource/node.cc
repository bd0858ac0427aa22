#include <algorithm>
#include <array>

#include "resource/yaml.h"

namespace skerry::resource {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    text.remove_prefix(1);
  }
  return text;
}

/// Takes the digits off the front of `text` and says how many there were.
std::size_t take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto count = static_cast<std::size_t>(end - text.begin());
  text.remove_prefix(count);
  return count;
}

bool all_of_digits(std::string_view text, std::string_view digits) {
  return !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
}

bool is_integer(std::string_view text) {
  if (text.starts_with("0x")) {
    return all_of_digits(text.substr(2), "0123456789abcdefABCDEF");
  }
  if (text.starts_with("0o")) {
    return all_of_digits(text.substr(2), "01234567");
  }
  return all_of_digits(without_sign(text), "0123456789");
}

bool is_infinity_or_nan(std::string_view text) {
  constexpr std::array words{".inf", ".Inf", ".INF"};
  constexpr std::array nans{".nan", ".NaN", ".NAN"};
  return std::ranges::find(words, without_sign(text)) != words.end() ||
         std::ranges::find(nans, text) != nans.end();
}

bool is_number(std::string_view text) {
  if (is_infinity_or_nan(text)) {
    return true;
  }
  text = without_sign(text);
  std::size_t digits = take_digits(text);
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    digits += take_digits(text);
  }
  if (digits != 0 && !text.empty() && (text.front() == 'e' || text.front() == 'E')) {
    text = without_sign(text.substr(1));
    digits = take_digits(text);
  }
  return digits != 0 && text.empty();
}

bool is_null(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

bool is_boolean(std::string_view text) {
  constexpr std::array words{"true", "True", "TRUE", "false", "False", "FALSE"};
  return std::ranges::find(words, text) != words.end();
}

ScalarType plain_type(std::string_view text) {
  if (is_null(text)) {
    return ScalarType::null;
  }
  if (is_boolean(text)) {
    return ScalarType::boolean;
  }
  if (is_integer(text)) {
    return ScalarType::integer;
  }
  return is_number(text) ? ScalarType::number : ScalarType::text;
}

}  // namespace

const Node* Node::get(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].text == key) {
      return &items[i];
    }
  }
  return nullptr;
}

ScalarType type_of(const Node& node) {
  if (!node.is_scalar() || node.tag == "!!str") {
    return ScalarType::text;
  }
  // A core tag says what a quoted scalar means too: `!!int "3"`.
  const bool typed = node.style == Node::Style::plain || node.tag.starts_with("!!");
  return typed ? plain_type(node.text) : ScalarType::text;
}

std::string_view describe(const Node& node) {
  if (!node.is_scalar()) {
    return node.is_sequence() ? "list" : "mapping";
  }
  switch (type_of(node)) {
    case ScalarType::null:
      return "null";
    case ScalarType::boolean:
      return "true or false";
    case ScalarType::integer:
    case ScalarType::number:
      return "number";
    case ScalarType::text:
      break;
  }
  return "string";
}

Origin origin_of(const Node& scalar) {
  const bool exact = scalar.style == Node::Style::literal;
  return {.at = scalar.at, .indent = exact ? scalar.indent : Node::no_indent};
}

Mark outer_mark(const Origin& origin, Mark inner) {
  if (origin.indent == Node::no_indent) {
    return origin.at;
  }
  return {.line = origin.at.line + inner.line, .column = origin.indent + inner.column};
}

}  // namespace skerry::resource
