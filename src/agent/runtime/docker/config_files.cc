#include "agent/runtime/docker/config_files.h"

#include "agent/runtime/docker/codes.h"
#include "base/text.h"

namespace skerry::agent::docker {
namespace {

using Owner = os::DirectoryDisk::Owner;

constexpr std::uint32_t default_mode = 0444;
constexpr std::string_view half_written = ".new";

Result<std::uint32_t> read_id(const std::string& text, std::string_view field) {
  const auto number = text.empty() ? std::optional<std::uint64_t>(0) : parse_unsigned(text);
  // The highest value means "leave as it is" to chown.
  if (!number || *number >= UINT32_MAX) {
    return fail({.kind = ErrorKind::invalid,
                 .code = spec_not_supported,
                 .message = "the owner of a config must be a number, not " + text,
                 .field_path = "configs." + std::string(field)});
  }
  return static_cast<std::uint32_t>(*number);
}

Result<Owner> read_owner(const document::ConfigMount& mount) {
  SKERRY_TRY(const auto uid, read_id(mount.uid, "uid"));
  SKERRY_TRY(const auto gid, read_id(mount.gid, "gid"));
  const std::uint32_t mode = mount.mode == 0 ? default_mode : mount.mode & 0777U;
  return Owner{.uid = uid, .gid = gid, .mode = mode};
}

std::string digest_name(const Crypto& crypto, std::string_view content, const Owner& owner) {
  const auto head = std::to_string(owner.uid) + ":" + std::to_string(owner.gid) + ":" +
                    std::to_string(owner.mode) + "\n";
  return to_hex(crypto.sha256(head + std::string(content)).view());
}

/// Whole, synced and with its owner before it has its name: so whoever sees the name sees the file.
Status write_file(os::DirectoryDisk& disk,
                  const std::string& name,
                  std::string_view content,
                  const Owner& owner) {
  const auto temporary = name + std::string(half_written);
  {
    SKERRY_TRY(const auto file, disk.open(temporary, Disk::Create::if_missing));
    SKERRY_CHECK(file->truncate(0));
    SKERRY_CHECK(file->write(0, content));
    SKERRY_CHECK(disk.give(temporary, owner));
    SKERRY_CHECK(file->sync());
  }
  SKERRY_CHECK(disk.rename(temporary, name));
  return disk.sync_directory();
}

bool is_there(os::DirectoryDisk& disk, const std::string& name, std::size_t size) {
  const auto file = disk.open(name, Disk::Create::no);
  if (!file) {
    return false;
  }
  const auto found = (*file)->size();
  return found && *found == size;
}

Error not_written(Error error) {
  error.code = config_not_written;
  return error;
}

}  // namespace

Status ConfigFiles::open() {
  if (!disk_) {
    SKERRY_TRY(disk_, os::DirectoryDisk::open_directory(directory_));
  }
  return {};
}

Result<std::string> ConfigFiles::put(const document::Config& config,
                                     const document::ConfigMount& mount) {
  SKERRY_TRY(const Owner owner, read_owner(mount));
  if (auto opened = open(); !opened) {
    return fail(not_written(std::move(opened).error()));
  }
  const auto& content = config.content.literal;
  auto name = digest_name(*crypto_, content, owner);
  if (is_there(*disk_, name, content.size())) {
    return name;
  }
  if (auto written = write_file(*disk_, name, content, owner); !written) {
    return fail(not_written(std::move(written).error()));
  }
  return name;
}

void ConfigFiles::keep_only(const std::set<std::string, std::less<>>& names) {
  if (!open()) {
    return;
  }
  const auto files = disk_->list();
  if (!files) {
    return;
  }
  for (const auto& name : *files) {
    if (!names.contains(name)) {
      // Left for the next time where it fails.
      (void)disk_->remove(name).has_value();
    }
  }
}

}  // namespace skerry::agent::docker
