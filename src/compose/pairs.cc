#include <algorithm>

#include "compose/parts.h"

namespace skerry::compose {
namespace {

using document::Option;
using document::Text;
using Pair = document::Variable;

using Pairs = std::map<std::string, Text, std::less<>>;

/// What a name without a value stands for.
enum class Bare : std::uint8_t { empty, variable };

bool check_name(Reader& reader, const Value& value, std::string_view name) {
  const bool good = !name.empty() && name.find('=') == std::string_view::npos &&
                    name.find('\0') == std::string_view::npos;
  if (!good) {
    reader.error(invalid_value, value, "a name is empty or has a character that no name has");
  }
  return good;
}

void add_pair(Reader& reader, const Value& value, Pairs& pairs, std::string name, Text text) {
  if (!check_name(reader, value, name)) {
    return;
  }
  const auto [place, added] = pairs.try_emplace(std::move(name));
  if (!added) {
    reader.warn(overridden, value, "'" + place->first + "' is there twice; the last one counts");
  }
  place->second = std::move(text);
}

void add_bare(Reader& reader, const Value& value, Pairs& pairs, std::string name, Bare bare) {
  if (bare == Bare::empty) {
    add_pair(reader, value, pairs, std::move(name), {});
  } else if (resource::is_variable_name(name)) {
    if (std::optional<Text> text = reader.variable(value, name)) {
      add_pair(reader, value, pairs, std::move(name), *std::move(text));
    }
  } else {
    reader.error(invalid_value, value, "'" + name + "' is no name a variable can have");
  }
}

void read_pair_map(Reader& reader, const Value& value, Bare bare, Pairs& pairs) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Value entry = value[i];
    if (entry.is_null()) {
      add_bare(reader, entry, pairs, std::string(entry.key()), bare);
    } else if (std::optional<Text> text = reader.scalar_text(entry)) {
      add_pair(reader, entry, pairs, std::string(entry.key()), *std::move(text));
    }
  }
}

/// What of `text` lies behind its first `=`, holes included.
Text text_behind(const Text& text, std::size_t equals) {
  Text behind{.literal = text.literal.substr(equals + 1)};
  for (Text::Hole hole : text.holes) {
    hole.offset -= static_cast<std::uint32_t>(equals + 1);
    behind.holes.push_back(hole);
  }
  return behind;
}

void read_pair(Reader& reader, const Value& value, Bare bare, Pairs& pairs) {
  const std::optional<Text> text = reader.text(value);
  if (!text) {
    return;
  }
  const std::size_t equals = text->literal.find('=');
  if (!text->holes.empty() && text->holes.front().offset <= equals) {
    reader.error(site_scoped, value, "the name differs by site; only the value may");
  } else if (equals == std::string::npos) {
    add_bare(reader, value, pairs, text->literal, bare);
  } else {
    add_pair(reader, value, pairs, text->literal.substr(0, equals), text_behind(*text, equals));
  }
}

std::vector<Pair> read_pairs(Reader& reader, const Value& value, Bare bare) {
  Pairs pairs;
  if (value.node().is_mapping()) {
    read_pair_map(reader, value, bare, pairs);
  } else if (reader.is_list(value, "a list or a mapping")) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      read_pair(reader, value[i], bare, pairs);
    }
  }
  std::vector<Pair> made;
  made.reserve(pairs.size());
  for (auto& [name, text] : pairs) {
    made.push_back({.name = name, .value = std::move(text)});
  }
  return made;
}

void add_host(Reader& reader,
              const Value& value,
              std::string_view host,
              std::string_view address,
              std::vector<std::string>& hosts) {
  if (host.empty() || host.find_first_of(" \t\n") != std::string_view::npos) {
    reader.error(invalid_value, value, "a host name is empty or has white space");
  } else if (address == "host-gateway") {
    hosts.push_back(std::string(host) + ":host-gateway");
  } else if (const auto checked = reader.take(value, parse_address(address))) {
    hosts.push_back(std::string(host) + ":" + *checked);
  }
}

/// "host=address", or "host:address" as before.
void read_host(Reader& reader, const Value& value, std::vector<std::string>& hosts) {
  const std::optional<std::string> text = reader.string(value);
  if (!text) {
    return;
  }
  const std::size_t sign = text->find_first_of("=:");
  if (sign == std::string::npos) {
    reader.error(invalid_value, value, "'" + *text + "' is not host=address");
    return;
  }
  add_host(reader,
           value,
           std::string_view(*text).substr(0, sign),
           std::string_view(*text).substr(sign + 1),
           hosts);
}

void read_host_map(Reader& reader, const Value& value, std::vector<std::string>& hosts) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Value entry = value[i];
    for (const std::string& address : reader.string_or_list(entry)) {
      add_host(reader, entry, entry.key(), address, hosts);
    }
  }
}

}  // namespace

std::vector<Pair> read_labels(Reader& reader, const Value& value) {
  return read_pairs(reader, value, Bare::empty);
}

std::vector<Pair> read_environment(Reader& reader, const Value& value) {
  return read_pairs(reader, value, Bare::variable);
}

std::vector<Option> read_options(Reader& reader, const Value& value) {
  std::vector<Option> options;
  if (!reader.is_mapping(value)) {
    return options;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Value entry = value[i];
    std::optional<std::string> text = entry.is_null() ? std::string() : reader.scalar(entry);
    if (text && check_name(reader, entry, entry.key())) {
      options.push_back({.name = std::string(entry.key()), .value = *std::move(text)});
    }
  }
  std::ranges::sort(options, {}, &Option::name);
  return options;
}

std::vector<std::string> read_extra_hosts(Reader& reader, const Value& value) {
  std::vector<std::string> hosts;
  if (value.node().is_mapping()) {
    read_host_map(reader, value, hosts);
  } else if (reader.is_list(value, "a list or a mapping")) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      read_host(reader, value[i], hosts);
    }
  }
  std::ranges::sort(hosts);
  const auto repeats = std::ranges::unique(hosts);
  hosts.erase(repeats.begin(), repeats.end());
  return hosts;
}

}  // namespace skerry::compose
