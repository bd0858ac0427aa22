#include "backup_command.h"

#include <cstdio>

namespace skerry::server {

namespace {

constexpr int exit_failed = 1;

}  // namespace

BackupCommand::BackupCommand(CLI::App& app, const std::string& data_directory)
    : data_directory_(data_directory),
      backup_(app.add_subcommand("backup", "Copy the store, check a copy, or start from one")),
      create_(backup_->add_subcommand("create",
                                      "Copy the store to a new file, also while the server runs")),
      verify_(backup_->add_subcommand("verify", "Check a backup, page by page and row by row")),
      restore_(backup_->add_subcommand(
          "restore", "Start from a backup: no site loses anything by it (docs/backup.md)")) {
  app.fallthrough();
  backup_->fallthrough();
  backup_->require_subcommand(1);
  create_->fallthrough();
  restore_->fallthrough();
  create_->add_option("FILE", file_, "The file to make")->required();
  verify_->add_option("FILE", file_, "The backup")->required();
  restore_->add_option(
      "FILE", file_, "The backup; without it the store that is in the data directory");
  restore_->add_option("--keys", keys_, "Where the server's key files are kept");
  restore_->add_flag("--dry-run", dry_run_, "Check everything and change nothing");
}

Status BackupCommand::act(const Log& log) const {
  if (create_->parsed()) {
    return create_backup(data_directory_, file_);
  }
  if (verify_->parsed()) {
    return verify_backup(file_);
  }
  return restore_backup({.data_directory = data_directory_,
                         .file = file_,
                         .keys_directory = keys_,
                         .dry_run = dry_run_},
                        log);
}

std::optional<int> BackupCommand::run(const Log& log) const {
  if (!backup_->parsed()) {
    return std::nullopt;
  }
  const Status done = act(log);
  if (!done) {
    std::fprintf(stderr, "skerryd: %s\n", to_string(done.error()).c_str());
    if (!done.error().hint.empty()) {
      std::fprintf(stderr, "  %s\n", done.error().hint.c_str());
    }
    return exit_failed;
  }
  return 0;
}

}  // namespace skerry::server
