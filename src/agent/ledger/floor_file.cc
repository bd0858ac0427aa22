#include "agent/ledger/floor_file.h"

#include "agent/ledger/crc32c.h"
#include "agent/ledger/little_endian.h"

namespace skerry::agent {
namespace {

// docs/formats/ledger.md describes these bytes.
constexpr std::string_view magic = "SKFLOOR1";
/// One record a page, so that a torn page cannot take both.
constexpr std::uint64_t slot_bytes = 4096;
constexpr std::uint64_t file_bytes = 2 * slot_bytes;
constexpr std::size_t record_bytes = 8 + 8 + 8 + 8 + 32 + 8 + 8 + 4;

struct Slot {
  std::uint64_t counter = 0;
  FloorRecord record = {};
};

std::string encode_slot(const Slot& slot) {
  std::string bytes(magic);
  append_little_endian(bytes, slot.counter);
  append_little_endian(bytes, slot.record.number.term);
  append_little_endian(bytes, slot.record.number.seq);
  bytes += slot.record.digest.view();
  append_little_endian(bytes, slot.record.command.term);
  append_little_endian(bytes, slot.record.command.seq);
  append_little_endian(bytes, crc32c(bytes));
  return bytes;
}

std::optional<Slot> decode_slot(std::string_view bytes) {
  if (bytes.size() != record_bytes || !bytes.starts_with(magic) ||
      read_little_endian<std::uint32_t>(bytes, record_bytes - 4) !=
          crc32c(bytes.substr(0, record_bytes - 4))) {
    return std::nullopt;
  }
  Slot slot{.counter = read_little_endian<std::uint64_t>(bytes, 8)};
  slot.record.number.term = read_little_endian<std::uint64_t>(bytes, 16);
  slot.record.number.seq = read_little_endian<std::uint64_t>(bytes, 24);
  slot.record.digest = digest_from_bytes(bytes.substr(32, 32)).value();
  slot.record.command.term = read_little_endian<std::uint64_t>(bytes, 64);
  slot.record.command.seq = read_little_endian<std::uint64_t>(bytes, 72);
  return slot;
}

/// For what only makes later writes safer: without room now, the next start tries again.
Status unless_full(Status status) {
  return !status && status.error().code == disk_full ? Status{} : status;
}

}  // namespace

Result<FloorFile> FloorFile::open(Disk& disk, const std::string& name) {
  SKERRY_TRY(std::unique_ptr<File> file, disk.open(name, Disk::Create::if_missing));
  SKERRY_CHECK(disk.sync_directory());
  FloorFile floor(std::move(file));
  SKERRY_CHECK(unless_full(floor.take_room()));
  bool damaged = false;
  for (const std::uint64_t offset : {std::uint64_t{0}, slot_bytes}) {
    SKERRY_TRY(const std::string bytes, floor.file_->read(offset, record_bytes));
    const std::optional<Slot> slot = decode_slot(bytes);
    damaged = damaged || !slot;
    if (slot && slot->counter > floor.counter_) {
      floor.counter_ = slot->counter;
      floor.value_ = slot->record;
    }
  }
  if (damaged && floor.value_) {
    // The next write goes to the damaged record's place, never over the good one. Where that page
    // was never written a full disk has none for it, and the good record is enough to start with.
    const FloorRecord good = *floor.value_;
    SKERRY_CHECK(unless_full(floor.write(good)));
  }
  return floor;
}

Status FloorFile::take_room() {
  SKERRY_TRY(const std::uint64_t size, file_->size());
  if (size >= file_bytes) {
    return {};
  }
  SKERRY_CHECK(file_->write(size, std::string(file_bytes - size, '\0')));
  return file_->sync();
}

Status FloorFile::write(const FloorRecord& record) {
  const std::uint64_t next = counter_ + 1;
  SKERRY_CHECK(
      file_->write(next % 2 * slot_bytes, encode_slot({.counter = next, .record = record})));
  SKERRY_CHECK(file_->sync());
  counter_ = next;
  value_ = record;
  return {};
}

}  // namespace skerry::agent
