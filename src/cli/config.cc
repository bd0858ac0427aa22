#include "cli/config.h"

#include <sys/stat.h>

#include "cli/exit.h"
#include "os/directory_disk.h"
#include "resource/write.h"
#include "resource/yaml.h"

namespace skerry::cli {
namespace {

constexpr std::size_t config_bytes_max = 1024 * 1024;

struct Place {
  std::string directory = {};
  std::string name = {};
};

Place place_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    return {.directory = ".", .name = path};
  }
  return {.directory = path.substr(0, slash == 0 ? 1 : slash), .name = path.substr(slash + 1)};
}

Error bad(const std::string& path, std::string_view why, std::string hint) {
  return {.kind = ErrorKind::invalid,
          .code = bad_config,
          .message = "the settings file " + path + " " + std::string(why),
          .hint = std::move(hint)};
}

/// Whether there is a file at all; an error where it is there and not private.
Result<bool> is_there_and_private(const std::string& path) {
  struct stat info {};

  if (::stat(path.c_str(), &info) != 0) {
    return false;
  }
  if ((info.st_mode & 077U) != 0) {
    return fail(bad(path, "may be read by others, and it holds tokens", "chmod 600 " + path));
  }
  return true;
}

std::string text_at(const resource::Node& node, std::string_view key) {
  const resource::Node* value = node.get(key);
  return value != nullptr && value->is_scalar() ? value->text : std::string();
}

Context context_of(const resource::Node& node) {
  return {.server = {.url = text_at(node, "server"), .pin = text_at(node, "pin")},
          .user = text_at(node, "user"),
          .token = Secret(text_at(node, "token"))};
}

Config config_of(const resource::Node& node) {
  Config config{.current = text_at(node, "current")};
  const resource::Node* contexts = node.get("contexts");
  if (contexts == nullptr || !contexts->is_mapping()) {
    return config;
  }
  for (std::size_t i = 0; i < contexts->keys.size(); ++i) {
    config.contexts.emplace(contexts->keys[i].text, context_of(contexts->items[i]));
  }
  return config;
}

void put(resource::Node& node, std::string_view key, resource::Node value) {
  node.kind = resource::Node::Kind::mapping;
  node.keys.push_back({.style = resource::Node::Style::double_quoted, .text = std::string(key)});
  node.items.push_back(std::move(value));
}

void put(resource::Node& node, std::string_view key, std::string_view text) {
  if (!text.empty()) {
    put(node,
        key,
        resource::Node{.style = resource::Node::Style::double_quoted, .text = std::string(text)});
  }
}

resource::Node node_of(const Config& config) {
  resource::Node contexts{.kind = resource::Node::Kind::mapping};
  for (const auto& [name, context] : config.contexts) {
    resource::Node one{.kind = resource::Node::Kind::mapping};
    put(one, "server", context.server.url);
    put(one, "pin", context.server.pin);
    put(one, "user", context.user);
    put(one, "token", context.token.reveal());
    put(contexts, name, std::move(one));
  }
  resource::Node root{.kind = resource::Node::Kind::mapping};
  put(root, "current", config.current);
  put(root, "contexts", std::move(contexts));
  return root;
}

}  // namespace

Result<std::string> config_path(const Outside::Variable& variable) {
  if (const auto path = variable("SKERRY_CONFIG"); path && !path->empty()) {
    return *path;
  }
  if (const auto base = variable("XDG_CONFIG_HOME"); base && base->starts_with('/')) {
    return *base + "/skerry/config.yaml";
  }
  if (const auto home = variable("HOME"); home && !home->empty()) {
    return *home + "/.config/skerry/config.yaml";
  }
  return fail({.kind = ErrorKind::invalid,
               .code = bad_config,
               .message = "there is no place for settings: HOME is not set",
               .hint = "set SKERRY_CONFIG to the path of a file"});
}

Result<Config> load_config(const std::string& path) {
  SKERRY_TRY(const bool there, is_there_and_private(path));
  if (!there) {
    return Config{};
  }
  const Place place = place_of(path);
  SKERRY_TRY(auto disk, os::DirectoryDisk::open_directory(place.directory));
  SKERRY_TRY(const std::string text, read_whole(*disk, place.name, config_bytes_max));
  const auto node = resource::read_one_yaml(text, {.file = path});
  if (!node || (!node->is_mapping() && type_of(*node) != resource::ScalarType::null)) {
    return fail(bad(path, "is not readable", "move it away and run: skerry login"));
  }
  return config_of(*node);
}

Status save_config(const std::string& path, const Config& config) {
  const Place place = place_of(path);
  SKERRY_TRY(auto disk, os::DirectoryDisk::open_directory(place.directory));
  return write_atomically(*disk, place.name, resource::write_yaml(node_of(config)));
}

}  // namespace skerry::cli
