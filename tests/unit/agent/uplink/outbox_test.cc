#include "agent/uplink/outbox.h"

#include <gtest/gtest.h>

#include "agent/uplink/intake.h"
#include "sim/sim_disk.h"

namespace skerry::agent {
namespace {

using document::Event;
using document::ReportNumber;

class OutboxTest : public ::testing::Test {
 protected:
  OutboxTest() { reopen(); }

  void reopen() {
    ledger = std::make_unique<Ledger>(Ledger::open(disk).value());
    outbox = std::make_unique<Outbox>(
        Outbox::open(*ledger, {.events_max = 4, .security_reserve = 2}).value());
  }

  Status add(Event::Class event_class = Event::Class::notice) {
    return outbox->add({.event_class = event_class, .code = "tick"});
  }

  void add_many(int count, Event::Class event_class = Event::Class::notice) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(add(event_class));
    }
  }

  [[nodiscard]] std::vector<Event> all() const { return outbox->next({}, 100).value(); }

  /// How many numbers of this run are told, as events or in gaps, without a hole.
  [[nodiscard]] std::uint64_t told_from(std::uint64_t seq) const {
    std::uint64_t next = seq;
    for (const Event& event : all()) {
      EXPECT_EQ(event.number.seq, next);
      next += std::max<std::uint64_t>(event.count, 1);
    }
    return next - seq;
  }

  sim::SimDisk disk;
  std::unique_ptr<Ledger> ledger;
  std::unique_ptr<Outbox> outbox;
};

TEST_F(OutboxTest, KeepsEventsInOrderUntilTheyAreAcknowledged) {
  add_many(3);
  ASSERT_TRUE(outbox->acknowledge({.start = 1, .seq = 2}));
  ASSERT_EQ(all().size(), 1U);
  EXPECT_EQ(all()[0].number, (ReportNumber{.start = 1, .seq = 3}));
}

TEST_F(OutboxTest, SurvivesARestart) {
  add_many(3);
  reopen();
  EXPECT_EQ(all().size(), 3U);
  add_many(1);
  EXPECT_EQ(all().back().number, (ReportNumber{.start = 2, .seq = 1}));
}

TEST_F(OutboxTest, DeclaresWhatItDrops) {
  add_many(20);
  EXPECT_LE(outbox->size(), 5U);
  EXPECT_EQ(told_from(1), 20U);
}

TEST_F(OutboxTest, DropsTheLeastImportantFirst) {
  add_many(1, Event::Class::change);
  add_many(1, Event::Class::security);
  add_many(20);
  EXPECT_EQ(all()[0].event_class, Event::Class::change);
  EXPECT_EQ(all()[1].event_class, Event::Class::security);
}

TEST_F(OutboxTest, KeepsRoomForSecurityEvents) {
  add_many(10, Event::Class::change);
  const std::size_t before = outbox->size();
  add_many(1, Event::Class::security);
  EXPECT_EQ(outbox->size(), before + 1);
}

TEST_F(OutboxTest, LeavesNoHoleWhereAnEventCouldNotBeWritten) {
  add_many(1);
  disk.set_faults({.capacity_bytes = 1});
  EXPECT_FALSE(add());
  disk.set_faults({});
  add_many(1);
  EXPECT_EQ(told_from(1), 2U);
}

TEST_F(OutboxTest, TellsTheRestOfAGapThatGrewAfterItWasSent) {
  add_many(6);
  const std::vector<Event> sent = all();
  ASSERT_EQ(sent.front().code, "gap");
  // Nothing says what was sent in this session, so the gap may grow.
  add_many(3);
  const std::uint64_t end = sent.front().number.seq + sent.front().count - 1;
  ASSERT_TRUE(outbox->acknowledge({.start = 1, .seq = end}));
  EXPECT_EQ(told_from(end + 1), 9 - end);
}

TEST_F(OutboxTest, TellsTheRestOfSuchAGapWithoutRoomToKeepItApart) {
  add_many(6);
  const Event sent = all().front();
  add_many(3);
  const std::uint64_t end = sent.number.seq + sent.count - 1;
  disk.set_faults({.capacity_bytes = 1});
  ASSERT_TRUE(outbox->acknowledge({.start = 1, .seq = end}));
  const std::vector<Event> rest = outbox->next({.start = 1, .seq = end}, 100).value();
  ASSERT_FALSE(rest.empty());
  EXPECT_EQ(rest.front().number.seq, end + 1);
}

TEST_F(OutboxTest, JoinsNoGapAcrossWhatIsOnItsWay) {
  add_many(6);
  const Event gap = all().front();
  outbox->mark_sent(gap.number);
  add_many(3);
  EXPECT_EQ(all().front().count, gap.count);
  EXPECT_EQ(told_from(1), 9U);
}

TEST_F(OutboxTest, GivesNewNumbersAboveAForgottenPastWithoutAHole) {
  add_many(2, Event::Class::security);
  add_many(6);
  reopen();
  add_many(1, Event::Class::security);
  const std::vector<Event> before = all();
  ASSERT_TRUE(outbox->renumber_above(40));
  const std::vector<Event> after = all();
  ASSERT_EQ(after.size(), before.size());
  EXPECT_EQ(after.front().number, (ReportNumber{.start = 41, .seq = 1}));
  for (std::size_t i = 0; i < after.size(); ++i) {
    EXPECT_EQ(after[i].code, before[i].code);
    EXPECT_EQ(after[i].count, before[i].count);
  }
  ASSERT_TRUE(add(Event::Class::security));
  EXPECT_EQ(told_from(1), 10U);
  EXPECT_EQ(ledger->start_counter(), 41U);
  reopen();
  EXPECT_EQ(told_from(1), 10U) << "it is durable";
}

TEST_F(OutboxTest, KeepsItsNumbersWhereTheDiskHasNoRoomForNewOnes) {
  add_many(3);
  disk.set_faults({.capacity_bytes = 1});
  EXPECT_FALSE(outbox->renumber_above(40));
  EXPECT_EQ(ledger->start_counter(), 1U);
  EXPECT_EQ(all().front().number, (ReportNumber{.start = 1, .seq = 1}));
  disk.set_faults({});
  add_many(1);
  EXPECT_EQ(told_from(1), 4U);
}

TEST(Outbox, DeclaresWhatIsTooMuchToBeGivenNewNumbers) {
  sim::SimDisk disk;
  Ledger ledger = Ledger::open(disk).value();
  Outbox outbox = Outbox::open(ledger).value();
  for (int i = 0; i < 300; ++i) {
    const std::string text(2048, 'x');
    ASSERT_TRUE(outbox.add({.code = "drift", .message = text, .wanted = text, .found = text}));
  }
  ASSERT_TRUE(outbox.renumber_above(1));
  const std::vector<Event> all = outbox.next({}, 1000).value();
  ASSERT_EQ(all.size(), 300U);
  EXPECT_EQ(all.front().code, "drift");
  EXPECT_EQ(all.back().code, "gap");
  EXPECT_EQ(all.back().number.seq, 300U);
}

}  // namespace
}  // namespace skerry::agent
