#include <algorithm>

#include "compose/fields.h"
#include "compose/parts.h"

namespace skerry::compose {
namespace {

using document::Config;
using document::Network;
using document::Volume;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

template <class Object>
void read_name(Reader& reader, const Value& value, Object& made) {
  const std::optional<std::string> name = reader.string(value);
  if (!name) {
    return;
  }
  if (!is_object_name(*name)) {
    reader.error(invalid_value,
                 value,
                 "'" + *name + "' is not a name the runtime takes",
                 "letters, digits, and after the first one also _ . -");
  }
  made.name = *name;
}

template <class Object>
void read_old_external_name(Reader& reader, const Value& value, Object& made) {
  reader.warn(obsolete, value, "`external: {name: …}` is an old form", "write `name:` beside it");
  read_name(reader, value, made);
}

template <class Object>
void read_external(Reader& reader, const Value& value, Object& made) {
  static constexpr Field<Object> old_fields[] = {{"name", &read_old_external_name<Object>}};
  if (value.node().is_mapping()) {
    made.external = true;
    read_fields<Object>(reader, value, old_fields, made);
  } else {
    made.external = reader.boolean(value).value_or(false);
  }
}

template <class Object>
void read_driver_options(Reader& reader, const Value& value, Object& made) {
  made.driver_options = read_options(reader, value);
}

template <class Object>
void read_object_labels(Reader& reader, const Value& value, Object& made) {
  made.labels = read_labels(reader, value);
}

constexpr Field<Network> network_fields[] = {
    {"name", &read_name<Network>},
    {"external", &read_external<Network>},
    {"driver", &read_into<&Network::driver, &Reader::string, Network>},
    {"driver_opts", &read_driver_options<Network>},
    {"internal", &read_into<&Network::internal, &Reader::boolean, Network>},
    {"attachable", &read_into<&Network::attachable, &Reader::boolean, Network>},
    {"enable_ipv6", &read_into<&Network::enable_ipv6, &Reader::boolean, Network>},
    {"labels", &read_object_labels<Network>},
    {"enable_ipv4", nullptr, "remove it; IPv4 is always on"},
    {"ipam", nullptr, "remove it, or make the network by hand and mark it external"},
};

constexpr Field<Volume> volume_fields[] = {
    {"name", &read_name<Volume>},
    {"external", &read_external<Volume>},
    {"driver", &read_into<&Volume::driver, &Reader::string, Volume>},
    {"driver_opts", &read_driver_options<Volume>},
    {"labels", &read_object_labels<Volume>},
};

void read_content(Reader& reader, const Value& value, Config& made) {
  if (std::optional<document::Text> text = reader.text(value)) {
    made.content = *std::move(text);
  }
}

constexpr Field<Config> config_fields[] = {
    {"content", &read_content},
    {"environment", nullptr, "use `content: ${NAME}`"},
    {"external", nullptr, "use `content`"},
    {"file", nullptr, "use `content`"},
    {"labels", nullptr, "remove it; a config is a file in the container"},
    {"name", nullptr, "remove it; a config is a file in the container"},
    {"template_driver", nullptr, "use variables in `content`"},
};

/// What somebody else made is as it is: only its name may be said.
template <class Object>
void check_external(Reader& reader, const Value& entry, const Object& made) {
  for (std::size_t i = 0; made.external && i < entry.size(); ++i) {
    const Value field = entry[i];
    if (field.key() != "external" && field.key() != "name" && !field.key().starts_with("x-")) {
      reader.error_at_key(conflicting_fields,
                          field,
                          "'" + std::string(entry.key()) + "' is external, so '" +
                              std::string(field.key()) + "' cannot be set");
    }
  }
}

template <class Object>
void read_object(Reader& reader,
                 const Value& entry,
                 std::span<const Field<Object>> fields,
                 Declarations<Object>& declarations) {
  if (!check_key(reader, entry)) {
    return;
  }
  Object made{.key = std::string(entry.key())};
  if (!entry.is_null()) {
    read_fields<Object>(reader, entry, fields, made);
    check_external(reader, entry, made);
  }
  if (made.name.empty()) {
    made.name = made.external ? made.key : reader.scope.project + "_" + made.key;
  }
  declarations.emplace(made.key, Declaration<Object>{made, entry.key_at(), false});
}

template <class Object>
void settle(Reader& reader,
            std::string_view kind,
            Declarations<Object>& declarations,
            std::vector<Object>& made) {
  for (auto& [key, declaration] : declarations) {
    if (declaration.used) {
      made.push_back(std::move(declaration.value));
    } else {
      reader.warn_at(unused,
                     declaration.at,
                     std::string(kind) + "." + key,
                     "no service uses '" + key + "', so it is not made");
    }
  }
}

}  // namespace

bool is_object_name(std::string_view name) {
  const bool begins_well = !name.empty() && is_name_character(name[0]) && name[0] != '_' &&
                           name[0] != '.' && name[0] != '-';
  return begins_well && name.size() <= 255 && std::ranges::all_of(name, is_name_character);
}

bool check_key(Reader& reader, const Value& entry) {
  const std::string_view key = entry.key();
  // The project's name stands in front of it at the runtime, so any of these may come first.
  const bool good = key.size() <= 128 && std::ranges::all_of(key, is_name_character);
  if (!good) {
    reader.error_at_key(invalid_value,
                        entry,
                        "'" + std::string(key.substr(0, 80)) + "' is not a name",
                        "letters, digits and _ . - only, at most 128");
  }
  return good;
}

void read_networks(Reader& reader, const Value& value) {
  if (!reader.is_mapping(value)) {
    return;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    read_object<Network>(reader, value[i], network_fields, reader.scope.networks);
  }
}

void read_volumes(Reader& reader, const Value& value) {
  if (!reader.is_mapping(value)) {
    return;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    read_object<Volume>(reader, value[i], volume_fields, reader.scope.volumes);
  }
}

void read_configs(Reader& reader, const Value& value) {
  if (!reader.is_mapping(value)) {
    return;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Value entry = value[i];
    if (!check_key(reader, entry)) {
      continue;
    }
    Config made{.key = std::string(entry.key())};
    if (reader.is_mapping(entry)) {
      read_fields<Config>(reader, entry, config_fields, made);
      if (entry.size() == 0) {
        reader.error(missing_field, entry, "a config needs its content");
      }
    }
    reader.scope.configs.emplace(made.key, Declaration<Config>{made, entry.key_at(), false});
  }
}

void settle_declarations(Reader& reader, document::Workload& workload) {
  settle(reader, "networks", reader.scope.networks, workload.networks);
  settle(reader, "volumes", reader.scope.volumes, workload.volumes);
  settle(reader, "configs", reader.scope.configs, workload.configs);
}

}  // namespace skerry::compose
