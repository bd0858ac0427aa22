#pragma once

#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "backup.h"
#include "base/log.h"

namespace skerry::server {

/// `skerryd backup create|verify|restore` on the command line.
class BackupCommand {
 public:
  /// @param data_directory  the program's own option; outlives this
  BackupCommand(CLI::App& app, const std::string& data_directory);

  /// After parsing: does what was asked for. The process's exit code; nothing where it was not
  /// asked for.
  [[nodiscard]] std::optional<int> run(const Log& log) const;

 private:
  [[nodiscard]] Status act(const Log& log) const;

  const std::string& data_directory_;
  CLI::App* backup_;
  CLI::App* create_;
  CLI::App* verify_;
  CLI::App* restore_;
  std::string file_;
  std::string keys_;
  bool dry_run_ = false;
};

}  // namespace skerry::server
