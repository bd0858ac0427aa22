#include <array>

#include "compose/fields.h"
#include "compose/parts.h"

namespace skerry::compose {
namespace {

using document::Mount;

constexpr std::array<std::string_view, 6> types{
    "volume", "bind", "tmpfs", "npipe", "cluster", "image"};
constexpr std::array<std::string_view, 6> propagations{
    "private", "rprivate", "shared", "rshared", "slave", "rslave"};

void read_type(Reader& reader, const Value& value, Mount& mount) {
  const std::optional<std::size_t> type = reader.word(value, types);
  if (type && *type > 2) {
    reader.error(not_available,
                 value,
                 "a mount of type '" + std::string(types[*type]) + "' is not available yet",
                 "use volume, bind or tmpfs");
  }
  if (type && *type <= 2) {
    mount.type = static_cast<Mount::Type>(*type + 1);
  }
}

void read_target(Reader& reader, const Value& value, Mount& mount) {
  if (const auto text = reader.string(value)) {
    mount.target = reader.take(value, parse_absolute_path(*text)).value_or("");
  }
}

void read_read_only(Reader& reader, const Value& value, Mount& mount) {
  mount.read_only = reader.boolean(value).value_or(false);
}

void read_source(Reader& reader, const Value& value, Mount& mount) {
  mount.source = reader.string(value).value_or("");
}

/// Options of a type are for that type alone; the reference ignores them elsewhere, in silence.
bool fits(Reader& reader, const Value& value, const Mount& mount, Mount::Type type) {
  if (mount.type != type) {
    reader.error(conflicting_fields,
                 value,
                 "'" + std::string(value.key()) + "' is for mounts of that type alone");
    return false;
  }
  return true;
}

void read_propagation(Reader& reader, const Value& value, Mount& mount) {
  if (const auto word = reader.word(value, propagations)) {
    mount.propagation = propagations[*word];
  }
}

void read_create_host_path(Reader& reader, const Value& value, Mount& mount) {
  mount.create_host_path = reader.boolean(value).value_or(true);
}

void read_no_copy(Reader& reader, const Value& value, Mount& mount) {
  mount.no_copy = reader.boolean(value).value_or(false);
}

void read_size(Reader& reader, const Value& value, Mount& mount) {
  mount.tmpfs_size_bytes = reader.bytes(value).value_or(0);
}

void read_tmpfs_mode(Reader& reader, const Value& value, Mount& mount) {
  read_mode(reader, value, mount.tmpfs_mode);
}

constexpr Field<Mount> bind_fields[] = {
    {"propagation", &read_propagation},
    {"create_host_path", &read_create_host_path},
    {"selinux", nullptr, "label the path on the host"},
    {"recursive", nullptr, "remove it; submounts are included"},
};

constexpr Field<Mount> volume_fields[] = {
    {"nocopy", &read_no_copy},
    {"subpath", nullptr, "mount the whole volume"},
    {"labels", nullptr, "label the volume at the top level"},
};

constexpr Field<Mount> tmpfs_fields[] = {
    {"size", &read_size},
    {"mode", &read_tmpfs_mode},
};

void read_bind(Reader& reader, const Value& value, Mount& mount) {
  if (fits(reader, value, mount, Mount::Type::bind)) {
    read_fields<Mount>(reader, value, bind_fields, mount);
  }
}

void read_volume(Reader& reader, const Value& value, Mount& mount) {
  if (fits(reader, value, mount, Mount::Type::volume)) {
    read_fields<Mount>(reader, value, volume_fields, mount);
  }
}

void read_tmpfs_options(Reader& reader, const Value& value, Mount& mount) {
  if (fits(reader, value, mount, Mount::Type::tmpfs)) {
    read_fields<Mount>(reader, value, tmpfs_fields, mount);
  }
}

void pass_over(Reader&, const Value&, Mount&) {}

constexpr Field<Mount> first_fields[] = {
    {"type", &read_type},
    {"source", &read_source},
    {"target", &read_target},
    {"read_only", &read_read_only},
    {"consistency", &ignore_at_a_site<Mount>},
    {"bind", &pass_over},
    {"volume", &pass_over},
    {"tmpfs", &pass_over},
    {"image", &pass_over},
};

constexpr Field<Mount> second_fields[] = {
    {"bind", &read_bind},
    {"volume", &read_volume},
    {"tmpfs", &read_tmpfs_options},
};

/// The options of the types, once the type is known whatever the order in the file.
void read_type_options(Reader& reader, const Value& value, Mount& mount) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Value entry = value[i];
    for (const Field<Mount>& field : second_fields) {
      if (entry.key() == field.name && !entry.is_null()) {
        field.read(reader, entry, mount);
      }
    }
  }
}

bool check_source(Reader& reader, const Value& value, Mount& mount) {
  if (mount.type == Mount::Type::tmpfs) {
    if (!mount.source.empty()) {
      reader.error(conflicting_fields, value, "a tmpfs has no source");
    }
    return mount.source.empty();
  }
  if (mount.type == Mount::Type::volume) {
    return mount.source.empty() || use_volume(reader, value, mount.source);
  }
  if (mount.source.empty()) {
    reader.error(missing_field, value, "a bind mount needs a source");
    return false;
  }
  if (!mount.source.starts_with('/')) {
    reader.error(not_available,
                 value,
                 "'" + mount.source + "' is relative, and a site has no folder of the file",
                 "use an absolute path, a named volume or an inline config");
    return false;
  }
  const auto path = reader.take(value, parse_absolute_path(mount.source));
  mount.source = path.value_or("");
  return path.has_value();
}

}  // namespace

void read_mode(Reader& reader, const Value& value, std::uint32_t& mode) {
  const std::optional<std::string> text = reader.scalar(value);
  if (!text) {
    return;
  }
  const bool plain_decimal = value.node().style == resource::Node::Style::plain &&
                             !text->starts_with('0') &&
                             type_of(value.node()) == resource::ScalarType::integer;
  if (plain_decimal) {
    // YAML reads 440 as four hundred and forty: not what anybody means.
    reader.error(
        invalid_value, value, "'" + *text + "' would be decimal", "write 0" + *text + " for octal");
    return;
  }
  mode = reader.take(value, parse_octal_mode(*text)).value_or(0);
}

bool read_long_mount(Reader& reader, const Value& value, Mount& mount) {
  Mount reading;
  reading.create_host_path = true;
  read_fields<Mount>(reader, value, first_fields, reading);
  if (value.node().get("type") == nullptr || value.node().get("target") == nullptr) {
    reader.error(missing_field, value, "a mount needs a type and a target");
    return false;
  }
  if (reading.type == Mount::Type::unspecified || reading.target.empty()) {
    return false;
  }
  reading.create_host_path = reading.type == Mount::Type::bind;
  read_type_options(reader, value, reading);
  mount = std::move(reading);
  return check_source(reader, value, mount);
}

}  // namespace skerry::compose
