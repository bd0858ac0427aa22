#pragma once

#include <string>

#include "base/log.h"
#include "base/result.h"

/// `skerryd backup …`: what is done with the store's files by who may read them. A backup holds the
/// store and no key (docs/decisions/0015-backup.md).
namespace skerry::server {

/// Copies the store of a server, which may be running, to a new file, and checks the copy. Says on
/// standard output what is in it.
///
/// @return `file_exists` where there is something at `file`
Status create_backup(const std::string& data_directory, const std::string& file);

/// Checks a backup without changing it and says what is in it.
Status verify_backup(const std::string& file);

struct RestoreOptions {
  std::string data_directory = {};
  /// Empty to restore the store that is in the data directory: it was put there by other means.
  std::string file = {};
  /// Where the key files are; empty where they are in the data directory already.
  std::string keys_directory = {};
  /// Check everything and change nothing.
  bool dry_run = false;
};

/// Puts a backup into an empty data directory and lets a new planner begin there. Nothing of it is
/// seen under the store's name before all of it is done.
///
/// @return `file_exists` where there is a store already; `store_locked` while a server uses it;
///         `key_missing`
Status restore_backup(const RestoreOptions& options, const Log& log);

}  // namespace skerry::server
