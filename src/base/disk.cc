#include "base/disk.h"

namespace skerry {

Status write_atomically(Disk& disk, std::string_view name, std::string_view bytes) {
  const std::string temporary = std::string(name) + ".new";
  {
    SKERRY_TRY(const std::unique_ptr<File> file, disk.open(temporary, Disk::Create::if_missing));
    SKERRY_CHECK(file->truncate(0));
    SKERRY_CHECK(file->write(0, bytes));
    SKERRY_CHECK(file->sync());
  }
  SKERRY_CHECK(disk.rename(temporary, name));
  return disk.sync_directory();
}

Status remove_if_there(Disk& disk, std::string_view name) {
  Status removed = disk.remove(name);
  return removed || removed.error().code != file_not_found ? removed : Status{};
}

Result<std::string> read_whole(Disk& disk, std::string_view name, std::size_t size_max) {
  SKERRY_TRY(const std::unique_ptr<File> file, disk.open(name, Disk::Create::no));
  SKERRY_TRY(const std::uint64_t size, file->size());
  if (size > size_max) {
    return fail(
        {.kind = ErrorKind::invalid,
         .code = {"too_large"},
         .message = "has " + std::to_string(size) + " bytes, more than " + std::to_string(size_max),
         .field_path = std::string(name)});
  }
  return file->read(0, static_cast<std::size_t>(size));
}

}  // namespace skerry
