#include <fstream>
#include <set>
#include <sstream>

#include <sqlite3.h>

#include "server/store/codes.h"
#include "unit/server/store/store_fixture.h"

namespace skerry::store {

namespace {

/// Runs a script against a file with SQLite alone, as if another build had written it.
void run_script(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  char* message = nullptr;
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
  sqlite3_free(message);
  sqlite3_close(database);
}

/// Every table and column there is, with its type.
std::set<std::string> columns_of(const std::string& path) {
  std::set<std::string> columns;
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(database,
                     "SELECT t.name || '.' || c.name || ' ' || c.type || c.\"notnull\" || c.pk"
                     " FROM sqlite_schema t, pragma_table_info(t.name) c",
                     -1,
                     &statement,
                     nullptr);
  while (sqlite3_step(statement) == SQLITE_ROW) {
    columns.emplace(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)));
  }
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return columns;
}

class MigrationTest : public StoreTest {
 protected:
  MigrationTest() {
    std::ifstream file(SKERRY_TEST_DATA "/store/v0.sql");
    std::stringstream text;
    text << file.rdbuf();
    golden = text.str();
    EXPECT_NE(golden.find("user_version=0"), std::string::npos);
    old_path = directory.path() + "/old.db";
  }

  std::string golden;
  std::string old_path;
};

TEST_F(MigrationTest, BringsTheGoldenDatabaseOfVersion0UpToDate) {
  run_script(old_path, golden);
  auto migrated = Writer::open({.path = old_path}, environment());
  ASSERT_TRUE(migrated) << migrated.error().message;
  auto view = Reader::open(old_path).value();

  const ObjectRow web = view->object("Stack", "web").value().value();
  EXPECT_EQ(web.body, "second");
  EXPECT_EQ(web.generation, 2U);
  EXPECT_EQ(web.spec_digest, web.digest);
  EXPECT_EQ(view->head().value().revision, 7U);
  EXPECT_TRUE(view->verify_audit(crypto));
  EXPECT_EQ(view->told(1).value()->envelope, "manifest");
  EXPECT_EQ(view->report(1).value(), "report");
  const EventPage events = view->events_since(0, 10).value();
  ASSERT_EQ(events.rows.size(), 2U);
  EXPECT_EQ(events.rows[0].count, 1U);
  EXPECT_EQ(view->users("", 10).value().at(0).name, "ana");
  EXPECT_TRUE(view->check());
}

TEST_F(MigrationTest, GoesOnWritingAfterwards) {
  run_script(old_path, golden);
  auto migrated = Writer::open({.path = old_path}, environment()).value();
  Change change{.by = {.name = "user/ana"}, .idempotency_key = "k"};
  change.operations.push_back(PutObject{.kind = "Stack", .name = "web", .body = "third"});
  change.operations.push_back(AddEvents{.site = 1, .events = {{.number = {.start = 9, .seq = 1}}}});
  ASSERT_TRUE(migrated->apply(change));
  EXPECT_TRUE(Reader::open(old_path).value()->verify_audit(crypto));
}

TEST_F(MigrationTest, GivesTheSameTablesAsAFreshStore) {
  run_script(old_path, golden);
  ASSERT_TRUE(Writer::open({.path = old_path}, environment()));
  EXPECT_EQ(columns_of(old_path), columns_of(path()));
}

TEST_F(MigrationTest, LeavesAVerifiedBackupOfTheOldVersion) {
  run_script(old_path, golden);
  ASSERT_TRUE(Writer::open({.path = old_path}, environment()));
  const std::string backup = old_path + ".v0";
  EXPECT_FALSE(columns_of(backup).contains("event.count INTEGER10"));
  EXPECT_TRUE(columns_of(old_path).contains("event.count INTEGER10"));
  // It is whole: another migration starts from it.
  EXPECT_TRUE(Writer::open({.path = backup}, environment()));
}

TEST_F(MigrationTest, RefusesAStoreThatNeedsALaterBuild) {
  shut();
  run_script(path(), "UPDATE head SET readable_by = 3; PRAGMA user_version = 3");
  const auto opened = Writer::open({.path = path()}, environment());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, schema_too_new);
}

TEST_F(MigrationTest, OpensALaterStoreThatThisBuildCanStillRead) {
  shut();
  run_script(path(), "ALTER TABLE object ADD COLUMN later TEXT; PRAGMA user_version = 3");
  EXPECT_TRUE(Writer::open({.path = path()}, environment()));
}

TEST_F(MigrationTest, RefusesTheDatabaseOfAnotherProgram) {
  run_script(old_path, "CREATE TABLE theirs(x)");
  const auto opened = Writer::open({.path = old_path}, environment());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, store_unknown);
}

}  // namespace

}  // namespace skerry::store
