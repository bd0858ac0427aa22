#include "backup.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

#include "base/clock.h"
#include "os/directory_disk.h"
#include "os/system_clock.h"
#include "os/system_random.h"
#include "server/recovery/recovery.h"
#include "server/store/reader.h"
#include "server/store/writer.h"
#include "trust/keys.h"
#include "trust/openssl_crypto.h"

namespace skerry::server {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view store_name = "skerry.db";
constexpr std::string_view partial = ".partial";

Error failed(const std::error_code& code, const std::string& what) {
  return {
      .kind = ErrorKind::unavailable, .code = disk_failed, .message = what + ": " + code.message()};
}

std::string store_in(const std::string& data_directory) {
  return (fs::path(data_directory) / store_name).string();
}

/// What SQLite and the lock leave beside a file that has another name from now on.
void remove_neighbours(const std::string& path) {
  for (const char* suffix : {"-wal", "-shm", "-lock"}) {
    std::error_code ignored;
    fs::remove(path + suffix, ignored);
  }
}

/// Gives a finished file its name; durable when it returns.
Status publish(const std::string& from, const std::string& to) {
  remove_neighbours(from);
  const fs::path target(to);
  const fs::path parent = target.has_parent_path() ? target.parent_path() : fs::path(".");
  SKERRY_TRY(const std::unique_ptr<os::DirectoryDisk> disk,
             os::DirectoryDisk::open_directory(parent.string()));
  const std::string from_name = fs::path(from).filename().string();
  SKERRY_TRY(const std::unique_ptr<File> file, disk->open(from_name, Disk::Create::no));
  SKERRY_CHECK(file->sync());
  SKERRY_CHECK(disk->rename(from_name, target.filename().string()));
  return disk->sync_directory();
}

Status copy_file(const std::string& from, const std::string& to) {
  std::error_code code;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, code);
  return code ? fail(failed(code, "copy " + from + " to " + to)) : Status{};
}

Status refuse_existing(const std::string& file, const std::string& hint) {
  std::error_code code;
  if (fs::exists(file, code)) {
    return fail({.kind = ErrorKind::conflict,
                 .code = {"file_exists"},
                 .message = file + " is there already",
                 .hint = hint});
  }
  return {};
}

void say(const std::string& what, const recovery::Contents& contents) {
  std::printf("%s: %llu sites, %llu stacks, revision %llu of %s\n",
              what.c_str(),
              static_cast<unsigned long long>(contents.sites),
              static_cast<unsigned long long>(contents.stacks),
              static_cast<unsigned long long>(contents.revision),
              contents.revision == 0 ? "never" : to_rfc3339(contents.changed_at).c_str());
}

/// A store in use is read where it is: its server's log belongs to it.
Result<recovery::Contents> look_at(const std::string& path) {
  const trust::OpenSslCrypto crypto;
  SKERRY_TRY(const std::unique_ptr<store::Reader> reader, store::Reader::open(path));
  return recovery::verify(*reader, crypto);
}

/// A backup is read from a copy: to open a store is to write beside it, and it may lie where
/// nothing can be written.
Result<recovery::Contents> look_at_copy(const std::string& file) {
  std::string directory = (fs::temp_directory_path() / "skerry-verify-XXXXXX").string();
  if (mkdtemp(directory.data()) == nullptr) {
    return fail(failed({errno, std::generic_category()}, "make " + directory));
  }
  const std::string copy = store_in(directory);
  const Status copied = copy_file(file, copy);
  Result<recovery::Contents> contents =
      copied ? look_at(copy) : Result<recovery::Contents>(fail(copied.error()));
  std::error_code ignored;
  fs::remove_all(directory, ignored);
  return contents;
}

Status copy_keys(const std::string& from, const std::string& to) {
  for (const trust::KeyRole role : trust::key_roles) {
    const fs::path source = fs::path(from) / trust::file_name(role);
    const fs::path target = fs::path(to) / trust::file_name(role);
    std::error_code code;
    if (fs::exists(source, code) && !fs::exists(target, code)) {
      SKERRY_CHECK(copy_file(source.string(), target.string()));
      fs::permissions(target, fs::perms::owner_read | fs::perms::owner_write, code);
    }
  }
  return {};
}

Status begin_in(const std::string& path, Disk& keys, const Log& log) {
  const os::SystemClock clock;
  os::SystemRandom random;
  trust::OpenSslCrypto crypto;
  SKERRY_TRY(
      const std::unique_ptr<store::Writer> writer,
      // There is nothing to restore in a store that would be made here.
      store::Writer::open({.path = path, .absent = store::Options::Absent::refuse},
                          {.clock = &clock, .random = &random, .crypto = &crypto, .log = &log}));
  SKERRY_TRY(std::unique_ptr<store::Reader> reader, store::Reader::open(path));
  SKERRY_TRY(const recovery::Contents contents, recovery::verify(*reader, crypto));
  SKERRY_CHECK(
      recovery::begin(*reader, *writer, {.keys_disk = &keys, .crypto = &crypto, .clock = &clock}));
  reader.reset();
  SKERRY_CHECK(writer->close());
  say("restored", contents);
  return {};
}

/// Whether the keys that a restore signs with are there, before anything is written.
Status check_keys(const std::string& directory) {
  const trust::OpenSslCrypto crypto;
  SKERRY_TRY(const std::unique_ptr<os::DirectoryDisk> disk,
             os::DirectoryDisk::open_directory(directory));
  SKERRY_TRY(const trust::KeyRing keys, trust::load_keys(*disk, crypto));
  for (const trust::KeyRole role : {trust::KeyRole::assign, trust::KeyRole::server}) {
    Result<KeyPair> key = keys.find(role);
    if (!key) {
      Error error = std::move(key).error();
      error.hint = "put it into " + directory + " for the restore; it may leave again after it";
      return fail(std::move(error));
    }
  }
  return {};
}

Status dry_run(const RestoreOptions& options, const std::string& keys) {
  SKERRY_CHECK(check_keys(keys));
  SKERRY_TRY(const recovery::Contents contents,
             options.file.empty() ? look_at(store_in(options.data_directory))
                                  : look_at_copy(options.file));
  say("would restore, and changed nothing", contents);
  return {};
}

}  // namespace

Status create_backup(const std::string& data_directory, const std::string& file) {
  SKERRY_CHECK(refuse_existing(file, "give each backup a name of its own"));
  const std::string path = store_in(data_directory);
  const std::string copy = file + std::string(partial);
  std::error_code ignored;
  fs::remove(copy, ignored);
  remove_neighbours(copy);
  SKERRY_TRY(const std::unique_ptr<store::Reader> reader, store::Reader::open(path));
  SKERRY_CHECK(reader->backup(copy));
  SKERRY_TRY(const recovery::Contents contents, look_at(copy));
  SKERRY_CHECK(publish(copy, file));
  say(file, contents);
  std::printf("it holds no key: keep a copy of %s/keys apart from it\n", data_directory.c_str());
  return {};
}

Status verify_backup(const std::string& file) {
  SKERRY_TRY(const recovery::Contents contents, look_at_copy(file));
  say(file + " is whole", contents);
  return {};
}

Status restore_backup(const RestoreOptions& options, const Log& log) {
  const std::string path = store_in(options.data_directory);
  const std::string keys = (fs::path(options.data_directory) / "keys").string();
  if (options.dry_run) {
    return dry_run(options, options.keys_directory.empty() ? keys : options.keys_directory);
  }
  SKERRY_TRY(const std::unique_ptr<os::DirectoryDisk> data_disk,
             os::DirectoryDisk::open_directory(options.data_directory));
  SKERRY_TRY(const std::unique_ptr<os::DirectoryDisk> keys_disk,
             os::DirectoryDisk::open_directory(keys));
  if (!options.keys_directory.empty()) {
    SKERRY_CHECK(copy_keys(options.keys_directory, keys));
  }
  SKERRY_CHECK(check_keys(keys));
  if (options.file.empty()) {
    return begin_in(path, *keys_disk, log);
  }
  SKERRY_CHECK(
      refuse_existing(path, "give an empty directory, or leave the file out to restore in place"));
  const std::string copy = path + std::string(partial);
  remove_neighbours(copy);
  SKERRY_CHECK(copy_file(options.file, copy));
  SKERRY_CHECK(begin_in(copy, *keys_disk, log));
  return publish(copy, path);
}

}  // namespace skerry::server
