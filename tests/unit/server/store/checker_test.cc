#include "server/store/checker.h"

#include <condition_variable>
#include <fstream>
#include <mutex>

#include <sqlite3.h>

#include "server/store/codes.h"
#include "unit/server/store/store_fixture.h"

namespace skerry::store {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using Depth = Reader::Depth;

class CheckerTest : public StoreTest {
 protected:
  void start(Checker::Schedule schedule) {
    Result<std::unique_ptr<Checker>> started =
        Checker::start(path(), schedule, crypto, [this](Depth depth, const Status& found) {
          const std::lock_guard lock(mutex);
          told.emplace_back(depth, found);
          changed.notify_all();
        });
    ASSERT_TRUE(started) << started.error().message;
    checker = *std::move(started);
  }

  /// Waits for so many checks; what the last of them found.
  std::pair<Depth, Status> after(std::size_t checks) {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(
        changed.wait_for(lock, std::chrono::seconds(20), [&] { return told.size() >= checks; }));
    return told.size() >= checks ? told.at(checks - 1) : std::pair(Depth::quick, Status());
  }

  /// Overwrites the pages of the second half, where only objects are.
  void damage() {
    for (int i = 0; i < 200; ++i) {
      put("stack-" + std::to_string(i), std::string(500, 'b'));
    }
    ASSERT_TRUE(writer->close());
    shut();
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(0, std::ios::end);
    const auto size = static_cast<std::streamoff>(file.tellp());
    for (std::streamoff page = size / 2 / 4096 * 4096; page < size; page += 4096) {
      file.seekp(page);
      file.write("\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    }
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::pair<Depth, Status>> told;
  std::unique_ptr<Checker> checker;
};

TEST_F(CheckerTest, LooksAtOnceAfterAnUncleanStop) {
  start({.unclean = true, .first = hours(1)});
  const auto [depth, found] = after(1);
  EXPECT_EQ(depth, Depth::quick);
  EXPECT_TRUE(found) << found.error().message;
}

TEST_F(CheckerTest, LooksAtTheWholeFromTimeToTime) {
  start({.first = milliseconds(1), .every = milliseconds(1)});
  const auto [depth, found] = after(3);
  EXPECT_EQ(depth, Depth::whole);
  EXPECT_TRUE(found) << found.error().message;
}

TEST_F(CheckerTest, FindsATamperedAuditRowAtOnce) {
  put("web", "one");
  put("web", "two");
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &database), SQLITE_OK);
  ASSERT_EQ(
      sqlite3_exec(
          database, "UPDATE audit SET actor = 'eve' WHERE rev = 1", nullptr, nullptr, nullptr),
      SQLITE_OK);
  sqlite3_close(database);
  start({.first = hours(1)});
  const auto [depth, found] = after(1);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, audit_broken);
}

TEST_F(CheckerTest, SaysWhatIsDamagedAndLeavesItAsItIs) {
  damage();
  start({.unclean = true, .first = hours(1)});
  const auto [depth, found] = after(1);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, store_corrupt);
}

TEST_F(CheckerTest, EndsAtOnceWhateverItWaitsFor) {
  start({.first = hours(1)});
  checker.reset();
  EXPECT_TRUE(told.empty());
}

}  // namespace
}  // namespace skerry::store
