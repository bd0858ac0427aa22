#include "compose/fields.h"
#include "compose/parts.h"
#include "compose/unique.h"

namespace skerry::compose {
namespace {

using document::ConfigMount;
using document::Service;

bool use_config(Reader& reader, const Value& value, std::string_view key) {
  const auto found = reader.scope.configs.find(key);
  if (found == reader.scope.configs.end()) {
    report_missing(reader, value, "config", key, reader.scope.configs);
    return false;
  }
  found->second.used = true;
  return true;
}

void read_source(Reader& reader, const Value& value, ConfigMount& mount) {
  const std::optional<std::string> key = reader.string(value);
  if (key && use_config(reader, value, *key)) {
    mount.source = *key;
  }
}

void read_target(Reader& reader, const Value& value, ConfigMount& mount) {
  if (std::optional<std::string> text = reader.string(value)) {
    // A relative target counts from the root, as at the reference.
    const std::string path = text->starts_with('/') ? *text : "/" + *text;
    mount.target = reader.take(value, parse_absolute_path(path)).value_or("");
  }
}

/// The engine takes ids alone: a config is copied in from outside, where names mean nothing.
template <auto member>
void read_id(Reader& reader, const Value& value, ConfigMount& mount) {
  if (const auto id = reader.integer(value, 4'294'967'294)) {
    mount.*member = std::to_string(*id);
  }
}

void read_config_mode(Reader& reader, const Value& value, ConfigMount& mount) {
  read_mode(reader, value, mount.mode);
}

constexpr Field<ConfigMount> mount_fields[] = {
    {"source", &read_source},
    {"target", &read_target},
    {"uid", &read_id<&ConfigMount::uid>},
    {"gid", &read_id<&ConfigMount::gid>},
    {"mode", &read_config_mode},
};

void read_one(Reader& reader, const Value& value, ConfigMount& mount) {
  if (value.node().is_mapping()) {
    read_fields<ConfigMount>(reader, value, mount_fields, mount);
    if (value.node().get("source") == nullptr) {
      reader.error(missing_field, value, "a config needs a source");
    }
  } else {
    read_source(reader, value, mount);
  }
  if (mount.target.empty()) {
    mount.target = "/" + mount.source;
  }
}

}  // namespace

void read_service_configs(Reader& reader, const Value& value, Service& service) {
  if (!reader.is_list(value)) {
    return;
  }
  Additions configs(service.configs, &ConfigMount::target);
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Value element = value[i];
    ConfigMount mount;
    read_one(reader, element, mount);
    if (mount.source.empty()) {
      continue;
    }
    configs.add(element, std::move(mount));
  }
  configs.settle([&](const Value& twin, const std::string& target) {
    reader.error(duplicate_value, twin, "a config is at " + target + " already");
  });
}

}  // namespace skerry::compose
