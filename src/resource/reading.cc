#include "resource/reading.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "resource/codes.h"

namespace skerry::resource {
namespace {

/// Above it a double, and so every JavaScript client, no longer tells neighbours apart.
constexpr std::uint64_t integer_max = (std::uint64_t{1} << 53U) - 1;

bool integer_is_exact(std::string_view digits, int base) {
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  return error == std::errc{} && value <= integer_max;
}

bool number_is_finite(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && std::abs(value) <= static_cast<double>(integer_max);
}

bool number_is_exact(const Node& node, ScalarType type) {
  std::string_view text = node.text;
  if (type == ScalarType::number) {
    return number_is_finite(text.starts_with('+') ? text.substr(1) : text);
  }
  if (text.starts_with("0x") || text.starts_with("0o")) {
    return integer_is_exact(text.substr(2), text[1] == 'x' ? 16 : 8);
  }
  return integer_is_exact(text.substr(text.find_first_of("0123456789")), 10);
}

/// The line and column of the first byte that is not UTF-8.
Mark mark_of_bad_byte(std::string_view text) {
  Mark mark{.line = 1, .column = 1};
  while (!text.empty()) {
    std::size_t length = 1;
    while (length < 4 && length < text.size() && !is_utf8(text.substr(0, length))) {
      ++length;
    }
    if (!is_utf8(text.substr(0, length))) {
      break;
    }
    mark = text.front() == '\n' ? Mark{.line = mark.line + 1, .column = 1}
                                : Mark{.line = mark.line, .column = mark.column + 1};
    text.remove_prefix(length);
  }
  return mark;
}

}  // namespace

Error reading_error(ErrorCode code, std::string_view file, Mark at, std::string message) {
  return {.kind = ErrorKind::invalid,
          .code = code,
          .message = std::move(message),
          .at = {.file = std::string(file), .line = at.line, .column = at.column}};
}

void prepend_path(Error& error, std::string_view key) {
  // A key may be a megabyte long; a message need not.
  constexpr std::size_t key_bytes_max = 80;
  const bool separated = !error.field_path.empty() && error.field_path.front() != '[';
  std::string path(key.substr(0, key_bytes_max));
  path += separated ? "." : "";
  error.field_path.insert(0, path);
}

void prepend_path(Error& error, std::size_t index) {
  const bool separated = !error.field_path.empty() && error.field_path.front() != '[';
  error.field_path.insert(0, "[" + std::to_string(index) + (separated ? "]." : "]"));
}

Result<std::string_view> checked_text(std::string_view text, const ReadOptions& options) {
  if (text.size() > options.limits.bytes_max) {
    return fail(reading_error(too_large,
                              options.file,
                              placed(options, {.line = 1, .column = 1}),
                              std::to_string(text.size()) + " bytes are more than the " +
                                  std::to_string(options.limits.bytes_max) + " allowed"));
  }
  if (!is_utf8(text)) {
    const Mark mark = placed(options, mark_of_bad_byte(text));
    return fail(reading_error(bad_encoding, options.file, mark, "the text is not UTF-8"));
  }
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
  }
  return text;
}

Mark placed(const ReadOptions& options, Mark inner) {
  return options.origin.at.line == 0 ? inner : outer_mark(options.origin, inner);
}

Status check_scalar(const Node& node, const ReadOptions& options) {
  if (node.text.find('\0') != std::string::npos) {
    return fail(reading_error(bad_encoding, options.file, node.at, "a string holds a NUL"));
  }
  const ScalarType type = type_of(node);
  const bool number = type == ScalarType::integer || type == ScalarType::number;
  if (number && !number_is_exact(node, type)) {
    Error error = reading_error(number_out_of_range,
                                options.file,
                                node.at,
                                "the number is beyond ±9007199254740991 (2^53-1), or not finite");
    error.hint = "if it is a text, put it in quotes";
    return fail(std::move(error));
  }
  return {};
}

Status check_keys(const std::vector<Node>& keys, const ReadOptions& options) {
  std::vector<const Node*> sorted;
  sorted.reserve(keys.size());
  for (const Node& key : keys) {
    sorted.push_back(&key);
  }
  // Sorted, not hashed: no choice of keys makes it slow. Of two equal ones the later comes second.
  std::ranges::sort(sorted, [](const Node* a, const Node* b) {
    const int order = a->text.compare(b->text);
    return order != 0 ? order < 0 : a < b;
  });
  const auto twin = std::ranges::adjacent_find(
      sorted, [](const Node* a, const Node* b) { return a->text == b->text; });
  if (twin == sorted.end()) {
    return {};
  }
  const Node& first = **twin;
  const Node& second = **std::next(twin);
  Error error = reading_error(duplicate_key,
                              options.file,
                              second.at,
                              "the key is already there in line " + std::to_string(first.at.line));
  prepend_path(error, second.text);
  return fail(std::move(error));
}

Status Budget::take_node(Mark at) {
  if (nodes_ == 0) {
    return fail(
        reading_error(too_many_nodes,
                      options_.file,
                      at,
                      "more than " + std::to_string(options_.limits.nodes_max) + " values"));
  }
  --nodes_;
  return {};
}

Status Budget::take_copy(const Node& node, Mark at) {
  if (!take_tree(node)) {
    return fail(reading_error(too_many_nodes, options_.file, at, "aliases repeat too much"));
  }
  return {};
}

bool Budget::take_tree(const Node& node) {
  if (nodes_ == 0 || bytes_ < node.text.size()) {
    return false;
  }
  --nodes_;
  bytes_ -= node.text.size();
  const auto take = [this](const Node& child) { return take_tree(child); };
  return std::ranges::all_of(node.keys, take) && std::ranges::all_of(node.items, take);
}

}  // namespace skerry::resource
