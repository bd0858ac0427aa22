#include <algorithm>

#include "compose/parts.h"
#include "compose/unique.h"

namespace skerry::compose {
namespace {

using document::Mount;
using document::Service;

constexpr std::string_view propagations[] = {
    "private", "rprivate", "shared", "rshared", "slave", "rslave"};

bool is_path(std::string_view source) {
  return source.starts_with('/') || source.starts_with('.') || source.starts_with('~');
}

/// Only an absolute path means the same on every site.
bool set_host_path(Reader& reader, const Value& value, std::string_view source, Mount& mount) {
  if (!source.starts_with('/')) {
    reader.error(not_available,
                 value,
                 "'" + std::string(source) + "' is relative, and a site has no folder of the file",
                 "use an absolute path, a named volume or an inline config");
    return false;
  }
  std::optional<std::string> path = reader.take(value, parse_absolute_path(source));
  mount.source = path.value_or("");
  return path.has_value();
}

bool set_option(Reader& reader, const Value& value, std::string_view option, Mount& mount) {
  if (option == "ro" || option == "rw") {
    mount.read_only = option == "ro";
  } else if (option == "nocopy" && mount.type == Mount::Type::volume) {
    mount.no_copy = true;
  } else if (std::ranges::count(propagations, option) != 0 && mount.type == Mount::Type::bind) {
    mount.propagation = option;
  } else if (option == "cached" || option == "delegated" || option == "consistent") {
    reader.warn(no_effect, value, "'" + std::string(option) + "' has no effect on Linux");
  } else if (option == "z" || option == "Z") {
    reader.error(not_available,
                 value,
                 "SELinux relabelling is not available yet",
                 "label the path on the host");
    return false;
  } else {
    reader.error(invalid_value,
                 value,
                 "'" + std::string(option) + "' is no option of a " +
                     (mount.type == Mount::Type::bind ? "bind" : "volume") + " mount",
                 "write for instance source:/target:ro");
    return false;
  }
  return true;
}

bool set_source(Reader& reader, const Value& value, std::string_view source, Mount& mount) {
  if (is_path(source)) {
    mount.type = Mount::Type::bind;
    mount.create_host_path = true;
    return set_host_path(reader, value, source, mount);
  }
  mount.source = source;
  return use_volume(reader, value, source);
}

/// "[SOURCE:]TARGET[:OPTION[,OPTION]…]"
bool read_short(Reader& reader, const Value& value, Mount& mount) {
  const std::optional<std::string> text = reader.string(value);
  if (!text) {
    return false;
  }
  const std::vector<std::string_view> parts = split(*text, ':');
  if (parts.size() > 3 || std::ranges::any_of(parts, &std::string_view::empty)) {
    reader.error(invalid_value, value, "'" + *text + "' is not [source:]target[:options]");
    return false;
  }
  mount.type = Mount::Type::volume;
  if (parts.size() > 1 && !set_source(reader, value, parts[0], mount)) {
    return false;
  }
  std::optional<std::string> target =
      reader.take(value, parse_absolute_path(parts[parts.size() > 1 ? 1 : 0]));
  mount.target = target.value_or("");
  if (parts.size() < 3) {
    return target.has_value();
  }
  return std::ranges::all_of(split(parts[2], ','), [&](std::string_view option) {
    return set_option(reader, value, option, mount);
  });
}

void add_mount(Reader& reader, const Value& value, Mount mount, Additions<Mount>& mounts) {
  if (mount.target == "/") {
    reader.error(invalid_value, value, "nothing can be mounted over the root");
    return;
  }
  mounts.add(value, std::move(mount));
}

void settle_mounts(Reader& reader, Additions<Mount>& mounts) {
  mounts.settle([&](const Value& value, const std::string& target) {
    reader.error(duplicate_value, value, "something is mounted at " + target + " already");
  });
}

/// "size=64m,mode=1777" of a short tmpfs.
bool set_tmpfs_option(Reader& reader, const Value& value, std::string_view option, Mount& mount) {
  const std::size_t equals = option.find('=');
  const std::string_view name = option.substr(0, equals);
  const std::string_view rest =
      equals == std::string_view::npos ? std::string_view() : option.substr(equals + 1);
  if (name == "size") {
    const auto size = reader.take(value, parse_bytes(rest));
    mount.tmpfs_size_bytes = size.value_or(0);
    return size.has_value();
  }
  if (name == "mode") {
    const auto mode = reader.take(value, parse_octal_mode(rest));
    mount.tmpfs_mode = mode.value_or(0);
    return mode.has_value();
  }
  if (option == "ro" || option == "rw") {
    mount.read_only = option == "ro";
    return true;
  }
  reader.error(not_available,
               value,
               "option '" + std::string(option) + "' of a tmpfs is not available yet",
               "only size, mode, ro and rw are");
  return false;
}

void read_one_tmpfs(Reader& reader, const Value& value, Additions<Mount>& mounts) {
  const std::optional<std::string> text = reader.string(value);
  if (!text) {
    return;
  }
  Mount mount{.type = Mount::Type::tmpfs};
  const std::size_t colon = text->find(':');
  const auto target = reader.take(value, parse_absolute_path(text->substr(0, colon)));
  bool good = target.has_value();
  if (good && colon != std::string::npos) {
    const std::string options = text->substr(colon + 1);
    good = std::ranges::all_of(split(options, ','), [&](std::string_view option) {
      return set_tmpfs_option(reader, value, option, mount);
    });
  }
  if (good) {
    mount.target = *target;
    add_mount(reader, value, std::move(mount), mounts);
  }
}

}  // namespace

bool use_volume(Reader& reader, const Value& value, std::string_view key) {
  const auto found = reader.scope.volumes.find(key);
  if (found == reader.scope.volumes.end()) {
    report_missing(reader, value, "volume", key, reader.scope.volumes);
    return false;
  }
  found->second.used = true;
  return true;
}

void read_volume_mounts(Reader& reader, const Value& value, Service& service) {
  if (!reader.is_list(value)) {
    return;
  }
  Additions mounts(service.mounts, &Mount::target);
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Value one = value[i];
    Mount mount;
    const bool good = one.node().is_mapping() ? read_long_mount(reader, one, mount)
                                              : read_short(reader, one, mount);
    if (good) {
      add_mount(reader, one, std::move(mount), mounts);
    }
  }
  settle_mounts(reader, mounts);
}

void read_tmpfs(Reader& reader, const Value& value, Service& service) {
  Additions mounts(service.mounts, &Mount::target);
  if (value.node().is_scalar()) {
    read_one_tmpfs(reader, value, mounts);
  } else if (reader.is_list(value, "a string or a list")) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      read_one_tmpfs(reader, value[i], mounts);
    }
  }
  settle_mounts(reader, mounts);
}

}  // namespace skerry::compose
