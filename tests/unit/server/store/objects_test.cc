#include "server/store/codes.h"
#include "unit/server/store/store_fixture.h"

namespace skerry::store {

namespace {

using ObjectsTest = StoreTest;

TEST_F(ObjectsTest, GivesBackWhatWasPut) {
  const Effect effect = put("web", "spec: 1");
  EXPECT_TRUE(effect.changed);
  EXPECT_EQ(effect.revision, 1U);
  EXPECT_EQ(effect.generation, 1U);

  const ObjectRow row = reader->object("Stack", "web").value().value();
  EXPECT_EQ(row.body, "spec: 1");
  EXPECT_EQ(row.uid, effect.uid);
  EXPECT_EQ(row.revision, 1U);
  EXPECT_EQ(row.digest, crypto.sha256("spec: 1"));
  EXPECT_EQ(row.created_at, clock.time);
}

TEST_F(ObjectsTest, TakesNoRevisionForAnEqualBody) {
  put("web", "same");
  const Effect again = put("web", "same");
  EXPECT_FALSE(again.changed);
  EXPECT_EQ(again.revision, 1U);
  EXPECT_EQ(reader->head().value().revision, 1U);
}

TEST_F(ObjectsTest, RaisesTheGenerationOnlyWhereTheSpecChanged) {
  const Digest spec = digest(1);
  must(PutObject{.kind = "Stack", .name = "web", .body = "a", .spec_digest = spec});
  const Effect label =
      must(PutObject{.kind = "Stack", .name = "web", .body = "b", .spec_digest = spec});
  EXPECT_EQ(label.generation, 1U);
  EXPECT_EQ(label.revision, 2U);
  const Effect edit =
      must(PutObject{.kind = "Stack", .name = "web", .body = "c", .spec_digest = digest(2)});
  EXPECT_EQ(edit.generation, 2U);
}

TEST_F(ObjectsTest, RefusesALostUpdate) {
  const Effect first = put("web", "one");
  put("web", "two");
  const Result<Outcome> late =
      apply(PutObject{.kind = "Stack", .name = "web", .body = "mine", .if_match = first.revision});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, stale_revision);
  EXPECT_EQ(late.error().kind, ErrorKind::conflict);
  EXPECT_EQ(reader->object("Stack", "web").value()->body, "two");
}

TEST_F(ObjectsTest, RefusesIfMatchOnAnObjectThatIsGone) {
  const Effect first = put("web", "one");
  must(DeleteObject{.kind = "Stack", .name = "web"});
  const Result<Outcome> late =
      apply(PutObject{.kind = "Stack", .name = "web", .body = "mine", .if_match = first.revision});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, stale_revision);
}

TEST_F(ObjectsTest, CreatesOnlyOnceUnderIfAbsent) {
  const PutObject create{.kind = "Stack", .name = "web", .body = "one", .if_absent = true};
  must(create);
  const Result<Outcome> again = apply(create);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, already_exists);
}

TEST_F(ObjectsTest, GivesARecreatedObjectANewUidAndTheFirstGeneration) {
  const Effect first = put("web", "one");
  put("web", "two");
  must(DeleteObject{.kind = "Stack", .name = "web"});
  EXPECT_FALSE(reader->object("Stack", "web").value());
  const Effect second = put("web", "three");
  EXPECT_NE(second.uid, first.uid);
  EXPECT_EQ(second.generation, 1U);
}

TEST_F(ObjectsTest, RefusesToDeleteAnotherRevision) {
  const Effect first = put("web", "one");
  put("web", "two");
  const Result<Outcome> late =
      apply(DeleteObject{.kind = "Stack", .name = "web", .if_match = first.revision});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, stale_revision);
  const Result<Outcome> missing = apply(DeleteObject{.kind = "Stack", .name = "other"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, object_not_found);
}

TEST_F(ObjectsTest, ListsAKindByNameFromACursor) {
  put("c", "3");
  put("a", "1");
  put("b", "2");
  must(PutObject{.kind = "Group", .name = "aa", .body = "g"});
  const std::vector<ObjectRow> first = reader->objects("Stack", "", 2).value();
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].name, "a");
  EXPECT_EQ(first[1].name, "b");
  const std::vector<ObjectRow> rest = reader->objects("Stack", "b", 2).value();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].name, "c");
  EXPECT_EQ(reader->count_objects("Stack").value(), 3U);
}

TEST_F(ObjectsTest, FeedIsOrderedAndWithoutGaps) {
  put("a", "1");
  put("b", "1");
  must(Note{.action = "login", .kind = "User", .name = "ana", .result = "denied"});
  must(DeleteObject{.kind = "Stack", .name = "a"});
  const Changes page = reader->changes_since(0, 3).value();
  ASSERT_EQ(page.rows.size(), 3U);
  EXPECT_FALSE(page.compacted);
  EXPECT_EQ(page.head, 4U);
  EXPECT_EQ(page.rows[0].revision, 1U);
  EXPECT_EQ(page.rows[2].result, "denied");
  const Changes rest = reader->changes_since(3, 3).value();
  ASSERT_EQ(rest.rows.size(), 1U);
  EXPECT_EQ(rest.rows[0].action, "delete");
  EXPECT_EQ(rest.rows[0].name, "a");
}

TEST_F(ObjectsTest, FeedSaysWhereItIsCompacted) {
  put("a", "1");
  put("b", "1");
  must(CompactFeed{.through = 2});
  EXPECT_TRUE(reader->changes_since(1, 10).value().compacted);
  EXPECT_TRUE(reader->changes_since(1, 10).value().rows.empty());
  const Changes rest = reader->changes_since(2, 10).value();
  EXPECT_FALSE(rest.compacted);
  EXPECT_EQ(rest.rows.size(), 1U);
}

TEST_F(ObjectsTest, FeedAsksForAResyncAboveTheHead) {
  put("a", "1");
  EXPECT_TRUE(reader->changes_since(2, 10).value().compacted);
}

TEST_F(ObjectsTest, UndoesAChangeWholeWhereOneOperationFails) {
  Change change{.by = {.name = "user/ana"}};
  change.operations.push_back(PutObject{.kind = "Stack", .name = "web", .body = "x"});
  change.operations.push_back(PutBlob{.digest = digest(9), .bytes = "release"});
  change.operations.push_back(DeleteObject{.kind = "Stack", .name = "missing"});
  EXPECT_FALSE(writer->apply(std::move(change)));
  EXPECT_FALSE(reader->object("Stack", "web").value());
  EXPECT_FALSE(reader->blob(digest(9)).value());
  EXPECT_EQ(reader->head().value().revision, 0U);
}

TEST_F(ObjectsTest, AnswersARepeatedRequestAsTheFirstTime) {
  Change change{.by = {.name = "user/ana"}, .idempotency_key = "k1", .request = digest(1)};
  change.operations.push_back(PutObject{.kind = "Stack", .name = "web", .body = "x"});
  const Outcome first = writer->apply(change).value();
  const Outcome second = writer->apply(change).value();
  EXPECT_FALSE(first.replayed);
  EXPECT_TRUE(second.replayed);
  EXPECT_EQ(second.effects, first.effects);
  EXPECT_EQ(reader->head().value().revision, 1U);
}

TEST_F(ObjectsTest, RefusesAnIdempotencyKeyWithAnotherRequest) {
  Change change{.by = {.name = "user/ana"}, .idempotency_key = "k1", .request = digest(1)};
  change.operations.push_back(PutObject{.kind = "Stack", .name = "web", .body = "x"});
  ASSERT_TRUE(writer->apply(change));
  change.request = digest(2);
  const Result<Outcome> other = writer->apply(change);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, key_reused);
  change.by.name = "user/bob";
  change.operations = {Note{.action = "noted"}};
  EXPECT_TRUE(writer->apply(change));
}

TEST_F(ObjectsTest, ForgetsAnIdempotencyKeyAfterADay) {
  Change change{.by = {.name = "user/ana"}, .idempotency_key = "k1", .request = digest(1)};
  change.operations.push_back(Note{.action = "noted"});
  ASSERT_TRUE(writer->apply(change));
  clock.time += std::chrono::hours(25);
  put("web", "x");
  const Outcome later = writer->apply(change).value();
  EXPECT_FALSE(later.replayed);
}

TEST_F(ObjectsTest, FailedChangeUnderAKeyMayBeTriedAgain) {
  Change change{.by = {.name = "user/ana"}, .idempotency_key = "k1", .request = digest(1)};
  change.operations.push_back(DeleteObject{.kind = "Stack", .name = "web"});
  ASSERT_FALSE(writer->apply(change));
  put("web", "x");
  EXPECT_TRUE(writer->apply(change));
}

TEST_F(ObjectsTest, KeepsABlobOnce) {
  EXPECT_TRUE(must(PutBlob{.digest = digest(9), .bytes = "first"}).changed);
  EXPECT_FALSE(must(PutBlob{.digest = digest(9), .bytes = "first"}).changed);
  EXPECT_EQ(reader->blob(digest(9)).value(), "first");
}

TEST_F(ObjectsTest, TakesTrustDocumentsOneVersionAtATime) {
  must(PutTrust{.version = 1, .envelope = "t1"});
  const Result<Outcome> gap = apply(PutTrust{.version = 3, .envelope = "t3"});
  ASSERT_FALSE(gap);
  EXPECT_EQ(gap.error().code, fenced);
  must(PutTrust{.version = 2, .envelope = "t2"});
  EXPECT_EQ(reader->trusts_since(1).value(), std::vector<std::string>{"t2"});
}

TEST_F(ObjectsTest, SnapshotDoesNotMoveWhileTheWriterGoesOn) {
  put("web", "one");
  {
    const Reader::Snapshot fixed = *reader->snapshot();
    put("web", "two");
    EXPECT_EQ(reader->object("Stack", "web").value()->body, "one");
    EXPECT_EQ(reader->head().value().revision, 1U);
  }
  EXPECT_EQ(reader->object("Stack", "web").value()->body, "two");
}

}  // namespace

}  // namespace skerry::store
