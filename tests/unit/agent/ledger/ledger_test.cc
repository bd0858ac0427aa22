#include "agent/ledger/ledger.h"

#include <gtest/gtest.h>

#include "agent/ledger/crc32c.h"
#include "agent/ledger/little_endian.h"
#include "sim/sim_disk.h"

namespace skerry::agent {
namespace {

using sim::SimDisk;

std::string value_of(const LogStore& store, std::string_view key) {
  return store.get(key).value().value_or("(none)");
}

void put(LogStore& store, std::string_view key, std::string_view value) {
  LogStore::Batch batch;
  batch.put(key, value);
  ASSERT_TRUE(store.commit(batch));
}

/// Where `needle` stands in the file `name`, which must be there.
void flip_byte(SimDisk& disk, std::string_view name, std::string_view needle) {
  const auto file = disk.open(name, Disk::Create::no).value();
  const std::string content = file->read(0, 1 << 20).value();
  const std::size_t at = content.find(needle);
  ASSERT_NE(at, std::string::npos);
  ASSERT_TRUE(file->write(at, std::string(1, static_cast<char>(content[at] ^ 1))));
}

TEST(Crc32c, MatchesTheVectorOfRfc3720) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
}

TEST(LogStore, ReadsBackWhatWasCommitted) {
  SimDisk disk;
  {
    LogStore store = LogStore::open(disk, "log").value();
    put(store, "a", "1");
    put(store, "b", "2");
    LogStore::Batch batch;
    batch.put("a", "3");
    batch.erase("b");
    ASSERT_TRUE(store.commit(batch));
  }
  const LogStore store = LogStore::open(disk, "log").value();
  EXPECT_EQ(value_of(store, "a"), "3");
  EXPECT_FALSE(store.contains("b"));
  EXPECT_EQ(store.keys("").size(), 1U);
}

TEST(LogStore, CutsATornTailAndGoesOn) {
  SimDisk disk;
  {
    LogStore store = LogStore::open(disk, "log").value();
    put(store, "a", "1");
    put(store, "b", "second");
  }
  flip_byte(disk, "log", "second");
  LogStore store = LogStore::open(disk, "log").value();
  EXPECT_EQ(value_of(store, "a"), "1");
  EXPECT_FALSE(store.contains("b"));
  put(store, "b", "again");
  EXPECT_EQ(value_of(LogStore::open(disk, "log").value(), "b"), "again");
}

TEST(LogStore, RefusesDamageToWhatWasDurable) {
  SimDisk disk;
  {
    LogStore store = LogStore::open(disk, "log").value();
    put(store, "a", "first");
    put(store, "b", "second");
  }
  flip_byte(disk, "log", "first");
  EXPECT_EQ(LogStore::open(disk, "log").error().code, ledger_damaged);
}

TEST(LogStore, RefusesAFileThatIsNotALedger) {
  SimDisk disk(sim::DiskImage{{"log", "hello, world"}});
  EXPECT_EQ(LogStore::open(disk, "log").error().code, ledger_damaged);
}

// Compaction could not write such a key again.
TEST(LogStore, RefusesAKeyWithoutALetter) {
  const std::string durable("\x08\0\0\0\0\0\0\0", 8);
  const std::string body("\x01\0\0\x01\0\0\0v", 8);
  std::string file = "SKLEDG1\nSKR1";
  append_little_endian(file, static_cast<std::uint32_t>(body.size()));
  file += durable;
  append_little_endian(file, crc32c(durable + body));
  SimDisk disk(sim::DiskImage{{"log", file + body}});
  EXPECT_EQ(LogStore::open(disk, "log").error().code, ledger_damaged);
}

TEST(LogStore, CompactsWithoutLosingAnything) {
  SimDisk disk;
  const LogStore::Limits limits{.dead_bytes_max = 1024};
  LogStore store = LogStore::open(disk, "log", limits).value();
  put(store, "kept", "value");
  for (int i = 0; i < 1000; ++i) {
    put(store, "counter", std::to_string(i));
  }
  EXPECT_LT(store.file_bytes(), 4096U);
  EXPECT_EQ(value_of(store, "kept"), "value");
  const LogStore again = LogStore::open(disk, "log", limits).value();
  EXPECT_EQ(value_of(again, "counter"), "999");
}

TEST(LogStore, SeesDamageInACompactedFile) {
  SimDisk disk;
  const LogStore::Limits limits{.dead_bytes_max = 64};
  {
    LogStore store = LogStore::open(disk, "log", limits).value();
    put(store, "kept", "precious");
    for (int i = 0; i < 10; ++i) {
      put(store, "counter", std::string(20, 'y'));
    }
  }
  flip_byte(disk, "log", "precious");
  EXPECT_EQ(LogStore::open(disk, "log", limits).error().code, ledger_damaged);
}

TEST(LogStore, AFullDiskChangesNothingAndPasses) {
  SimDisk disk;
  LogStore store = LogStore::open(disk, "log").value();
  put(store, "a", "1");
  disk.set_faults({.capacity_bytes = store.file_bytes() + 40});
  LogStore::Batch batch;
  batch.put("b", std::string(100, 'x'));
  EXPECT_EQ(store.commit(batch).error().code, disk_full);
  EXPECT_FALSE(store.contains("b"));
  disk.set_faults({});
  ASSERT_TRUE(store.commit(batch));
  EXPECT_TRUE(LogStore::open(disk, "log").value().contains("b"));
}

LogStore::Batch batch_of(std::string_view key, std::string_view value) {
  LogStore::Batch batch;
  batch.put(key, value);
  return batch;
}

LogStore::Batch erasure_of(std::string_view key) {
  LogStore::Batch batch;
  batch.erase(key);
  return batch;
}

TEST(LogStore, TakesOutWhatIsDeadBeforeItRefuses) {
  SimDisk disk;
  LogStore store = LogStore::open(disk, "log", {.file_bytes_max = 1000}).value();
  put(store, "kept", std::string(400, 'x'));
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(store.commit(batch_of("counter", std::string(100, 'y')))) << i;
  }
  EXPECT_LE(store.file_bytes(), 1000U);
  EXPECT_EQ(value_of(store, "kept"), std::string(400, 'x'));
}

TEST(LogStore, TakesOutWhatIsDeadOnAFullDisk) {
  SimDisk disk;
  LogStore store = LogStore::open(disk, "log").value();
  for (int i = 0; i < 10; ++i) {
    put(store, "counter", std::string(1000, 'y'));
  }
  disk.set_faults({.capacity_bytes = disk.used_bytes()});
  EXPECT_TRUE(store.commit(batch_of("new", std::string(1000, 'z'))));
  EXPECT_EQ(value_of(LogStore::open(disk, "log").value(), "new"), std::string(1000, 'z'));
}

TEST(LogStore, ErasesWhereItsFileIsFull) {
  SimDisk disk;
  LogStore store = LogStore::open(disk, "log", {.file_bytes_max = 1000}).value();
  put(store, "a", std::string(450, 'x'));
  put(store, "b", std::string(450, 'x'));
  EXPECT_EQ(store.commit(batch_of("c", std::string(450, 'x'))).error().code, ledger_full);
  EXPECT_TRUE(store.commit(erasure_of("a")));
  EXPECT_TRUE(store.commit(batch_of("c", std::string(450, 'x'))));
}

TEST(LogStore, GivesItsReserveToThoseAloneWhoMayHaveIt) {
  SimDisk disk;
  LogStore store = LogStore::open(disk, "log").value();
  put(store, "kept", "value");
  disk.set_faults({.capacity_bytes = disk.used_bytes()});
  EXPECT_EQ(store.commit(batch_of("event", "1")).error().code, disk_full);
  EXPECT_TRUE(store.commit(batch_of("start", "1"), LogStore::Room::reserve));
  EXPECT_EQ(store.commit(batch_of("event", "1")).error().code, disk_full)
      << "what the reserve has left is not for it";
  EXPECT_TRUE(store.commit(erasure_of("kept")));
  EXPECT_EQ(value_of(LogStore::open(disk, "log").value(), "start"), "1");
  disk.set_faults({});
  EXPECT_TRUE(store.commit(batch_of("event", "1")));
  EXPECT_TRUE(disk.open("log.reserve", Disk::Create::no)) << "taken back when space returned";
}

TEST(LogStore, NeverAcknowledgesAfterAFailedSync) {
  SimDisk disk;
  LogStore store = LogStore::open(disk, "log").value();
  disk.set_faults({.fail_after = 2});  // The write succeeds, the sync does not.
  LogStore::Batch batch;
  batch.put("a", "1");
  EXPECT_EQ(store.commit(batch).error().code, disk_failed);
  EXPECT_FALSE(store.commit(batch));
}

TEST(LogStore, RefusesWhatDoesNotFit) {
  SimDisk disk;
  LogStore store = LogStore::open(disk, "log", {.file_bytes_max = 500}).value();
  LogStore::Batch batch;
  batch.put("a", std::string(1000, 'x'));
  EXPECT_EQ(store.commit(batch).error().code, ledger_full);
}

FloorRecord floor_at(std::uint64_t seq) {
  FloorRecord record{.number = {.term = 1, .seq = seq}};
  record.digest.bytes[0] = static_cast<std::uint8_t>(seq);
  return record;
}

/// A floor's file as older agents left it: no longer than its last record.
void put_older_floor(SimDisk& disk) {
  FloorFile floor = FloorFile::open(disk, "floor").value();
  ASSERT_TRUE(floor.write(floor_at(1)));
  ASSERT_TRUE(floor.write(floor_at(2)));
  ASSERT_TRUE(disk.open("floor", Disk::Create::no).value()->truncate(4096 + 84));
}

TEST(FloorFile, IsRaisedOnAFullDisk) {
  SimDisk disk;
  FloorFile floor = FloorFile::open(disk, "floor").value();
  disk.set_faults({.capacity_bytes = disk.used_bytes()});
  for (std::uint64_t seq = 1; seq <= 4; ++seq) {
    ASSERT_TRUE(floor.write(floor_at(seq)));
  }
  EXPECT_EQ(FloorFile::open(disk, "floor").value().value(), floor_at(4));
}

TEST(FloorFile, TakesTheRoomOfAnOlderOneAtItsNextStart) {
  SimDisk disk;
  put_older_floor(disk);
  EXPECT_EQ(FloorFile::open(disk, "floor").value().value(), floor_at(2));
  EXPECT_EQ(disk.open("floor", Disk::Create::no).value()->size().value(), 2 * 4096U);
}

TEST(FloorFile, OpensOnAFullDisk) {
  SimDisk disk;
  put_older_floor(disk);
  disk.set_faults({.capacity_bytes = disk.used_bytes()});
  EXPECT_EQ(FloorFile::open(disk, "floor").value().value(), floor_at(2));
  EXPECT_FALSE(FloorFile::open(disk, "another").value().value().has_value());
}

TEST(FloorFile, KeepsTheNewestAndHealsADamagedRecord) {
  SimDisk disk;
  {
    FloorFile floor = FloorFile::open(disk, "floor").value();
    EXPECT_FALSE(floor.value().has_value());
    ASSERT_TRUE(floor.write(floor_at(1)));
    ASSERT_TRUE(floor.write(floor_at(2)));
  }
  const auto file = disk.open("floor", Disk::Create::no).value();
  // Counter 2 stands in the first slot; damage the other.
  ASSERT_TRUE(file->write(4096 + 20, "damage"));
  EXPECT_EQ(FloorFile::open(disk, "floor").value().value(), floor_at(2));
  ASSERT_TRUE(file->write(20, "damage"));
  EXPECT_EQ(FloorFile::open(disk, "floor").value().value(), floor_at(2)) << "healed from the other";
}

TEST(FloorFile, OpensOnAFullDiskThoughOneRecordWasNeverWritten) {
  SimDisk disk;
  ASSERT_TRUE(FloorFile::open(disk, "floor").value().write(floor_at(1)));
  // The first operation syncs the directory, the second writes the record.
  disk.set_faults({.fail_after = 2, .code = disk_full});
  const Result<FloorFile> floor = FloorFile::open(disk, "floor");
  ASSERT_TRUE(floor) << to_string(floor.error());
  EXPECT_EQ(floor->value(), floor_at(1));
  disk.set_faults({.fail_after = 2, .code = disk_failed});
  EXPECT_FALSE(FloorFile::open(disk, "floor")) << "any other failure ends the start";
}

TEST(Ledger, RaisesItsStartCounterAtEveryOpening) {
  SimDisk disk;
  EXPECT_EQ(Ledger::open(disk).value().start_counter(), 1U);
  EXPECT_EQ(Ledger::open(disk).value().start_counter(), 2U);
}

TEST(Ledger, StartsAgainAndAgainOnAFullDisk) {
  SimDisk disk;
  ASSERT_TRUE(Ledger::open(disk).value().raise_floor(floor_at(5)));
  disk.set_faults({.capacity_bytes = disk.used_bytes()});
  for (std::uint64_t start = 2; start < 1000; ++start) {
    const Result<Ledger> ledger = Ledger::open(disk);
    ASSERT_TRUE(ledger) << to_string(ledger.error());
    EXPECT_EQ(ledger->start_counter(), start);
    EXPECT_EQ(ledger->floor(), floor_at(5));
  }
}

TEST(Ledger, TellsALostFloorFromOneThatNeverWas) {
  SimDisk disk;
  {
    Ledger ledger = Ledger::open(disk).value();
    EXPECT_FALSE(ledger.floor_lost());
    ASSERT_TRUE(ledger.raise_floor(floor_at(5)));
  }
  EXPECT_EQ(Ledger::open(disk).value().floor(), floor_at(5));
  ASSERT_TRUE(disk.remove("floor"));
  EXPECT_TRUE(Ledger::open(disk).value().floor_lost());
}

TEST(Ledger, BeginsAnewWhereItIsDamagedAndKeepsTheFloorAndTheDamagedBytes) {
  SimDisk disk;
  {
    Ledger ledger = Ledger::open(disk).value();
    ASSERT_TRUE(ledger.raise_floor(floor_at(5)));
    ASSERT_TRUE(ledger.commit(Ledger::Change().put(key::back_off, Counter{.value = 7})));
  }
  flip_byte(disk, "ledger", "floor-kept");
  const std::string damaged = read_whole(disk, "ledger", 1 << 20).value();
  {
    Ledger ledger = Ledger::open(disk).value();
    EXPECT_EQ(ledger.floor(), floor_at(5));
    EXPECT_FALSE(ledger.contains(key::back_off));
    EXPECT_TRUE(ledger.damage_untold());
  }
  EXPECT_EQ(read_whole(disk, "ledger.damaged", 1 << 20).value(), damaged);
  Ledger ledger = Ledger::open(disk).value();
  EXPECT_TRUE(ledger.damage_untold()) << "until it is told";
  ASSERT_TRUE(ledger.note_damage_told());
  EXPECT_FALSE(Ledger::open(disk).value().damage_untold());
}

TEST(Ledger, BeginsAnewWhereItIsEmpty) {
  SimDisk disk(sim::DiskImage{{"ledger", ""}, {"ledger.damaged", "older"}});
  EXPECT_TRUE(Ledger::open(disk).value().damage_untold());
  EXPECT_EQ(read_whole(disk, "ledger.damaged", 100).value(), "");
}

TEST(Ledger, KeepsTypedRecords) {
  SimDisk disk;
  Ledger ledger = Ledger::open(disk).value();
  ASSERT_TRUE(ledger.commit(Ledger::Change().put(key::candidate, Candidate{.attempts = 2})));
  const auto read = ledger.get<Candidate>(key::candidate).value();
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->attempts, 2U);
  EXPECT_FALSE(ledger.get<Counter>(key::back_off).value().has_value());
}

TEST(Ledger, GoesOnAboveAStartItHasForgotten) {
  SimDisk disk;
  Ledger ledger = Ledger::open(disk).value();
  ASSERT_TRUE(ledger.raise_start_above(41));
  EXPECT_EQ(ledger.start_counter(), 42U);
  ASSERT_TRUE(ledger.raise_start_above(7));
  EXPECT_EQ(Ledger::open(disk).value().start_counter(), 43U);
}

}  // namespace
}  // namespace skerry::agent
