#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/crypto.h"
#include "base/result.h"
#include "document/workload.h"
#include "os/directory_disk.h"

namespace skerry::agent::docker {

/// The files that configs become: one per content, owner and mode, named by the digest of all
/// three, in one directory that only root may enter. Containers get them by read-only bind mounts.
///
/// A file never changes once it is there, so a container that was started by the engine at boot,
/// before the agent, finds what it was made with.
class ConfigFiles {
 public:
  /// @param directory  made with mode 0700 where it is missing, when first used
  ConfigFiles(const Crypto& crypto, std::string directory)
      : crypto_(&crypto), directory_(std::move(directory)) {}

  /// Makes sure the file is there, durably, and gives its name within the directory.
  ///
  /// @return  `spec_not_supported` where `uid` or `gid` is no number; `config_not_written`
  Result<std::string> put(const document::Config& config, const document::ConfigMount& mount);

  /// Removes the files that are not among `names`. Failures are left for the next time.
  void keep_only(const std::set<std::string, std::less<>>& names);

 private:
  Status open();

  const Crypto* crypto_;
  std::string directory_;
  std::unique_ptr<os::DirectoryDisk> disk_ = {};
};

}  // namespace skerry::agent::docker
