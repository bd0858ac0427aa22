// Power cuts at every file operation of a ledger's life, each with several ideas of what an
// unsynced page cache leaves behind. After each the ledger must open, and hold what was
// acknowledged (G4, G11).
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "agent/ledger/ledger.h"
#include "sim/sim_disk.h"

namespace skerry::agent {
namespace {

using sim::DiskImage;
using sim::PowerCut;
using sim::SimDisk;

/// What the workload had been told was durable when the power went.
struct Acknowledged {
  std::map<std::string, std::string> values;
  /// What the operation under way would make of it.
  std::map<std::string, std::string> next_values;
  std::uint64_t floor_seq = 0;
  std::uint64_t next_floor_seq = 0;
  std::uint64_t start = 0;
};

class CrashStates : public testing::Test {
 protected:
  /// Runs `steps` operations; before each file operation every kind of power cut is tried.
  void run(unsigned seed, int steps) {
    random_.seed(seed);
    SimDisk disk;
    disk.set_observer([&](std::uint64_t) { cut_power(disk); });
    LogStore log = LogStore::open(disk, "log", limits_).value();
    FloorFile floor = FloorFile::open(disk, "floor").value();
    opened_ = true;
    for (int step = 0; step < steps; ++step) {
      change(log);
      raise(floor);
    }
  }

  std::uint64_t pick(std::uint64_t bound) { return random_() % bound; }

  void change(LogStore& log) {
    LogStore::Batch batch;
    for (std::uint64_t i = 0; i <= pick(3); ++i) {
      const std::string key = "key" + std::to_string(pick(6));
      if (pick(5) == 0) {
        batch.erase(key);
        told_.next_values.erase(key);
      } else {
        const std::string value(pick(900), static_cast<char>('a' + pick(26)));
        batch.put(key, value);
        told_.next_values[key] = value;
      }
    }
    ASSERT_TRUE(log.commit(batch));
    told_.values = told_.next_values;
  }

  void raise(FloorFile& floor) {
    told_.next_floor_seq = told_.floor_seq + 1;
    ASSERT_TRUE(floor.write({.number = {.term = 1, .seq = told_.next_floor_seq}}));
    told_.floor_seq = told_.next_floor_seq;
  }

  void cut_power(const SimDisk& disk) {
    for (const PowerCut cut : {PowerCut::drop_unsynced,
                               PowerCut::keep_all,
                               PowerCut::random_subset,
                               PowerCut::random_subset,
                               PowerCut::torn,
                               PowerCut::torn,
                               PowerCut::torn}) {
      DiskImage image =
          disk.after_power_cut(cut, [this](std::uint64_t bound) { return pick(bound); });
      if (images_.insert(std::hash<std::string>()(flatten(image))).second) {
        check(SimDisk(image));
      }
    }
  }

  static std::string flatten(const DiskImage& image) {
    std::string all;
    for (const auto& [name, content] : image) {
      all += name + '\0' + content + '\0';
    }
    return all;
  }

  void check(SimDisk disk) {
    const Result<LogStore> log = LogStore::open(disk, "log", limits_);
    ASSERT_TRUE(log) << to_string(log.error());
    std::map<std::string, std::string> found;
    for (const std::string& key : log->keys("")) {
      found[key] = log->get(key).value().value();
    }
    EXPECT_TRUE(found == told_.values || found == told_.next_values)
        << "a batch is there whole or not at all";
    const Result<FloorFile> floor = FloorFile::open(disk, "floor");
    ASSERT_TRUE(floor);
    const std::uint64_t seq = floor->value() ? floor->value()->number.seq : 0;
    EXPECT_GE(seq, told_.floor_seq);
    EXPECT_LE(seq, told_.next_floor_seq);
  }

  /// A small reserve, for every image of a disk holds one.
  LogStore::Limits limits_{.reserve_bytes = 512, .dead_bytes_max = 2048};
  std::mt19937_64 random_;
  Acknowledged told_;
  bool opened_ = false;
  std::set<std::size_t> images_;
};

TEST_F(CrashStates, EveryPowerCutRecoversWhatWasAcknowledged) {
  for (unsigned seed = 1; images_.size() < 12'000; ++seed) {
    ASSERT_LT(seed, 100U);
    told_ = {};
    run(seed, 120);
    ASSERT_FALSE(HasFatalFailure());
  }
  RecordProperty("distinct_images", static_cast<int>(images_.size()));
  EXPECT_GE(images_.size(), 10'000U);
}

TEST_F(CrashStates, EveryFailedOperationLeavesARecoverableDisk) {
  // The n-th operation fails; the process then exits and a new one opens what is there.
  for (std::uint64_t n = 1; n < 400; ++n) {
    SimDisk disk;
    std::map<std::string, std::string> acknowledged;
    std::map<std::string, std::string> attempted;
    disk.set_faults({.fail_after = n});
    Result<LogStore> log = LogStore::open(disk, "log", {.dead_bytes_max = 512});
    for (int step = 0; log && step < 100; ++step) {
      const std::string key = "key" + std::to_string(step % 4);
      LogStore::Batch batch;
      batch.put(key, std::string(100, static_cast<char>('a' + step % 26)));
      attempted = acknowledged;
      attempted[key] = std::string(100, static_cast<char>('a' + step % 26));
      if (!log->commit(batch)) {
        break;
      }
      acknowledged = attempted;
    }
    disk.set_faults({});
    const Result<LogStore> again = LogStore::open(disk, "log");
    ASSERT_TRUE(again) << "after failing operation " << n;
    std::map<std::string, std::string> found;
    for (const std::string& key : again->keys("")) {
      found[key] = again->get(key).value().value();
    }
    EXPECT_TRUE(found == acknowledged || found == attempted) << "after failing operation " << n;
  }
}

/// What a disk holds after damage that no power cut makes.
DiskImage damaged_image() {
  SimDisk disk;
  {
    Ledger ledger = Ledger::open(disk).value();
    EXPECT_TRUE(ledger.raise_floor({.number = {.term = 1, .seq = 5}}));
  }
  DiskImage image = disk.after_power_cut(PowerCut::keep_all, [](std::uint64_t) { return 0; });
  image["ledger"][12] ^= 1;
  return image;
}

TEST_F(CrashStates, EveryPowerCutWhileADamagedLedgerIsPutAsideKeepsFloorBytesAndWord) {
  const DiskImage damaged = damaged_image();
  SimDisk disk(damaged);
  int cuts = 0;
  const auto check_cut = [&](PowerCut cut) {
    SimDisk after(disk.after_power_cut(cut, [this](std::uint64_t bound) { return pick(bound); }));
    const Result<Ledger> ledger = Ledger::open(after);
    ASSERT_TRUE(ledger) << to_string(ledger.error());
    EXPECT_EQ(ledger->floor().number.seq, 5U);
    EXPECT_TRUE(ledger->damage_untold());
    EXPECT_EQ(read_whole(after, "ledger.damaged", 1 << 20).value(), damaged.at("ledger"));
    ++cuts;
  };
  disk.set_observer([&](std::uint64_t) {
    for (int i = 0; i < 20; ++i) {
      for (const PowerCut cut :
           {PowerCut::drop_unsynced, PowerCut::keep_all, PowerCut::random_subset, PowerCut::torn}) {
        check_cut(cut);
      }
    }
  });
  ASSERT_TRUE(Ledger::open(disk));
  EXPECT_GE(cuts, 500);
}

}  // namespace
}  // namespace skerry::agent
