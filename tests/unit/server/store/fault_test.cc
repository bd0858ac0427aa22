#include "base/disk.h"
#include "server/store/codes.h"
#include "unit/server/store/fault_vfs.h"
#include "unit/server/store/store_fixture.h"

namespace skerry::store {

namespace {

class FaultTest : public StoreTest {
 protected:
  FaultTest() {
    fault_plan() = {};
    shut();
    open({.vfs = register_fault_vfs(), .checkpoint_pages = 16});
  }

  ~FaultTest() override { fault_plan() = {}; }

  /// One change of three operations that belong together.
  static Change trio(const std::string& name) {
    Change change{.by = {.name = "user/ana"}};
    change.operations.push_back(PutObject{.kind = "Stack", .name = name, .body = "stack " + name});
    change.operations.push_back(
        PutObject{.kind = "Release", .name = name, .body = "release " + name});
    change.operations.push_back(
        PutBlob{.digest = crypto_of(name), .bytes = std::string(5000, 'b')});
    return change;
  }

  static Digest crypto_of(const std::string& name) { return HashOnly().sha256(name); }

  /// Either all three of a change are there or none.
  bool is_whole(const std::string& name, bool& present) {
    const bool stack = reader->object("Stack", name).value().has_value();
    const bool release = reader->object("Release", name).value().has_value();
    const bool blob = reader->blob(crypto_of(name)).value().has_value();
    present = stack;
    return stack == release && release == blob;
  }
};

TEST_F(FaultTest, EveryFailedOperationLeavesEachChangeWholeOrAbsent) {
  std::uint64_t failures = 0;
  for (std::uint64_t at = 0; at < 60; ++at) {
    fault_plan() = {};
    shut();
    open({.vfs = register_fault_vfs(), .checkpoint_pages = 16});
    std::map<std::string, bool> acknowledged;
    fault_plan() = {.kind = FaultPlan::Kind::io_error, .after = at};
    for (int i = 0; i < 8; ++i) {
      const std::string name = std::to_string(at) + "-" + std::to_string(i);
      acknowledged[name] = writer->apply(trio(name)).has_value();
    }
    failures += fault_plan().seen > at ? 1U : 0U;
    fault_plan() = {};
    shut();
    open({.vfs = register_fault_vfs(), .checkpoint_pages = 16});
    for (const auto& [name, was_acknowledged] : acknowledged) {
      bool present = false;
      EXPECT_TRUE(is_whole(name, present)) << name;
      EXPECT_TRUE(present || !was_acknowledged) << name << " was lost";
    }
    ASSERT_TRUE(reader->verify_audit(crypto)) << "after failure " << at;
    ASSERT_TRUE(reader->check());
  }
  EXPECT_GT(failures, 50U);
}

TEST_F(FaultTest, IsDeadAfterAFailedSyncAndTouchesTheDiskNoMore) {
  put("web", "one");
  bool failed = false;
  fault_plan() = {.kind = FaultPlan::Kind::io_error, .after = 0};
  while (!failed) {
    failed = !writer->apply(trio("x"));
  }
  const std::uint64_t syncs = fault_plan().syncs;
  EXPECT_FALSE(writer->step());
  const Result<Outcome> later = writer->apply(trio("y"));
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, store_failed);
  EXPECT_FALSE(writer->close());
  writer.reset();
  EXPECT_EQ(fault_plan().syncs, syncs);
}

TEST_F(FaultTest, AnswersEverybodyWhenItDies) {
  int told = 0;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(writer->submit(trio(std::to_string(i)),
                               [&](const Result<Outcome>& answer) { told += answer ? 0 : 1; }));
  }
  fault_plan() = {.kind = FaultPlan::Kind::io_error, .after = 0};
  EXPECT_FALSE(writer->step());
  EXPECT_EQ(told, 5);
}

TEST_F(FaultTest, AFullDiskRefusesChangesAndKeepsReading) {
  put("web", "one");
  fault_plan() = {.kind = FaultPlan::Kind::full};
  const Result<Outcome> refused = writer->apply(trio("x"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::exhausted);
  EXPECT_EQ(refused.error().code, disk_full);
  EXPECT_EQ(reader->object("Stack", "web").value()->body, "one");
  EXPECT_EQ(reader->head().value().revision, 1U);
}

TEST_F(FaultTest, GoesOnByItselfWhenThereIsRoomAgain) {
  for (std::uint64_t after = 0; after < 12; ++after) {
    fault_plan() = {.kind = FaultPlan::Kind::full, .after = after};
    const std::string name = "full" + std::to_string(after);
    for (int i = 0; writer->apply(trio(name + "-" + std::to_string(i))); ++i) {
      ASSERT_LT(i, 20) << "the disk was never full";
    }
    fault_plan() = {};
    EXPECT_TRUE(writer->apply(trio("room" + std::to_string(after)))) << after;
  }
  EXPECT_TRUE(reader->verify_audit(crypto));
  EXPECT_TRUE(reader->check());
}

}  // namespace

}  // namespace skerry::store
