#include "compose/reader.h"

#include <algorithm>
#include <array>
#include <type_traits>

namespace skerry::compose {
namespace {

using document::Text;
using resource::expand;
using resource::find_variable;
using resource::Mark;
using resource::Node;
using resource::ScalarType;
using resource::Template;
using resource::TemplatePart;

/// A file of 1 MiB whose every value names a large variable would else become a petabyte.
constexpr std::size_t expanded_bytes_max = 4 * 1024UL * 1024UL;
/// Port ranges multiply: "1-65535" is nine bytes.
constexpr std::size_t ports_max = 10'000;

constexpr std::string_view site_prefix = "SKERRY_SITE_";

/// The names that the server fills in for a site.
bool is_site_name(std::string_view name) {
  return name == "SKERRY_SITE_NAME" || name.starts_with("SKERRY_SITE_LABEL_") ||
         name.starts_with("SKERRY_SITE_FACT_");
}

std::string found_there(const Value& value) {
  if (value.is_null()) {
    return "nothing";
  }
  const std::string_view kind = describe(value.node());
  return type_of(value.node()) == ScalarType::boolean ? std::string(kind)
                                                      : "a " + std::string(kind);
}

/// Calls `visit` for every Text anywhere in a message.
template <class T, class Visit>
void each_text(T& value, Visit& visit) {
  if constexpr (std::is_same_v<T, Text>) {
    visit(value);
  } else if constexpr (document::is_vector<T>) {
    for (auto& element : value) {
      each_text(element, visit);
    }
  } else if constexpr (document::is_optional<T>) {
    if (value) {
      each_text(*value, visit);
    }
  } else if constexpr (document::Message<T>) {
    T::fields(value,
              [&](std::uint32_t, std::string_view, auto& member) { each_text(member, visit); });
  }
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::optional<std::string> best = nearest(word, candidates);
  return best ? "did you mean '" + *best + "'?" : std::string();
}

Reader::Reader(const CompileInput& input)
    : file_(input.source.file), expanded_left_(expanded_bytes_max), ports_left_(ports_max) {
  for (const Variable& variable : input.variables) {
    const bool known = variables_.contains(variable.name);
    std::string why;
    if (!resource::is_variable_name(variable.name)) {
      why = "is no name a variable can have";
    } else if (variable.name.starts_with("SKERRY_")) {
      why = "begins with SKERRY_, which is reserved";
    } else if (known && !variable.by_site) {
      why = "is there twice";
    }
    if (!why.empty()) {
      error_at({.code = invalid_value,
                .message = "variable '" + variable.name + "' " + why,
                .field_path = "variables"},
               Mark{});
    }
    variables_.insert_or_assign(variable.name, variable);
  }
}

void Reader::error_at(Error error, Mark at) {
  if (output_.errors.size() >= errors_max) {
    return;
  }
  error.kind = ErrorKind::invalid;
  error.at = {.file = file_, .line = at.line, .column = at.column};
  output_.errors.push_back(std::move(error));
}

void Reader::error(const Value& value, Error error) {
  if (wants_hints()) {
    error.field_path = value.path();
    error_at(std::move(error), value.node().at);
  }
}

void Reader::error(ErrorCode code, const Value& value, std::string message, std::string hint) {
  error(value, {.code = code, .message = std::move(message), .hint = std::move(hint)});
}

void Reader::error_at_key(ErrorCode code,
                          const Value& value,
                          std::string message,
                          std::string hint) {
  if (wants_hints()) {
    error_at({.code = code,
              .message = std::move(message),
              .field_path = value.path(),
              .hint = std::move(hint)},
             value.key_at());
  }
}

void Reader::warn(ErrorCode code, const Value& value, std::string message, std::string hint) {
  if (output_.warnings.size() < warnings_max) {
    warn_at(code, value.node().at, value.path(), std::move(message));
    output_.warnings.back().hint = std::move(hint);
  }
}

void Reader::warn_at(ErrorCode code, Mark at, std::string path, std::string message) {
  if (output_.warnings.size() < warnings_max) {
    output_.warnings.push_back({.kind = ErrorKind::invalid,
                                .code = code,
                                .message = std::move(message),
                                .field_path = std::move(path),
                                .at = {.file = file_, .line = at.line, .column = at.column}});
  }
}

bool Reader::is_mapping(const Value& value) {
  if (!value.node().is_mapping()) {
    error(wrong_type, value, "expected a mapping, found " + found_there(value));
    return false;
  }
  return true;
}

bool Reader::is_list(const Value& value, std::string_view wanted) {
  if (!value.node().is_sequence()) {
    error(wrong_type, value, "expected " + std::string(wanted) + ", found " + found_there(value));
    return false;
  }
  return true;
}

bool Reader::check_type(const Value& value, Accepts accepts) {
  const ScalarType type = type_of(value.node());
  const bool fits =
      value.node().is_scalar() &&
      (type == ScalarType::text || (accepts == Accepts::scalars && type != ScalarType::null));
  if (!fits) {
    error(wrong_type,
          value,
          "expected a string, found " + found_there(value),
          value.node().is_scalar() && type != ScalarType::null ? "put it in quotes" : "");
  }
  return fits;
}

std::optional<std::string> Reader::lookup(std::string_view name) const {
  const auto found = variables_.find(name);
  return found == variables_.end() ? std::nullopt : std::optional(found->second.value);
}

bool Reader::is_site_scoped(std::string_view name) const {
  const auto found = variables_.find(name);
  return found == variables_.end() ? name.starts_with(site_prefix) : found->second.by_site;
}

void Reader::refuse_site_scoped(const Value& value, std::string_view name) {
  const std::string subject = "'" + std::string(name) + "' differs by site";
  if (name.starts_with(site_prefix)) {
    error(site_scoped,
          value,
          subject + ", and this is the same everywhere",
          "use it in environment, command, entrypoint, labels, hostname, a health check or a "
          "config");
  } else {
    error(not_available,
          value,
          subject + ", which is not available here yet",
          "give the variable one value without a selector, or make a stack for each value");
  }
}

bool Reader::take_expanded(const Value& value, std::size_t count) {
  if (count > expanded_left_) {
    expanded_left_ = 0;
    error(resource::expansion_too_large, value, "the file's variables make it too large");
    return false;
  }
  expanded_left_ -= count;
  return true;
}

bool Reader::append_slot(const Value& value, const TemplatePart& part, Text& text) {
  const std::string_view wrong = find_variable({&part, 1}, [](std::string_view name) {
    return name.starts_with(site_prefix) && !is_site_name(name);
  });
  if (!wrong.empty()) {
    error(undefined_name,
          value,
          "there is no '" + std::string(wrong) + "'",
          "a site has SKERRY_SITE_NAME, SKERRY_SITE_LABEL_… and SKERRY_SITE_FACT_…");
    return false;
  }
  const auto next = static_cast<std::uint32_t>(slots_.size());
  const auto slot = slots_.emplace(part.source, next).first;
  text.holes.push_back(
      {.offset = static_cast<std::uint32_t>(text.literal.size()), .slot = slot->second});
  return true;
}

bool Reader::append_literal(const Value& value, const TemplatePart& part, Text& text) {
  auto expansion = expand(
      {&part, 1}, [this](std::string_view name) { return lookup(name); }, expanded_left_);
  if (!expansion) {
    error(value, std::move(expansion).error());
    return false;
  }
  for (const std::string& name : expansion->unset) {
    warn(unset_variable, value, "variable '" + name + "' is not set; it is empty here");
  }
  text.literal += expansion->text;
  return take_expanded(value, expansion->text.size());
}

std::optional<Text> Reader::fill(const Value& value, Slots slots) {
  std::optional<Template> parts = take(value, resource::parse_template(value.node().text));
  if (!parts) {
    return std::nullopt;
  }
  Text text;
  for (const TemplatePart& part : *parts) {
    const std::string_view by_site =
        find_variable({&part, 1}, [this](std::string_view name) { return is_site_scoped(name); });
    if (!by_site.empty() && slots == Slots::refused) {
      refuse_site_scoped(value, by_site);
      return std::nullopt;
    }
    const bool appended =
        by_site.empty() ? append_literal(value, part, text) : append_slot(value, part, text);
    if (!appended) {
      return std::nullopt;
    }
  }
  return text;
}

std::optional<Text> Reader::interpolate(const Value& value, Accepts accepts, Slots slots) {
  if (!check_type(value, accepts)) {
    return std::nullopt;
  }
  std::optional<Text> text;
  if (value.node().text.find('$') == std::string::npos) {
    text = Text{.literal = value.node().text};
  } else {
    text = fill(value, slots);
  }
  if (text && text->literal.find('\0') != std::string::npos) {
    error(invalid_value, value, "the value holds a NUL");
    return std::nullopt;
  }
  return text;
}

std::optional<Text> Reader::text(const Value& value) {
  return interpolate(value, Accepts::strings, Slots::allowed);
}

std::optional<Text> Reader::scalar_text(const Value& value) {
  std::optional<Text> made = interpolate(value, Accepts::scalars, Slots::allowed);
  if (made && type_of(value.node()) == ScalarType::boolean) {
    std::ranges::transform(made->literal, made->literal.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
  }
  return made;
}

std::optional<std::string> Reader::string(const Value& value) {
  std::optional<Text> made = interpolate(value, Accepts::strings, Slots::refused);
  return made ? std::optional(std::move(made->literal)) : std::nullopt;
}

std::optional<std::string> Reader::scalar(const Value& value) {
  std::optional<Text> made = interpolate(value, Accepts::scalars, Slots::refused);
  return made ? std::optional(std::move(made->literal)) : std::nullopt;
}

std::optional<bool> Reader::boolean(const Value& value) {
  const std::optional<std::string> word = scalar(value);
  if (!word) {
    return std::nullopt;
  }
  constexpr std::array<std::string_view, 3> yes{"true", "True", "TRUE"};
  constexpr std::array<std::string_view, 3> no{"false", "False", "FALSE"};
  constexpr std::array<std::string_view, 3> old_yes{"yes", "y", "on"};
  constexpr std::array<std::string_view, 3> old_no{"no", "n", "off"};
  const auto is_in = [&](const auto& words) { return std::ranges::count(words, *word) != 0; };
  if (is_in(old_yes) || is_in(old_no)) {
    warn(obsolete, value, "'" + *word + "' is an old form", "write true or false");
  }
  if (is_in(yes) || is_in(old_yes)) {
    return true;
  }
  if (is_in(no) || is_in(old_no)) {
    return false;
  }
  error(wrong_type, value, "expected true or false, found '" + *word + "'");
  return std::nullopt;
}

std::optional<std::uint64_t> Reader::integer(const Value& value, std::uint64_t max) {
  const std::optional<std::string> digits = scalar(value);
  if (!digits) {
    return std::nullopt;
  }
  const std::optional<std::uint64_t> number = parse_unsigned(*digits);
  if (!number || *number > max) {
    error(invalid_value,
          value,
          "'" + *digits + "' is not a whole number from 0 to " + std::to_string(max));
    return std::nullopt;
  }
  return number;
}

std::optional<std::uint64_t> Reader::duration_ms(const Value& value) {
  const std::optional<std::string> written = scalar(value);
  return written ? take(value, parse_duration_ms(*written)) : std::nullopt;
}

std::optional<std::uint64_t> Reader::bytes(const Value& value) {
  const std::optional<std::string> written = scalar(value);
  return written ? take(value, parse_bytes(*written)) : std::nullopt;
}

std::optional<std::size_t> Reader::word(const Value& value,
                                        std::span<const std::string_view> words) {
  const std::optional<std::string> written = string(value);
  if (!written) {
    return std::nullopt;
  }
  const auto found = std::ranges::find(words, *written);
  if (found != words.end()) {
    return static_cast<std::size_t>(found - words.begin());
  }
  std::string all;
  for (const std::string_view candidate : words) {
    all.append(all.empty() ? "" : ", ").append(candidate);
  }
  error(invalid_value, value, "'" + *written + "' is not one of: " + all);
  return std::nullopt;
}

std::vector<std::string> Reader::string_list(const Value& value) {
  std::vector<std::string> made;
  if (!is_list(value)) {
    return made;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (std::optional<std::string> element = string(value[i])) {
      made.push_back(*std::move(element));
    }
  }
  return made;
}

std::vector<std::string> Reader::string_or_list(const Value& value) {
  if (!value.node().is_scalar()) {
    return string_list(value);
  }
  const std::optional<std::string> one = string(value);
  return one ? std::vector<std::string>{*one} : std::vector<std::string>{};
}

std::optional<Text> Reader::variable(const Value& value, std::string_view name) {
  if (is_site_scoped(name)) {
    Text text;
    const TemplatePart part{.name = std::string(name), .source = "${" + std::string(name) + "}"};
    return append_slot(value, part, text) ? std::optional(std::move(text)) : std::nullopt;
  }
  std::optional<std::string> found = lookup(name);
  if (!found) {
    warn(unset_variable, value, "variable '" + std::string(name) + "' is not set; it is left out");
    return std::nullopt;
  }
  if (!take_expanded(value, found->size())) {
    return std::nullopt;
  }
  return Text{.literal = *std::move(found)};
}

void Reader::settle_slots(document::Workload& workload) const {
  std::vector<bool> used(slots_.size(), false);
  const auto mark_used = [&](Text& text) {
    for (const Text::Hole& hole : text.holes) {
      used[hole.slot] = true;
    }
  };
  each_text(workload, mark_used);
  std::vector<std::uint32_t> place(slots_.size(), 0);
  for (const auto& [expression, number] : slots_) {
    if (used[number]) {
      place[number] = static_cast<std::uint32_t>(workload.slots.size());
      workload.slots.push_back({.expression = expression});
    }
  }
  const auto renumber = [&](Text& text) {
    for (Text::Hole& hole : text.holes) {
      hole.slot = place[hole.slot];
    }
  };
  each_text(workload, renumber);
}

bool Reader::take_ports(std::size_t count) {
  const bool enough = count <= ports_left_;
  ports_left_ -= enough ? count : ports_left_;
  return enough;
}

}  // namespace skerry::compose
