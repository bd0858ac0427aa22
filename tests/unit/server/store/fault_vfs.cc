#include "unit/server/store/fault_vfs.h"

#include <cstring>

#include <sqlite3.h>

namespace skerry::store {

namespace {

/// SQLite gives room for this and, behind it, for the file of the VFS below.
struct FaultFile {
  sqlite3_file base;
  sqlite3_file* real;
};

sqlite3_file* real_of(sqlite3_file* file) {
  return reinterpret_cast<FaultFile*>(file)->real;
}

enum class Deed : std::uint8_t { write, sync };

/// What this operation shall return; SQLITE_OK to go on.
int verdict(Deed deed) {
  FaultPlan& plan = fault_plan();
  plan.syncs += deed == Deed::sync ? 1U : 0U;
  if (plan.kind == FaultPlan::Kind::none) {
    return SQLITE_OK;
  }
  const std::uint64_t number = plan.seen++;
  if (plan.kind == FaultPlan::Kind::full) {
    return deed == Deed::write && number >= plan.after ? SQLITE_FULL : SQLITE_OK;
  }
  if (number != plan.after) {
    return SQLITE_OK;
  }
  return deed == Deed::write ? SQLITE_IOERR_WRITE : SQLITE_IOERR_FSYNC;
}

int close_file(sqlite3_file* file) {
  return real_of(file)->pMethods->xClose(real_of(file));
}

int read_file(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  return real_of(file)->pMethods->xRead(real_of(file), out, size, offset);
}

int write_file(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  const int code = verdict(Deed::write);
  return code != SQLITE_OK ? code
                           : real_of(file)->pMethods->xWrite(real_of(file), bytes, size, offset);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  const int code = verdict(Deed::write);
  return code != SQLITE_OK ? code : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

int sync_file(sqlite3_file* file, int flags) {
  const int code = verdict(Deed::sync);
  return code != SQLITE_OK ? code : real_of(file)->pMethods->xSync(real_of(file), flags);
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

int lock_file(sqlite3_file* file, int level) {
  return real_of(file)->pMethods->xLock(real_of(file), level);
}

int unlock_file(sqlite3_file* file, int level) {
  return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

int check_lock(sqlite3_file* file, int* reserved) {
  return real_of(file)->pMethods->xCheckReservedLock(real_of(file), reserved);
}

int control_file(sqlite3_file* file, int code, void* argument) {
  return real_of(file)->pMethods->xFileControl(real_of(file), code, argument);
}

int sector_size(sqlite3_file* file) {
  return real_of(file)->pMethods->xSectorSize(real_of(file));
}

int characteristics(sqlite3_file* file) {
  return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
  return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

void barrier(sqlite3_file* file) {
  real_of(file)->pMethods->xShmBarrier(real_of(file));
}

int unmap_shared(sqlite3_file* file, int remove) {
  return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

constexpr sqlite3_io_methods methods = {.iVersion = 2,
                                        .xClose = close_file,
                                        .xRead = read_file,
                                        .xWrite = write_file,
                                        .xTruncate = truncate_file,
                                        .xSync = sync_file,
                                        .xFileSize = file_size,
                                        .xLock = lock_file,
                                        .xUnlock = unlock_file,
                                        .xCheckReservedLock = check_lock,
                                        .xFileControl = control_file,
                                        .xSectorSize = sector_size,
                                        .xDeviceCharacteristics = characteristics,
                                        .xShmMap = map_shared,
                                        .xShmLock = lock_shared,
                                        .xShmBarrier = barrier,
                                        .xShmUnmap = unmap_shared,
                                        .xFetch = nullptr,
                                        .xUnfetch = nullptr};

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* real_vfs = static_cast<sqlite3_vfs*>(vfs->pAppData);
  auto* ours = reinterpret_cast<FaultFile*>(file);
  ours->real = reinterpret_cast<sqlite3_file*>(ours + 1);
  const int code = real_vfs->xOpen(real_vfs, name, ours->real, flags, out_flags);
  ours->base.pMethods = ours->real->pMethods != nullptr ? &methods : nullptr;
  return code;
}

}  // namespace

FaultPlan& fault_plan() {
  static FaultPlan plan;
  return plan;
}

const char* register_fault_vfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
    sqlite3_vfs ours = *real;
    ours.szOsFile = static_cast<int>(sizeof(FaultFile)) + real->szOsFile;
    ours.pNext = nullptr;
    ours.zName = "fault";
    ours.pAppData = real;
    ours.xOpen = open_file;
    return ours;
  }();
  sqlite3_vfs_register(&vfs, 0);
  return vfs.zName;
}

}  // namespace skerry::store
