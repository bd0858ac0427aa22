#include "agent/ledger/ledger.h"

#include "base/assert.h"

namespace skerry::agent {
namespace {

constexpr const char* log_name = "ledger";
constexpr const char* damaged_name = "ledger.damaged";
constexpr const char* floor_name = "floor";

/// Big-endian, so that keys sort as their numbers do.
void append_sortable(std::string& out, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    out += static_cast<char>(number >> static_cast<unsigned>(shift) & 0xFFU);
  }
}

/// Where durable content is damaged the bytes are kept aside, and the site is as one whose ledger
/// was deleted. The name is free before a new file takes it, so a crash leaves no half of either.
Result<LogStore> open_log(Disk& disk) {
  Result<LogStore> log = LogStore::open(disk, log_name);
  if (log || log.error().code != ledger_damaged) {
    return log;
  }
  SKERRY_CHECK(disk.rename(log_name, damaged_name));
  SKERRY_CHECK(disk.sync_directory());
  return LogStore::open(disk, log_name);
}

Result<bool> is_there(Disk& disk, std::string_view name) {
  const auto file = disk.open(name, Disk::Create::no);
  if (!file && file.error().code != file_not_found) {
    return fail(file.error());
  }
  return file.has_value();
}

}  // namespace

namespace key {

std::string release(const Digest& digest) {
  return std::string(releases) + std::string(digest.view());
}

std::string stack(std::string_view name) {
  return std::string(stacks) + std::string(name);
}

std::string event(document::ReportNumber number) {
  std::string name(events);
  append_sortable(name, number.start);
  append_sortable(name, number.seq);
  return name;
}

}  // namespace key

Result<Ledger> Ledger::open(Disk& disk) {
  // The floor before the log, whose reserve takes what room there is.
  SKERRY_TRY(FloorFile floor, FloorFile::open(disk, floor_name));
  SKERRY_TRY(LogStore log, open_log(disk));
  Ledger ledger(std::move(log), std::move(floor));
  ledger.floor_lost_ = ledger.contains(key::floor_kept) && !ledger.floor_.value();
  SKERRY_TRY(const bool was_damaged, is_there(disk, damaged_name));
  ledger.damage_untold_ = was_damaged && !ledger.contains(key::damage_told);
  SKERRY_TRY(const std::optional<Counter> start, ledger.get<Counter>(key::start));
  ledger.start_ = (start ? start->value : 0) + 1;
  SKERRY_CHECK(
      ledger.commit(Change().put(key::start, Counter{.value = ledger.start_}), Room::reserve));
  return ledger;
}

Status Ledger::commit(const Change& change, Room room) {
  return log_.commit(change.batch_, room);
}

Status Ledger::raise_floor(const FloorRecord& record) {
  SKERRY_ASSERT(record.number >= floor().number && record.command >= floor().command);
  SKERRY_CHECK(floor_.write(record));
  floor_lost_ = false;
  // After the floor, never before it: a floor that never was must not look like a lost one.
  return contains(key::floor_kept)
             ? Status{}
             : commit(Change().put(key::floor_kept, Counter{.value = 1}), Room::reserve);
}

Status Ledger::note_damage_told() {
  SKERRY_CHECK(commit(Change().put(key::damage_told, Counter{.value = 1}), Room::reserve));
  damage_untold_ = false;
  return {};
}

Status Ledger::raise_start_above(std::uint64_t start, Change with) {
  if (start < start_) {
    return {};
  }
  SKERRY_CHECK(commit(with.put(key::start, Counter{.value = start + 1})));
  start_ = start + 1;
  return {};
}

Error Ledger::unreadable(std::string_view name, const Error& cause) {
  return {.kind = ErrorKind::internal,
          .code = ledger_damaged,
          .message = cause.message,
          .field_path = std::string(name)};
}

}  // namespace skerry::agent
