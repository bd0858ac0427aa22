#include "compose/fields.h"
#include "compose/parts.h"

namespace skerry::compose {
namespace {

using document::Healthcheck;
using document::Service;
using document::Text;
using document::Words;

/// A command line: a string is split into words, a list is taken as it is.
std::optional<Words> read_words(Reader& reader, const Value& value) {
  if (value.node().is_scalar()) {
    const std::optional<Text> line = reader.text(value);
    std::optional<std::vector<Text>> words;
    if (line) {
      words = reader.take(value, split_words(*line));
    }
    return words ? std::optional(Words{*std::move(words)}) : std::nullopt;
  }
  Words made;
  if (!reader.is_list(value, "a string or a list")) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (std::optional<Text> word = reader.text(value[i])) {
      made.words.push_back(*std::move(word));
    }
  }
  return made;
}

struct Check {
  Healthcheck made = {};
  bool disabled = false;
};

void read_test_list(Reader& reader, const Value& value, Check& check) {
  if (!reader.is_list(value, "a string or a list") || value.size() == 0) {
    return;
  }
  const Value first = value[0];
  const std::optional<std::string> kind = reader.string(first);
  if (!kind) {
    return;
  }
  if (*kind != "NONE" && *kind != "CMD" && *kind != "CMD-SHELL") {
    reader.error(invalid_value,
                 first,
                 "a test begins with NONE, CMD or CMD-SHELL, not '" + *kind + "'",
                 "write [CMD, …] to run a program, or one string to run a shell line");
    return;
  }
  const bool fits = *kind == "NONE"  ? value.size() == 1
                    : *kind == "CMD" ? value.size() > 1
                                     : value.size() == 2;
  if (!fits) {
    reader.error(invalid_value,
                 value,
                 *kind == "NONE"  ? "nothing follows NONE"
                 : *kind == "CMD" ? "CMD needs a program"
                                  : "CMD-SHELL needs exactly one line");
    return;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (std::optional<Text> word = reader.text(value[i])) {
      check.made.test.push_back(*std::move(word));
    }
  }
}

void read_test(Reader& reader, const Value& value, Check& check) {
  if (!value.node().is_scalar()) {
    read_test_list(reader, value, check);
    return;
  }
  if (std::optional<Text> line = reader.text(value)) {
    check.made.test = {Text{.literal = "CMD-SHELL"}, *std::move(line)};
  }
}

void read_disable(Reader& reader, const Value& value, Check& check) {
  check.disabled = reader.boolean(value).value_or(false);
}

template <auto member>
void read_time(Reader& reader, const Value& value, Check& check) {
  check.made.*member = reader.duration_ms(value).value_or(0);
}

void read_retries(Reader& reader, const Value& value, Check& check) {
  check.made.retries = static_cast<std::uint32_t>(reader.integer(value, 1'000'000).value_or(0));
}

constexpr Field<Check> check_fields[] = {
    {"test", &read_test},
    {"interval", &read_time<&Healthcheck::interval_ms>},
    {"timeout", &read_time<&Healthcheck::timeout_ms>},
    {"start_period", &read_time<&Healthcheck::start_period_ms>},
    {"retries", &read_retries},
    {"disable", &read_disable},
    {"start_interval", nullptr, "remove it; `interval` holds during the start as well"},
};

}  // namespace

void read_command(Reader& reader, const Value& value, Service& service) {
  service.command = read_words(reader, value);
}

void read_entrypoint(Reader& reader, const Value& value, Service& service) {
  service.entrypoint = read_words(reader, value);
}

void read_healthcheck(Reader& reader, const Value& value, Service& service) {
  Check check;
  read_fields<Check>(reader, value, check_fields, check);
  if (check.disabled) {
    if (!check.made.test.empty() && check.made.test[0].literal != "NONE") {
      reader.error(conflicting_fields, value, "there is a test, and `disable` switches it off");
    }
    check.made = {.test = {Text{.literal = "NONE"}}};
  }
  service.healthcheck = std::move(check.made);
}

}  // namespace skerry::compose
