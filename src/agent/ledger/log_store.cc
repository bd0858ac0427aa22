#include "agent/ledger/log_store.h"

#include "agent/ledger/crc32c.h"
#include "agent/ledger/little_endian.h"
#include "base/assert.h"

namespace skerry::agent {
namespace {

// docs/formats/ledger.md describes these bytes.
constexpr std::string_view file_magic = "SKLEDG1\n";
constexpr std::string_view record_magic = "SKR1";
constexpr std::size_t header_bytes = 4 + 4 + 8 + 4;
constexpr std::uint8_t kind_put = 1;
constexpr std::uint8_t kind_erase = 2;
constexpr std::size_t op_header_bytes = 1 + 2 + 4;
constexpr std::uint64_t search_window_bytes = 1024 * 1024;

struct Record {
  std::uint64_t durable = 0;
  std::string body = {};

  [[nodiscard]] std::uint64_t bytes() const { return header_bytes + body.size(); }
};

std::uint32_t record_checksum(std::uint64_t durable, std::string_view body) {
  std::string covered;
  append_little_endian(covered, durable);
  covered += body;
  return crc32c(covered);
}

std::string encode_record(std::uint64_t durable, std::string_view body) {
  std::string bytes(record_magic);
  append_little_endian(bytes, static_cast<std::uint32_t>(body.size()));
  append_little_endian(bytes, durable);
  append_little_endian(bytes, record_checksum(durable, body));
  bytes += body;
  return bytes;
}

/// The record at `offset`, or nothing where no whole and right one stands there.
Result<std::optional<Record>> read_record(const File& file,
                                          std::uint64_t offset,
                                          std::uint32_t body_bytes_max) {
  SKERRY_TRY(const std::string header, file.read(offset, header_bytes));
  if (header.size() < header_bytes || !header.starts_with(record_magic)) {
    return std::optional<Record>();
  }
  const auto length = read_little_endian<std::uint32_t>(header, 4);
  if (length > body_bytes_max) {
    return std::optional<Record>();
  }
  Record record{.durable = read_little_endian<std::uint64_t>(header, 8)};
  SKERRY_TRY(record.body, file.read(offset + header_bytes, length));
  const auto checksum = read_little_endian<std::uint32_t>(header, 16);
  if (record.body.size() != length || checksum != record_checksum(record.durable, record.body)) {
    return std::optional<Record>();
  }
  return std::optional<Record>(std::move(record));
}

/// Whether a good record behind `bad` was written when everything up to past `bad` was durable.
Result<bool> was_durable(const File& file,
                         std::uint64_t bad,
                         std::uint64_t size,
                         std::uint32_t body_bytes_max) {
  for (std::uint64_t base = bad + 1; base < size; base += search_window_bytes) {
    SKERRY_TRY(const std::string window,
               file.read(base, search_window_bytes + record_magic.size() - 1));
    for (std::size_t at = window.find(record_magic); at != std::string::npos;
         at = window.find(record_magic, at + 1)) {
      SKERRY_TRY(const std::optional<Record> record, read_record(file, base + at, body_bytes_max));
      if (record && record->durable > bad) {
        return true;
      }
    }
  }
  return false;
}

bool is_full(const Status& status) {
  return !status && status.error().code == disk_full;
}

Error full_disk(const std::string& name) {
  return {.kind = ErrorKind::exhausted,
          .code = disk_full,
          .message = "the disk is full",
          .field_path = name};
}

tl::unexpected<Error> damaged(const std::string& name, std::uint64_t offset) {
  return fail({.kind = ErrorKind::internal,
               .code = ledger_damaged,
               .message = "durable content is damaged at byte " + std::to_string(offset),
               .field_path = name});
}

}  // namespace

void LogStore::Batch::put(std::string_view key, std::string_view value) {
  add(kind_put, key, value);
  has_puts_ = true;
}

void LogStore::Batch::erase(std::string_view key) {
  add(kind_erase, key, {});
}

void LogStore::Batch::add(std::uint8_t kind, std::string_view key, std::string_view value) {
  SKERRY_ASSERT(!key.empty() && key.size() <= 0xFFFF);
  body_ += static_cast<char>(kind);
  append_little_endian(body_, static_cast<std::uint16_t>(key.size()));
  append_little_endian(body_, static_cast<std::uint32_t>(value.size()));
  body_ += key;
  body_ += value;
}

Result<LogStore> LogStore::open(Disk& disk, std::string name, Limits limits) {
  LogStore store(disk, std::move(name), limits);
  auto file = disk.open(store.name_, Disk::Create::no);
  if (!file && file.error().code != file_not_found) {
    return fail(std::move(file).error());
  }
  if (file) {
    store.file_ = *std::move(file);
    SKERRY_CHECK(store.load());
  } else {
    SKERRY_CHECK(store.start_file());
  }
  SKERRY_CHECK(store.reserve_.take());
  return store;
}

/// A new file becomes visible whole, so that a missing magic later always means damage.
Status LogStore::start_file() {
  SKERRY_CHECK(write_atomically(*disk_, name_, file_magic));
  SKERRY_TRY(file_, disk_->open(name_, Disk::Create::no));
  end_ = file_magic.size();
  return {};
}

Status LogStore::load() {
  SKERRY_TRY(const std::uint64_t size, file_->size());
  SKERRY_TRY(const std::string magic, file_->read(0, file_magic.size()));
  if (magic != file_magic) {
    return damaged(name_, 0);
  }
  end_ = file_magic.size();
  while (end_ < size) {
    SKERRY_TRY(const std::optional<Record> record,
               read_record(*file_, end_, limits_.batch_bytes_max));
    if (!record) {
      return cut_tail(end_, size);
    }
    if (!replay(record->body, end_ + header_bytes)) {
      return damaged(name_, end_);
    }
    end_ += record->bytes();
  }
  return {};
}

Status LogStore::cut_tail(std::uint64_t at, std::uint64_t size) {
  SKERRY_TRY(const bool damage, was_durable(*file_, at, size, limits_.batch_bytes_max));
  if (damage) {
    return damaged(name_, at);
  }
  SKERRY_CHECK(file_->truncate(at));
  return file_->sync();
}

/// Takes a batch into the index; false where its bytes make no sense.
bool LogStore::replay(std::string_view body, std::uint64_t body_offset) {
  std::size_t at = 0;
  while (at < body.size()) {
    if (body.size() - at < op_header_bytes) {
      return false;
    }
    const auto kind = static_cast<std::uint8_t>(body[at]);
    const auto key_length = read_little_endian<std::uint16_t>(body, at + 1);
    const auto value_length = read_little_endian<std::uint32_t>(body, at + 3);
    at += op_header_bytes;
    if (key_length == 0 || body.size() - at < std::uint64_t{key_length} + value_length ||
        (kind != kind_put && kind != kind_erase)) {
      return false;
    }
    const std::string key(body.substr(at, key_length));
    if (const auto old = index_.find(key); old != index_.end()) {
      live_ -= old->first.size() + old->second.length;
      index_.erase(old);
    }
    if (kind == kind_put) {
      index_[key] = {.offset = body_offset + at + key_length, .length = value_length};
      live_ += key.size() + value_length;
    }
    at += std::size_t{key_length} + value_length;
  }
  return true;
}

Status LogStore::commit(const Batch& batch, Room room) {
  if (dead_) {
    return fail({.kind = ErrorKind::internal,
                 .code = disk_failed,
                 .message = "an earlier write failed; restart to recover",
                 .field_path = name_});
  }
  room = batch.has_puts_ ? room : Room::reserve;
  const std::uint64_t needed = header_bytes + batch.body_.size();
  const std::uint64_t end_max =
      limits_.file_bytes_max + (room == Room::reserve ? limits_.reserve_bytes : 0);
  if (end_ + needed > end_max && compacted_bytes() + needed <= end_max) {
    SKERRY_CHECK(compact());
  }
  if (batch.body_.size() > limits_.batch_bytes_max || end_ + needed > end_max) {
    return fail(
        {.kind = ErrorKind::exhausted,
         .code = ledger_full,
         .message = "a batch of " + std::to_string(batch.body_.size()) + " bytes does not fit",
         .field_path = name_});
  }
  if (room == Room::common) {
    SKERRY_CHECK(reserve_.take());
  }
  Status appended =
      room == Room::common && !reserve_.is_held() ? fail(full_disk(name_)) : append(batch.body_);
  if (is_full(appended) && !dead_) {
    appended = append_to_full_disk(batch.body_, room);
  }
  SKERRY_CHECK(appended);
  SKERRY_ASSERT(replay(batch.body_, end_ + header_bytes));
  end_ += needed;
  return worth_compacting() ? compact() : Status{};
}

/// First what is dead makes room; then the reserve does, for whoever may have it. Others wait until
/// the reserve is held again, or they would use up what it has left.
Status LogStore::append_to_full_disk(std::string_view body, Room room) {
  if (end_ > compacted_bytes() + header_bytes + body.size()) {
    SKERRY_CHECK(compact());
    const bool may_try = room == Room::reserve || reserve_.is_held();
    Status appended = may_try ? append(body) : Status{fail(full_disk(name_))};
    if (!is_full(appended) || dead_) {
      return appended;
    }
  }
  if (room == Room::common) {
    return fail(full_disk(name_));
  }
  SKERRY_CHECK(reserve_.spend());
  return append(body);
}

Status LogStore::append(std::string_view body) {
  const Status written = file_->write(end_, encode_record(end_, body));
  if (is_full(written)) {
    // What was written of the record is a torn tail; without it the store is as it was.
    const Status undone = file_->truncate(end_);
    dead_ = !undone;
    return written;
  }
  const Status synced = written ? file_->sync() : written;
  dead_ = !synced;
  return synced;
}

bool LogStore::worth_compacting() const {
  const std::uint64_t dead_bytes = end_ - live_;
  return dead_bytes > limits_.dead_bytes_max && dead_bytes > end_ / 2;
}

/// The size of the file once nothing in it is dead: a record a key, and the last one.
std::uint64_t LogStore::compacted_bytes() const {
  return file_magic.size() + live_ + index_.size() * (header_bytes + op_header_bytes) +
         header_bytes;
}

/// No space for it is no harm: the old file serves.
Status LogStore::compact() {
  const std::string temporary = name_ + ".new";
  Status copied = copy_live(temporary);
  if (is_full(copied)) {
    SKERRY_CHECK(remove_if_there(*disk_, temporary));
    if (!reserve_.is_held() || compacted_bytes() > limits_.reserve_bytes) {
      return {};
    }
    SKERRY_CHECK(reserve_.spend());
    copied = copy_live(temporary);
    if (is_full(copied)) {
      SKERRY_CHECK(remove_if_there(*disk_, temporary));
      return reserve_.take();
    }
  }
  dead_ = true;  // Until the new file is known to be the one.
  SKERRY_CHECK(copied);
  SKERRY_CHECK(switch_to(temporary));
  dead_ = false;
  return reserve_.take();
}

/// One record a key keeps the memory needed small.
Status LogStore::copy_live(const std::string& temporary) {
  std::uint64_t end = file_magic.size();
  SKERRY_TRY(const std::unique_ptr<File> file, disk_->open(temporary, Disk::Create::if_missing));
  SKERRY_CHECK(file->truncate(0));
  SKERRY_CHECK(file->write(0, file_magic));
  for (const auto& [key, place] : index_) {
    SKERRY_TRY(const std::string value, file_->read(place.offset, place.length));
    Batch batch;
    batch.put(key, value);
    const std::string record = encode_record(0, batch.body_);
    SKERRY_CHECK(file->write(end, record));
    end += record.size();
  }
  // Says that all before it was durable, so that later damage to it is not taken for a torn tail.
  SKERRY_CHECK(file->write(end, encode_record(end, {})));
  return file->sync();
}

Status LogStore::switch_to(const std::string& compacted) {
  SKERRY_CHECK(disk_->rename(compacted, name_));
  SKERRY_CHECK(disk_->sync_directory());
  SKERRY_TRY(file_, disk_->open(name_, Disk::Create::no));
  index_.clear();
  live_ = 0;
  return load();
}

Result<std::optional<std::string>> LogStore::get(std::string_view key) const {
  const auto found = index_.find(key);
  if (found == index_.end()) {
    return std::optional<std::string>();
  }
  SKERRY_TRY(std::string value, file_->read(found->second.offset, found->second.length));
  return std::optional<std::string>(std::move(value));
}

std::vector<std::string> LogStore::keys(std::string_view prefix) const {
  std::vector<std::string> found;
  for (auto at = index_.lower_bound(prefix); at != index_.end() && at->first.starts_with(prefix);
       ++at) {
    found.push_back(at->first);
  }
  return found;
}

}  // namespace skerry::agent
