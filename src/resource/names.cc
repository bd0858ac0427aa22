#include "resource/names.h"

#include <algorithm>

#include "base/text.h"
#include "resource/interpolate.h"

namespace skerry::resource {
namespace {

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_alphanumeric(char c) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

std::string_view part_problem(std::string_view part) {
  if (part.empty()) {
    return "has an empty part";
  }
  if (part.size() > 63) {
    return "has a part of more than 63 characters";
  }
  const bool ends = is_lower_or_digit(part.front()) && is_lower_or_digit(part.back());
  const bool middle =
      std::ranges::all_of(part, [](char c) { return is_lower_or_digit(c) || c == '-'; });
  return ends && middle ? ""
                        : "must be lower-case letters, digits, \"-\" and \".\", "
                          "with a letter or digit at both ends of each part";
}

std::string_view word_problem(std::string_view text) {
  if (text.size() > 63) {
    return "has more than 63 characters";
  }
  const bool ends = is_alphanumeric(text.front()) && is_alphanumeric(text.back());
  const bool middle = std::ranges::all_of(
      text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
  return ends && middle ? ""
                        : "must be letters, digits, \"-\", \"_\" and \".\", "
                          "with a letter or digit at both ends";
}

}  // namespace

std::string_view name_problem(std::string_view text) {
  if (text.empty()) {
    return "is empty";
  }
  if (text.size() > 253) {
    return "has more than 253 characters";
  }
  for (const std::string_view part : split(text, '.')) {
    if (const std::string_view problem = part_problem(part); !problem.empty()) {
      return problem;
    }
  }
  return "";
}

std::string_view label_key_problem(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    if (!name_problem(text.substr(0, slash)).empty()) {
      return "has a prefix that is not a DNS name";
    }
    text.remove_prefix(slash + 1);
  }
  return text.empty() ? "is empty" : word_problem(text);
}

std::string_view label_value_problem(std::string_view text) {
  return text.empty() ? "" : word_problem(text);
}

std::string_view variable_problem(std::string_view text) {
  if (text.empty()) {
    return "is empty";
  }
  if (text.size() > 253) {
    return "has more than 253 characters";
  }
  if (text.starts_with("SKERRY_")) {
    return "begins with SKERRY_, which is reserved for what the site provides";
  }
  return is_variable_name(text) ? "" : "must be letters, digits and \"_\", with no digit first";
}

}  // namespace skerry::resource
