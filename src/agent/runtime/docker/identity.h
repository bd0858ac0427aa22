#pragma once

#include <string>
#include <string_view>

namespace skerry::agent::docker {

/// Who makes things at this engine, and where it keeps the files of configs.
struct Identity {
  /// Written on everything made; what carries it is ours, nothing else is (D6).
  std::string install_id = {};
  /// Where the agent writes config files, as the agent sees it.
  std::string config_directory = {};
  /// The same directory as the engine sees it; differs where the agent lives in a container or a
  /// changed root.
  std::string engine_config_directory = {};
};

/// The labels on all we make.
namespace label {
inline constexpr std::string_view install = "skerry.install";
inline constexpr std::string_view stack = "skerry.stack";
inline constexpr std::string_view service = "skerry.service";
inline constexpr std::string_view network = "skerry.network";
inline constexpr std::string_view volume = "skerry.volume";
/// Our configuration hash: another one means recreation.
inline constexpr std::string_view config = "skerry.config";
/// The networks on which the file itself asks for the host name as an alias; the engine adds it
/// everywhere, so an inspection alone cannot tell.
inline constexpr std::string_view hostname_aliases = "skerry.hostname-aliases";

inline constexpr std::string_view ours = "skerry.";
/// Written so that `docker compose ps` and its like show what we run.
inline constexpr std::string_view compose = "com.docker.compose.";
}  // namespace label

/// Whether a label belongs to the agent, so that no file may set it and no drift names it.
inline bool is_reserved_label(std::string_view name) {
  return name.starts_with(label::ours) || name.starts_with(label::compose);
}

}  // namespace skerry::agent::docker
