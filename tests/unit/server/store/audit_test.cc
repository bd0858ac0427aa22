#include <sqlite3.h>

#include "server/store/audit_head.h"
#include "server/store/codes.h"
#include "trust/openssl_crypto.h"
#include "unit/server/store/store_fixture.h"

namespace skerry::store {

namespace {

class AuditTest : public StoreTest {
 protected:
  AuditTest() {
    for (int i = 0; i < 5; ++i) {
      put("web", "body " + std::to_string(i));
    }
  }

  /// Does to the file what somebody with a SQLite shell could do.
  void tamper(const char* sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
  }

  std::string verdict() {
    const Status status = reader->verify_audit(crypto);
    return status ? "ok" : status.error().message;
  }
};

TEST_F(AuditTest, HoldsFromRowOneToTheHead) {
  EXPECT_EQ(verdict(), "ok");
  const std::vector<AuditRow> rows = reader->audit(0, 10).value();
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_TRUE(rows[0].previous.is_zero());
  EXPECT_EQ(rows[0].action, "create");
  EXPECT_EQ(rows[0].actor, "user/ana");
  EXPECT_EQ(rows[0].method, "password");
  EXPECT_EQ(rows[1].before, rows[0].after);
  EXPECT_EQ(rows[0].after, crypto.sha256("body 0"));
}

TEST_F(AuditTest, NamesARowThatWasChanged) {
  tamper("UPDATE audit SET actor = 'user/eve' WHERE rev = 2");
  EXPECT_EQ(verdict(), "audit row 2 does not hash to what the next row says");
}

TEST_F(AuditTest, NamesTheLastRowWhereThatOneWasChanged) {
  tamper("UPDATE audit SET result = 'ok?' WHERE rev = 5");
  EXPECT_EQ(verdict(), "audit row 5 does not hash to what the head says");
}

TEST_F(AuditTest, NamesARowThatWasTakenOut) {
  tamper("DELETE FROM audit WHERE rev = 3");
  EXPECT_EQ(verdict(), "audit row 3 is missing");
}

TEST_F(AuditTest, NamesTheFirstRowWhereTheEndWasCutOff) {
  tamper("DELETE FROM audit WHERE rev >= 4");
  EXPECT_EQ(verdict(), "audit row 4 is missing");
}

TEST_F(AuditTest, NamesARowThatWasPutIn) {
  tamper(
      "INSERT INTO audit SELECT 6, time, actor, method, source, action, kind, name, uid, before,"
      " after, result, previous FROM audit WHERE rev = 5");
  EXPECT_EQ(verdict(), "audit row 5 does not hash to what the next row says");
}

TEST_F(AuditTest, NamesAHeadThatWasSetBack) {
  tamper("DELETE FROM audit WHERE rev = 5; UPDATE head SET rev = 4");
  EXPECT_EQ(verdict(), "audit row 4 does not hash to what the head says");
}

TEST_F(AuditTest, NamesAFirstRowThatClaimsAPast) {
  tamper("UPDATE audit SET previous = randomblob(32) WHERE rev = 1");
  EXPECT_EQ(verdict(), "audit row 1 does not hash to what the next row says");
}

TEST_F(AuditTest, WalksTheLastRowsAlone) {
  tamper("UPDATE audit SET actor = 'user/eve' WHERE rev = 2");
  EXPECT_TRUE(reader->verify_audit(crypto, 2));
  tamper("UPDATE audit SET actor = 'user/eve' WHERE rev = 3");
  const Status found = reader->verify_audit(crypto, 2);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "audit row 3 does not hash to what the next row says");
}

class AuditHeadTest : public AuditTest {
 protected:
  std::string sign() { return sign_audit_head(reader->head().value(), key, signing).value(); }

  std::string verdict_on(const std::string& head) {
    const Status status = check_audit_head(head, *reader, key.public_key, signing);
    return status ? "ok" : status.error().message;
  }

  trust::OpenSslCrypto signing;
  KeyPair key = signing.generate().value();
};

TEST_F(AuditHeadTest, HoldsWhileTheChainGrows) {
  const std::string head = sign();
  EXPECT_EQ(verdict_on(head), "ok");
  put("web", "after");
  EXPECT_EQ(verdict_on(head), "ok");
}

TEST_F(AuditHeadTest, ShowsAnEndThatWasCutOffWholly) {
  const std::string head = sign();
  tamper(
      "UPDATE head SET rev = 4, audit_hash = (SELECT previous FROM audit WHERE rev = 5);"
      "DELETE FROM audit WHERE rev = 5");
  ASSERT_EQ(verdict(), "ok") << "the chain alone does not show it";
  EXPECT_EQ(verdict_on(head), "audit row 5 is missing, and a signed head names it");
}

TEST_F(AuditHeadTest, ShowsARowThatWasWrittenAnew) {
  const std::string head = sign();
  tamper("UPDATE audit SET actor = 'user/eve' WHERE rev = 5");
  EXPECT_EQ(verdict_on(head), "audit row 5 is not the one that a signed head names");
}

TEST_F(AuditHeadTest, IsNothingWithoutTheSignatureOfTheKey) {
  const std::string head = sign();
  key = signing.generate().value();
  EXPECT_EQ(verdict_on(head), "the head of row 5 is not signed by this server's key");
  EXPECT_EQ(verdict_on("5:" + std::string(64, '0')), "not a signed head");
}

TEST_F(AuditTest, GoesOnFromTheHeadAfterARestart) {
  reopen();
  put("web", "after");
  EXPECT_EQ(verdict(), "ok");
  EXPECT_EQ(reader->head().value().revision, 6U);
}

TEST_F(AuditTest, HashesARowAsThePublishedFormatSays) {
  // docs/formats/store.md: protobuf fields in order, zero ones left out.
  const AuditRow row = reader->audit(0, 1).value().at(0);
  std::string bytes = "\x08\x01\x10";
  auto time = static_cast<std::uint64_t>(row.time.time_since_epoch().count());
  for (; time >= 0x80; time >>= 7U) {
    bytes.push_back(static_cast<char>((time & 0x7fU) | 0x80U));
  }
  bytes.push_back(static_cast<char>(time));
  bytes +=
      "\x1a\x08user/ana\x22\x08password\x32\x06"
      "create\x3a\x05Stack\x42\x03web\x4a\x10";
  bytes += row.uid.view();
  bytes += "\x5a\x20";
  bytes += row.after.view();
  bytes += "\x62\x02ok";
  EXPECT_EQ(reader->audit(1, 1).value().at(0).previous, crypto.sha256(bytes));
}

}  // namespace

}  // namespace skerry::store
