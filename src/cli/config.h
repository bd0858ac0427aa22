#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "cli/outside.h"

namespace skerry::cli {

/// One server a person works with, as they are signed in to it.
struct Context {
  ServerAddress server = {};
  std::string user = {};
  Secret token = {};
};

/// What is kept between two runs.
struct Config {
  std::string current = {};
  std::map<std::string, Context, std::less<>> contexts = {};
};

/// Where the settings file is: SKERRY_CONFIG, else below XDG_CONFIG_HOME, else below HOME.
Result<std::string> config_path(const Outside::Variable& variable);

/// An empty one where there is no file. `bad_config` where others may read the file, since it holds
/// tokens, or where it is none of ours.
Result<Config> load_config(const std::string& path);

/// Replaces the file in one step; it and a directory made for it are for the user alone.
Status save_config(const std::string& path, const Config& config);

}  // namespace skerry::cli
