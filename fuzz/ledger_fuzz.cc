// Any bytes in an agent's state directory. The first byte chooses where they stand: as the whole
// ledger, as the floor, as the body of one good record, or as one value that the agent reads at its
// start. A file is read or refused as damaged; what was read once is read again, also after more
// was written and after compaction.
#include <array>

#include "agent/ledger/crc32c.h"
#include "agent/ledger/ledger.h"
#include "agent/ledger/little_endian.h"
#include "agent/reconciler/journal.h"
#include "agent/uplink/intake.h"
#include "agent/uplink/outbox.h"
#include "fuzz.h"
#include "sim/sim_disk.h"
#include "world.h"

namespace skerry::fuzz {
namespace {

using agent::Ledger;
using agent::LogStore;
using Values = std::map<std::string, std::string>;

constexpr const char* name = "ledger";
/// Without a reserve, whose zeros would take most of the time.
constexpr LogStore::Limits limits{
    .file_bytes_max = 64 * 1024, .reserve_bytes = 0, .dead_bytes_max = 512};

std::string with_record(std::string file, std::string_view body) {
  std::string covered;
  agent::append_little_endian(covered, std::uint64_t{file.size()});
  covered += body;
  const std::uint32_t checksum = agent::crc32c(covered);
  const std::uint64_t durable = file.size();
  file += "SKR1";
  agent::append_little_endian(file, static_cast<std::uint32_t>(body.size()));
  agent::append_little_endian(file, durable);
  agent::append_little_endian(file, checksum);
  file += body;
  return file;
}

std::string with_record(std::string_view body) {
  return with_record("SKLEDG1\n", body);
}

Values values_of(const LogStore& log) {
  Values values;
  for (const std::string& key : log.keys("")) {
    const auto value = log.get(key);
    require(value && value->has_value());
    values[key] = **value;
  }
  return values;
}

void try_log(std::string file) {
  sim::SimDisk disk(sim::DiskImage{{name, std::move(file)}});
  Result<LogStore> log = LogStore::open(disk, name, limits);
  if (!log) {
    require(log.error().code == agent::ledger_damaged);
    return;
  }
  Values values = values_of(*log);
  for (int i = 0; i < 3; ++i) {
    // Big enough that the last one compacts.
    const std::string value(300, static_cast<char>('a' + i));
    LogStore::Batch batch;
    batch.put("fuzz", value);
    const Status committed = log->commit(batch, LogStore::Room::reserve);
    require(committed || committed.error().kind == ErrorKind::exhausted);
    if (committed) {
      values["fuzz"] = value;
    }
  }
  const Result<LogStore> again = LogStore::open(disk, name, limits);
  require(again && values_of(*again) == values);
}

void try_floor(std::string file) {
  sim::SimDisk disk(sim::DiskImage{{"floor", std::move(file)}});
  Result<agent::FloorFile> floor = agent::FloorFile::open(disk, "floor");
  require(floor.has_value());
  const agent::FloorRecord next{.number = {.term = ~std::uint64_t{0}, .seq = 1}};
  require(floor->write(next).has_value());
  const Result<agent::FloorFile> again = agent::FloorFile::open(disk, "floor");
  require(again && again->value() == next);
}

/// The agent's own readers of one value each.
void try_value(std::uint8_t which, std::string_view value) {
  static World world;
  static const std::array<std::string, 9> keys = {"trust",
                                                  "charter",
                                                  "manifest",
                                                  "candidate",
                                                  "adopt-above",
                                                  "start",
                                                  "site",
                                                  agent::key::stack("pos"),
                                                  agent::key::event({.start = 1, .seq = 1})};
  const std::string& key = keys[which % keys.size()];
  LogStore::Batch batch;
  std::string body(1, '\x01');
  agent::append_little_endian(body, static_cast<std::uint16_t>(key.size()));
  agent::append_little_endian(body, static_cast<std::uint32_t>(value.size()));
  body += key;
  body += value;
  sim::SimDisk disk(sim::DiskImage{{name, with_record(body)}});
  disk.set_faults({.capacity_bytes = body.size() + 16384});
  Result<Ledger> ledger = Ledger::open(disk);
  if (!ledger) {
    require(ledger.error().code == agent::ledger_damaged);
    return;
  }
  (void)agent::Intake::open(
      *ledger, world.crypto, world.site_key.public_key, world.id_of(trust::KeyRole::root));
  (void)agent::Outbox::open(*ledger);
  (void)ledger->get<agent::SiteRecord>(agent::key::site);
  (void)ledger->get<agent::StackRecord>(agent::key::stack("pos"));
}

std::string put(std::string_view key, std::string_view value) {
  std::string body(1, '\x01');
  agent::append_little_endian(body, static_cast<std::uint16_t>(key.size()));
  agent::append_little_endian(body, static_cast<std::uint32_t>(value.size()));
  return body + std::string(key) + std::string(value);
}

Seeds seeds() {
  World world;
  sim::SimDisk disk;
  agent::FloorFile floor = agent::FloorFile::open(disk, "floor").value();
  require(floor.write({.number = {1, 7}}) && floor.write({.number = {1, 8}}));
  const std::string envelope = world.sign(trust::KeyRole::root, trust::trust_payload(world.trust));
  const agent::Held held{.number = {0, 1},
                         .digest = world.crypto.sha256(trust::trust_payload(world.trust)),
                         .envelope = envelope};
  const agent::StackRecord stack{.stack = "pos", .attempts = 1};
  const document::Event event{.number = {1, 1}, .code = "gap", .count = 3};
  const std::string two = with_record(with_record(put("start", "\x08\x01")), put("site", ""));
  return {{"ledger", "A" + two},
          {"ledger_torn", "A" + two.substr(0, two.size() - 3)},
          {"floor", "B" + disk.open("floor", Disk::Create::no).value()->read(0, 8192).value()},
          {"record", "C" + put("start", "\x08\x01") + put("site", "")},
          {"trust", std::string("D\0", 2) + document::encode(held)},
          {"stack", "D\x07" + document::encode(stack)},
          {"event", "D\x08" + document::encode(event)}};
}

}  // namespace
}  // namespace skerry::fuzz

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  if (std::getenv("SKERRY_FUZZ_SEEDS") != nullptr) {
    skerry::fuzz::offer_seeds(skerry::fuzz::seeds());
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry::fuzz;  // NOLINT(google-build-using-namespace): one function.
  if (size < 2) {
    return 0;
  }
  const std::string_view bytes = view_of(data + 1, size - 1);
  switch (data[0] % 4) {
    case 'A' % 4:
      try_log(std::string(bytes));
      break;
    case 'B' % 4:
      try_floor(std::string(bytes));
      break;
    case 'C' % 4:
      try_log(with_record(bytes));
      break;
    default:
      try_value(data[1], bytes.substr(1));
      break;
  }
  return 0;
}
