#include "sim/sim_vfs.h"

#include <array>
#include <cstring>
#include <map>
#include <new>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "base/assert.h"

namespace skerry::sim {
namespace {

/// The locks of one database and its write-ahead index, shared by its connections.
struct Shared {
  int readers = 0;
  const void* reserved = nullptr;
  const void* exclusive = nullptr;
  std::vector<std::unique_ptr<char[]>> pages;
  std::array<int, SQLITE_SHM_NLOCK> shm_readers{};
  std::array<const void*, SQLITE_SHM_NLOCK> shm_writer{};
};

/// What `sqlite3_vfs::pAppData` points to.
struct State {
  SimDisk* disk = nullptr;
  SimDisk scratch;  // Temporary files; a power cut takes them and nobody minds.
  std::map<std::string, Shared> shared;
  std::uint64_t temporary = 0;
};

struct OpenFile {
  sqlite3_file base;
  State* state;
  File* file;
  std::string* name;
  int level;
  bool is_temporary;
  /// A new journal's directory entry is synced with its first sync, as SQLite's unix VFS does.
  bool sync_directory;
  std::uint8_t shm_shared;
};

OpenFile& ours(sqlite3_file* file) {
  return *reinterpret_cast<OpenFile*>(file);
}

int code_of(const Error& error, int otherwise) {
  return error.code == disk_full ? SQLITE_FULL : otherwise;
}

SimDisk& disk_of(OpenFile& file) {
  return file.is_temporary ? file.state->scratch : *file.state->disk;
}

int close_file(sqlite3_file* base) {
  OpenFile& file = ours(base);
  if (file.is_temporary) {
    static_cast<void>(file.state->scratch.remove(*file.name));
  }
  delete file.file;
  delete file.name;
  return SQLITE_OK;
}

int read_file(sqlite3_file* base, void* out, int size, sqlite3_int64 offset) {
  const auto wanted = static_cast<std::size_t>(size);
  const Result<std::string> bytes =
      ours(base).file->read(static_cast<std::uint64_t>(offset), wanted);
  if (!bytes) {
    return SQLITE_IOERR_READ;
  }
  std::memcpy(out, bytes->data(), bytes->size());
  if (bytes->size() == wanted) {
    return SQLITE_OK;
  }
  std::memset(static_cast<char*>(out) + bytes->size(), 0, wanted - bytes->size());
  return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* base, const void* bytes, int size, sqlite3_int64 offset) {
  const Status written =
      ours(base).file->write(static_cast<std::uint64_t>(offset),
                             {static_cast<const char*>(bytes), static_cast<std::size_t>(size)});
  return written ? SQLITE_OK : code_of(written.error(), SQLITE_IOERR_WRITE);
}

int truncate_file(sqlite3_file* base, sqlite3_int64 size) {
  const Status done = ours(base).file->truncate(static_cast<std::uint64_t>(size));
  return done ? SQLITE_OK : code_of(done.error(), SQLITE_IOERR_TRUNCATE);
}

int sync_file(sqlite3_file* base, int /*flags*/) {
  OpenFile& file = ours(base);
  if (!file.file->sync()) {
    return SQLITE_IOERR_FSYNC;
  }
  if (file.sync_directory) {
    if (!disk_of(file).sync_directory()) {
      return SQLITE_IOERR_DIR_FSYNC;
    }
    file.sync_directory = false;
  }
  return SQLITE_OK;
}

int file_size(sqlite3_file* base, sqlite3_int64* size) {
  const Result<std::uint64_t> length = ours(base).file->size();
  *size = length ? static_cast<sqlite3_int64>(*length) : 0;
  return length ? SQLITE_OK : SQLITE_IOERR_FSTAT;
}

Shared& shared_of(OpenFile& file) {
  return file.state->shared[*file.name];
}

int lock_file(sqlite3_file* base, int level) {
  OpenFile& file = ours(base);
  Shared& shared = shared_of(file);
  if (file.level >= level) {
    return SQLITE_OK;
  }
  if (file.level == SQLITE_LOCK_NONE) {
    if (shared.exclusive != nullptr) {
      return SQLITE_BUSY;
    }
    ++shared.readers;
    file.level = SQLITE_LOCK_SHARED;
  }
  if (level >= SQLITE_LOCK_RESERVED) {
    if (shared.reserved != nullptr && shared.reserved != base) {
      return SQLITE_BUSY;
    }
    shared.reserved = base;
    file.level = SQLITE_LOCK_RESERVED;
  }
  if (level == SQLITE_LOCK_EXCLUSIVE) {
    if (shared.readers > 1) {
      return SQLITE_BUSY;
    }
    shared.exclusive = base;
    file.level = SQLITE_LOCK_EXCLUSIVE;
  }
  return SQLITE_OK;
}

int unlock_file(sqlite3_file* base, int level) {
  OpenFile& file = ours(base);
  Shared& shared = shared_of(file);
  if (file.level <= level) {
    return SQLITE_OK;
  }
  shared.exclusive = shared.exclusive == base ? nullptr : shared.exclusive;
  shared.reserved = shared.reserved == base ? nullptr : shared.reserved;
  if (level == SQLITE_LOCK_NONE) {
    --shared.readers;
  }
  file.level = level;
  return SQLITE_OK;
}

int check_lock(sqlite3_file* base, int* reserved) {
  *reserved = shared_of(ours(base)).reserved != nullptr ? 1 : 0;
  return SQLITE_OK;
}

int control_file(sqlite3_file* /*base*/, int /*code*/, void* /*argument*/) {
  return SQLITE_NOTFOUND;
}

int sector_size(sqlite3_file* /*base*/) {
  return 512;
}

int characteristics(sqlite3_file* /*base*/) {
  return 0;
}

int map_shared(sqlite3_file* base, int page, int size, int extend, void volatile** out) {
  auto& pages = shared_of(ours(base)).pages;
  const auto index = static_cast<std::size_t>(page);
  if (index >= pages.size() && extend == 0) {
    *out = nullptr;
    return SQLITE_OK;
  }
  while (pages.size() <= index) {
    pages.push_back(std::make_unique<char[]>(static_cast<std::size_t>(size)));
  }
  *out = pages[index].get();
  return SQLITE_OK;
}

void unlock_slots(OpenFile& file, Shared& shared, int offset, int count, bool was_shared) {
  for (int slot = offset; slot < offset + count; ++slot) {
    const auto index = static_cast<std::size_t>(slot);
    const auto bit = static_cast<std::uint8_t>(1U << index);
    if (was_shared && (file.shm_shared & bit) != 0) {
      --shared.shm_readers[index];
      file.shm_shared = static_cast<std::uint8_t>(file.shm_shared & ~bit);
    }
    if (!was_shared && shared.shm_writer[index] == &file) {
      shared.shm_writer[index] = nullptr;
    }
  }
}

bool may_lock(const OpenFile& file, const Shared& shared, std::size_t slot, bool is_shared) {
  const void* writer = shared.shm_writer[slot];
  if (writer != nullptr && writer != &file) {
    return false;
  }
  const int own = (file.shm_shared >> slot & 1) != 0 ? 1 : 0;
  return is_shared || shared.shm_readers[slot] == own;
}

int lock_shared(sqlite3_file* base, int offset, int count, int flags) {
  OpenFile& file = ours(base);
  Shared& shared = shared_of(file);
  const bool is_shared = (flags & SQLITE_SHM_SHARED) != 0;
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    unlock_slots(file, shared, offset, count, is_shared);
    return SQLITE_OK;
  }
  for (int slot = offset; slot < offset + count; ++slot) {
    if (!may_lock(file, shared, static_cast<std::size_t>(slot), is_shared)) {
      return SQLITE_BUSY;
    }
  }
  for (int slot = offset; slot < offset + count; ++slot) {
    const auto index = static_cast<std::size_t>(slot);
    const auto bit = static_cast<std::uint8_t>(1U << index);
    if (!is_shared) {
      shared.shm_writer[index] = &file;
    } else if ((file.shm_shared & bit) == 0) {
      ++shared.shm_readers[index];
      file.shm_shared = static_cast<std::uint8_t>(file.shm_shared | bit);
    }
  }
  return SQLITE_OK;
}

void barrier(sqlite3_file* /*base*/) {}

int unmap_shared(sqlite3_file* base, int remove) {
  OpenFile& file = ours(base);
  Shared& shared = shared_of(file);
  unlock_slots(file, shared, 0, SQLITE_SHM_NLOCK, true);
  unlock_slots(file, shared, 0, SQLITE_SHM_NLOCK, false);
  if (remove != 0) {
    shared.pages.clear();
  }
  return SQLITE_OK;
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

State& state_of(sqlite3_vfs* vfs) {
  return *static_cast<State*>(vfs->pAppData);
}

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* base, int flags, int* out_flags) {
  State& state = state_of(vfs);
  const bool is_temporary = name == nullptr;
  std::string file_name =
      is_temporary ? "temporary-" + std::to_string(++state.temporary) : std::string(name);
  SimDisk& disk = is_temporary ? state.scratch : *state.disk;
  base->pMethods = nullptr;
  const bool is_new = !disk.open(file_name, Disk::Create::no).has_value();
  const bool may_create = (flags & SQLITE_OPEN_CREATE) != 0;
  Result<std::unique_ptr<File>> file =
      disk.open(file_name, may_create ? Disk::Create::if_missing : Disk::Create::no);
  if (!file) {
    return SQLITE_CANTOPEN;
  }
  const int journals = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
  OpenFile& opened = ours(base);
  opened.state = &state;
  opened.file = file->release();
  opened.name = new std::string(std::move(file_name));
  opened.level = SQLITE_LOCK_NONE;
  opened.is_temporary = is_temporary;
  opened.sync_directory = is_new && (flags & journals) != 0;
  opened.shm_shared = 0;
  opened.base.pMethods = &methods;
  if (out_flags != nullptr) {
    *out_flags = flags;
  }
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync) {
  SimDisk& disk = *state_of(vfs).disk;
  const Status removed = disk.remove(name);
  if (!removed) {
    return removed.error().code == file_not_found ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
  }
  return sync == 0 || disk.sync_directory() ? SQLITE_OK : SQLITE_IOERR_DIR_FSYNC;
}

int access_file(sqlite3_vfs* vfs, const char* name, int /*flags*/, int* found) {
  *found = state_of(vfs).disk->open(name, Disk::Create::no) ? 1 : 0;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs* /*vfs*/, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}

/// Equal in each run: nothing that is stored may depend on it.
int randomness(sqlite3_vfs* /*vfs*/, int size, char* out) {
  std::memset(out, 0x5A, static_cast<std::size_t>(size));
  return size;
}

int sleep_for(sqlite3_vfs* /*vfs*/, int microseconds) {
  return microseconds;
}

int current_time(sqlite3_vfs* /*vfs*/, double* time) {
  *time = 2'460'000.5;
  return SQLITE_OK;
}

}  // namespace

struct SimVfs::Vfs {
  State state;
  sqlite3_vfs vfs{};
};

SimVfs::SimVfs() : vfs_(std::make_unique<Vfs>()) {
  sqlite3_vfs& vfs = vfs_->vfs;
  vfs = *sqlite3_vfs_find(nullptr);
  vfs.iVersion = 1;
  vfs.szOsFile = static_cast<int>(sizeof(OpenFile));
  vfs.mxPathname = 256;
  vfs.pNext = nullptr;
  vfs.zName = name();
  vfs.pAppData = &vfs_->state;
  vfs.xOpen = open_file;
  vfs.xDelete = delete_file;
  vfs.xAccess = access_file;
  vfs.xFullPathname = full_path;
  vfs.xRandomness = randomness;
  vfs.xSleep = sleep_for;
  vfs.xCurrentTime = current_time;
  SKERRY_ASSERT(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
}

SimVfs::~SimVfs() {
  sqlite3_vfs_unregister(&vfs_->vfs);
}

void SimVfs::set_disk(SimDisk& disk) {
  vfs_->state.disk = &disk;
  vfs_->state.shared.clear();
}

}  // namespace skerry::sim
