#include "server/store/writer.h"

#include <fstream>
#include <future>

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/store/codes.h"
#include "server/store/writer_thread.h"
#include "unit/server/store/fault_vfs.h"
#include "unit/server/store/store_fixture.h"

namespace skerry::store {

namespace {

class WriterTest : public StoreTest {
 protected:
  void queue(const std::string& name, Change::Lane lane, std::vector<std::string>& answered) {
    Change change{.operations = {Note{.action = name}}, .lane = lane};
    ASSERT_TRUE(writer->submit(std::move(change), [&answered, name](const Result<Outcome>& done) {
      answered.push_back(done ? name : "failed " + name);
    }));
  }
};

TEST_F(WriterTest, CommitsEverythingThatWaitsAtOnce) {
  std::vector<std::string> answered;
  const std::uint64_t before = writer->commits();
  for (int i = 0; i < 100; ++i) {
    queue("n" + std::to_string(i), Change::Lane::admin, answered);
  }
  EXPECT_TRUE(answered.empty());
  ASSERT_TRUE(writer->step());
  EXPECT_EQ(answered.size(), 100U);
  EXPECT_EQ(writer->commits(), before + 1);
  EXPECT_EQ(reader->head().value().revision, 100U);
}

TEST_F(WriterTest, SyncsOnceForAGroup) {
  shut();
  open({.vfs = register_fault_vfs()});
  std::vector<std::string> answered;
  queue("warm the log up", Change::Lane::admin, answered);
  ASSERT_TRUE(writer->step());
  const std::uint64_t before = fault_plan().syncs;
  for (int i = 0; i < 50; ++i) {
    queue("n", Change::Lane::status, answered);
  }
  ASSERT_TRUE(writer->step());
  EXPECT_EQ(fault_plan().syncs, before + 1);
}

TEST_F(WriterTest, TakesAdminBeforeEventsBeforeStatus) {
  std::vector<std::string> answered;
  queue("status", Change::Lane::status, answered);
  queue("event", Change::Lane::events, answered);
  queue("admin", Change::Lane::admin, answered);
  ASSERT_TRUE(writer->step());
  EXPECT_EQ(answered, (std::vector<std::string>{"admin", "event", "status"}));
}

TEST_F(WriterTest, UndoesAFailedChangeAloneInItsGroup) {
  std::vector<std::string> answered;
  queue("before", Change::Lane::admin, answered);
  Change bad{.operations = {PutObject{.kind = "Stack", .name = "web", .body = "x"},
                            DeleteUser{.name = "nobody"}}};
  ErrorCode code;
  ASSERT_TRUE(
      writer->submit(bad, [&](const Result<Outcome>& answer) { code = answer.error().code; }));
  queue("after", Change::Lane::admin, answered);
  ASSERT_TRUE(writer->step());
  EXPECT_EQ(code, user_not_found);
  EXPECT_EQ(answered, (std::vector<std::string>{"before", "after"}));
  EXPECT_EQ(reader->head().value().revision, 2U);
  EXPECT_TRUE(reader->verify_audit(crypto));
}

TEST_F(WriterTest, RefusesWhatALaneHasNoRoomForAndKeepsTheOthersOpen) {
  shut();
  open({.lane_max = 2});
  std::vector<std::string> answered;
  queue("one", Change::Lane::status, answered);
  queue("two", Change::Lane::status, answered);
  const Status third = writer->submit({.operations = {Note{}}, .lane = Change::Lane::status},
                                      [](const Result<Outcome>&) { FAIL(); });
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, queue_full);
  EXPECT_EQ(third.error().kind, ErrorKind::exhausted);
  queue("admin", Change::Lane::admin, answered);
}

TEST_F(WriterTest, StormOfStatusKeepsNobodyFromChangingAnything) {
  std::promise<void> begun;
  std::promise<void> go_on;
  WriterThread thread(std::move(writer), {.committed = [] {}, .died = [](const Error&) {}}, 2);
  const auto submit = [&](Change::Lane lane, Done done) {
    return thread.submit({.operations = {Note{}}, .lane = lane}, std::move(done));
  };
  const Done nothing = [](const Result<Outcome>&) {};
  // The writer is held up, so that what comes now waits.
  ASSERT_TRUE(submit(Change::Lane::admin, [&](const Result<Outcome>&) {
    begun.set_value();
    go_on.get_future().wait();
  }));
  begun.get_future().wait();
  EXPECT_TRUE(submit(Change::Lane::status, nothing));
  EXPECT_TRUE(submit(Change::Lane::status, nothing));
  const Status third = submit(Change::Lane::status, nothing);
  const Status admin = submit(Change::Lane::admin, nothing);
  go_on.set_value();
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, queue_full);
  EXPECT_TRUE(admin);
}

TEST_F(WriterTest, BoundsAGroupAndSaysThatMoreWaits) {
  shut();
  open({.group_max = 2});
  std::vector<std::string> answered;
  queue("one", Change::Lane::admin, answered);
  queue("two", Change::Lane::admin, answered);
  queue("three", Change::Lane::admin, answered);
  EXPECT_TRUE(writer->step().value());
  EXPECT_EQ(answered.size(), 2U);
  EXPECT_FALSE(writer->step().value());
  EXPECT_EQ(answered.size(), 3U);
}

TEST_F(WriterTest, MayBeGivenMoreFromInsideAnAnswer) {
  std::vector<std::string> answered;
  ASSERT_TRUE(writer->submit(
      {.operations = {Note{.action = "first"}}},
      [&](const Result<Outcome>&) { queue("second", Change::Lane::admin, answered); }));
  EXPECT_TRUE(writer->step().value());
  ASSERT_TRUE(writer->drain());
  EXPECT_EQ(answered.size(), 1U);
}

TEST_F(WriterTest, KnowsWhetherTheLastRunEndedCleanly) {
  EXPECT_FALSE(writer->was_unclean());
  reopen();
  EXPECT_TRUE(writer->was_unclean());
  ASSERT_TRUE(writer->close());
  reopen();
  EXPECT_FALSE(writer->was_unclean());
}

TEST_F(WriterTest, RefusesASecondWriterOnTheSameFile) {
  const Result<std::unique_ptr<Writer>> second = Writer::open({.path = path()}, environment());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, store_locked);
}

TEST_F(WriterTest, RefusesASecondProcessOnTheSameFile) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto second = Writer::open({.path = path()}, environment());
    ::_exit(!second && second.error().code == store_locked ? 7 : 8);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST_F(WriterTest, RefusesAFileWithASecondName) {
  shut();
  ASSERT_EQ(::link(path().c_str(), (directory.path() + "/other.db").c_str()), 0);
  const auto linked = Writer::open({.path = directory.path() + "/other.db"}, environment());
  ASSERT_FALSE(linked);
  EXPECT_EQ(linked.error().code, store_shared);
}

TEST_F(WriterTest, RefusesAFileThatIsNoStore) {
  const std::string stranger = directory.path() + "/stranger.db";
  std::ofstream(stranger) << std::string(8192, 'x');
  const auto opened = Writer::open({.path = stranger}, environment());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, store_corrupt);
}

TEST_F(WriterTest, MakesNoStoreInPlaceOfALostOne) {
  const std::string lost = directory.path() + "/lost.db";
  const Options options{.path = lost, .absent = Options::Absent::refuse};
  // Of the lost store: SQLite drops it where it makes a new file.
  std::ofstream(lost + "-wal") << "the last changes";
  const auto missing = Writer::open(options, environment());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, store_lost);
  EXPECT_NE(::access(lost.c_str(), F_OK), 0);
  EXPECT_EQ(::access((lost + "-wal").c_str(), F_OK), 0);

  std::ofstream(lost) << "";
  const auto empty = Writer::open(options, environment());
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code, store_lost);
}

TEST_F(WriterTest, MakesNoStoreInADatabaseThatHoldsNothing) {
  const std::string bare = directory.path() + "/bare.db";
  {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(bare.c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, "CREATE TABLE a(b); DROP TABLE a", nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(database);
  }
  const auto opened =
      Writer::open({.path = bare, .absent = Options::Absent::refuse}, environment());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, store_lost);
}

TEST_F(WriterTest, ReaderRefusesAFileThatDoesNotExist) {
  EXPECT_FALSE(Reader::open(directory.path() + "/missing.db"));
}

TEST_F(WriterTest, MovesTheLogIntoTheDatabaseWhenItHasGrown) {
  shut();
  open({.checkpoint_pages = 8});
  const std::string body(4000, 'x');
  for (int i = 0; i < 200; ++i) {
    put("web" + std::to_string(i), body);
  }
  std::ifstream log(path() + "-wal", std::ios::ate);
  EXPECT_LT(log.tellg(), 400'000);
  EXPECT_EQ(reader->count_objects("Stack").value(), 200U);
}

TEST_F(WriterTest, ReaderThatLingersHoldsUpNobody) {
  shut();
  open({.checkpoint_pages = 4});
  put("web", "first");
  const Reader::Snapshot fixed = *reader->snapshot();
  for (int i = 0; i < 50; ++i) {
    put("web", std::string(2000, 'x') + std::to_string(i));
  }
  EXPECT_EQ(reader->object("Stack", "web").value()->body, "first");
}

TEST_F(WriterTest, BackupIsAStoreOfItsOwnWithTheSameContent) {
  put("web", "one");
  const std::string copy = directory.path() + "/copy.db";
  ASSERT_TRUE(reader->backup(copy));
  put("web", "two");
  const Uuid original = reader->head().value().writer;

  auto restored = Writer::open({.path = copy}, environment()).value();
  EXPECT_FALSE(restored->was_unclean());
  auto view = Reader::open(copy).value();
  EXPECT_EQ(view->object("Stack", "web").value()->body, "one");
  EXPECT_NE(view->head().value().writer, original);
  EXPECT_TRUE(view->verify_audit(crypto));
}

TEST_F(WriterTest, CheckFindsDamage) {
  for (int i = 0; i < 50; ++i) {
    put("web" + std::to_string(i), std::string(1000, 'x'));
  }
  ASSERT_TRUE(writer->close());
  EXPECT_TRUE(reader->check());
  shut();
  std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(0, std::ios::end);
  const auto size = file.tellg();
  for (std::streamoff at = 4096 + 100; at < size; at += 4096) {
    file.seekp(at);
    file.write("\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    file.seekp(at - 100);
    file.write("\x0d\x00\x00\x7f\xff", 5);
  }
  file.close();
  auto damaged = Reader::open(path());
  const Status checked = damaged ? (*damaged)->check() : Status(fail(damaged.error()));
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, store_corrupt);
}

}  // namespace

}  // namespace skerry::store
