#include "integration/api/server_fixture.h"

namespace skerry::api {
namespace {

using ObjectsTest = ApiTest;

TEST_F(ObjectsTest, AStackGoesInAndComesOutAndIsGone) {
  set_up();
  const Answer made = put_yaml("/api/v1/stacks/hello", hello_stack);
  ASSERT_EQ(made.status, 201U) << made.body;
  EXPECT_EQ(made.at("metadata.generation"), "1");
  const Answer got = ask("GET", "/api/v1/stacks/hello");
  ASSERT_EQ(got.status, 200U);
  EXPECT_EQ(got.header("etag"), made.header("etag"));
  EXPECT_EQ(got.at("status.release.digest"), made.at("status.release.digest"));
  EXPECT_EQ(ask("DELETE", "/api/v1/stacks/hello").status, 204U);
  EXPECT_EQ(ask("GET", "/api/v1/stacks/hello").status, 404U);
  EXPECT_FALSE(reader->object("Release", "hello").value());
}

TEST_F(ObjectsTest, StackAndSignedReleaseAreThereTogether) {
  set_up();
  const Answer made = put_yaml("/api/v1/stacks/hello", hello_stack);
  const auto release = reader->object("Release", "hello").value();
  ASSERT_TRUE(release);
  EXPECT_EQ(release->body, made.at("status.release.digest"));
  EXPECT_TRUE(reader->blob(parse_digest(release->body).value()).value());
}

TEST_F(ObjectsTest, AnEqualStackChangesNothing) {
  set_up();
  const Answer made = put_yaml("/api/v1/stacks/hello", hello_stack);
  const std::uint64_t revision = reader->head()->revision;
  const Answer again = put_yaml("/api/v1/stacks/hello", hello_stack);
  EXPECT_EQ(again.header("etag"), made.header("etag"));
  EXPECT_EQ(reader->head()->revision, revision);
}

TEST_F(ObjectsTest, OfTwoWhoChangeTheSameRevisionOneIsRefused) {
  set_up();
  const std::string etag = put_yaml("/api/v1/stacks/hello", hello_stack).header("etag");
  std::string mine = hello_stack;
  mine.replace(mine.find("1.0"), 3, "1.1");
  std::string theirs = hello_stack;
  theirs.replace(theirs.find("1.0"), 3, "1.2");
  EXPECT_EQ(put_yaml("/api/v1/stacks/hello", mine, {{"if-match", etag}}).status, 200U);
  const Answer late = put_yaml("/api/v1/stacks/hello", theirs, {{"if-match", etag}});
  EXPECT_EQ(late.status, 412U);
  EXPECT_EQ(late.at("code"), "stale_revision");
  EXPECT_EQ(put_yaml("/api/v1/stacks/hello", mine, {{"if-none-match", "*"}}).status, 412U);
  EXPECT_EQ(ask("DELETE", "/api/v1/stacks/hello", "", {{"if-match", etag}}).status, 412U);
}

TEST_F(ObjectsTest, ADryRunSaysWhatWouldHappenAndWritesNothing) {
  set_up();
  add_site("store-1", "store");
  ASSERT_EQ(post_json("/api/v1/sites/store-1/approve", "{}").status, 200U);
  const std::uint64_t revision = reader->head()->revision;
  const Answer dry = put_yaml("/api/v1/stacks/hello?dryRun=server", hello_stack);
  ASSERT_EQ(dry.status, 200U) << dry.body;
  EXPECT_EQ(dry.at("status.atSites[0].site"), "store-1");
  EXPECT_TRUE(dry.at("status.release.digest").starts_with("sha256:"));
  EXPECT_EQ(reader->head()->revision, revision);
  EXPECT_EQ(put_yaml("/api/v1/stacks/hello", hello_stack).at("status.release.digest"),
            dry.at("status.release.digest"));
}

TEST_F(ObjectsTest, AnErrorNamesThePlaceInTheBodyAsItWasSent) {
  set_up();
  const Answer bad = put_yaml("/api/v1/stacks/hello",
                              "apiVersion: skerry/v1\nkind: Stack\nmetadata: {name: hello}\nspec:\n"
                              "  compos: x\n  targets: {selector: {}}\n");
  EXPECT_EQ(bad.status, 400U);
  EXPECT_EQ(bad.at("fields[0].line"), "5");
  EXPECT_EQ(bad.at("fields[0].column"), "3");
  std::string inner = hello_stack;
  inner.replace(inner.find("image:"), 6, "imagee:");
  const Answer inside = put_yaml("/api/v1/stacks/hello", inner);
  EXPECT_EQ(inside.status, 400U);
  EXPECT_EQ(inside.at("fields[1].line"), "10") << inside.body;
  EXPECT_EQ(inside.at("fields[1].column"), "9");
}

TEST_F(ObjectsTest, AnswersWhatIsMalformedWithoutA500) {
  set_up();
  for (const std::string body : {"", "{", "[]", "null", "\xff", "a: *b", "kind: Stack", "1e999"}) {
    const Answer yaml = put_yaml("/api/v1/stacks/hello", body);
    EXPECT_GE(yaml.status, 400U) << body;
    EXPECT_LT(yaml.status, 500U) << body;
  }
  EXPECT_EQ(ask("PUT", "/api/v1/stacks/hello", "x", {{"content-type", "text/plain"}}).status, 415U);
  EXPECT_EQ(put_yaml("/api/v1/stacks/other", hello_stack).at("fields[0].path"), "metadata.name");
  EXPECT_EQ(put_yaml("/api/v1/sites/hello", hello_stack).at("fields[0].path"), "kind");
  EXPECT_EQ(put_yaml("/api/v1/stacks/hello", std::string(2'000'000, 'x')).status, 413U);
  EXPECT_EQ(ask("GET", "/api/v1/stacks?limit=0").status, 400U);
  EXPECT_EQ(ask("GET", "/api/v1/stacks?cursor=zz").status, 400U);
  EXPECT_EQ(ask("GET", "/api/v1/stacks?labelSelector=%3D%3D").status, 400U);
  EXPECT_EQ(ask("GET", "/api/v1/stacks?a=%2").status, 400U);
  EXPECT_EQ(ask("PATCH", "/api/v1/stacks/hello").status, 405U);
}

TEST_F(ObjectsTest, PagesFollowACursorWithoutLossOrRepetition) {
  set_up();
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    std::string stack = hello_stack;
    stack.replace(stack.find("hello"), 5, name);
    ASSERT_EQ(put_yaml(std::string("/api/v1/stacks/") + name, stack).status, 201U);
  }
  std::string names;
  std::string cursor;
  do {
    const Answer page = ask("GET", "/api/v1/stacks?limit=2&cursor=" + cursor);
    ASSERT_EQ(page.status, 200U) << page.body;
    names += page.at("items[0].metadata.name") + page.at("items[1].metadata.name");
    cursor = page.at("page.next");
  } while (!cursor.empty());
  EXPECT_EQ(names, "abcde");
  const Answer chosen = ask("GET", "/api/v1/stacks?labelSelector=team%3Dother");
  EXPECT_EQ(chosen.at("items[0].metadata.name"), "");
}

TEST_F(ObjectsTest, ARetryWithItsIdempotencyKeyChangesNothingMore) {
  set_up();
  const std::string body =
      R"({"apiVersion":"skerry/v1","kind":"EnrollmentToken","metadata":{"name":"t"}})";
  const Answer made = post_json("/api/v1/enrollmenttokens", body, {{"idempotency-key", "k1"}});
  ASSERT_EQ(made.status, 201U) << made.body;
  EXPECT_TRUE(made.at("status.token").starts_with("ske_"));
  EXPECT_EQ(made.at("status.rootKeyId").size(), 64U);
  EXPECT_EQ(post_json("/api/v1/enrollmenttokens", body).status, 409U);
  const auto stored = reader->token(
      store::TokenRow::Kind::enrol, crypto.sha256(made.at("status.token")), clock.wall());
  ASSERT_TRUE(stored && *stored);
  EXPECT_EQ((*stored)->uses_left, 1U);
  const Answer listed = ask("GET", "/api/v1/enrollmenttokens");
  EXPECT_EQ(listed.at("items[0].metadata.name"), "t");
  EXPECT_EQ(listed.body.find(made.at("status.token")), std::string::npos);
}

TEST_F(ObjectsTest, ASiteIsApprovedRevokedAndThenMayBeDeleted) {
  set_up();
  add_site("store-1");
  EXPECT_EQ(ask("GET", "/api/v1/sites/store-1").at("status.enrolment"), "AwaitingApproval");
  EXPECT_EQ(ask("DELETE", "/api/v1/sites/store-1").status, 409U);
  EXPECT_EQ(post_json("/api/v1/sites/store-1/approve", "{}").at("status.enrolment"), "Enrolled");
  EXPECT_EQ(post_json("/api/v1/sites/store-1/approve", "{}").status, 409U);
  EXPECT_EQ(post_json("/api/v1/sites/store-1/revoke", "{}").at("status.enrolment"), "Revoked");
  EXPECT_EQ(ask("DELETE", "/api/v1/sites/store-1").status, 204U);
  add_site("store-2");
  EXPECT_EQ(post_json("/api/v1/sites/store-2/reject", "{}").at("status.enrolment"), "Rejected");
}

TEST_F(ObjectsTest, ASiteIsRelabelledButNeverMadeByHand) {
  set_up();
  const std::string site =
      "apiVersion: skerry/v1\nkind: Site\nmetadata: {name: store-1, labels: {type: store}}\n"
      "spec: {drift: report}\n";
  EXPECT_EQ(put_yaml("/api/v1/sites/store-1", site).status, 404U);
  add_site("store-1");
  EXPECT_EQ(put_yaml("/api/v1/sites/store-1", site).status, 200U);
  EXPECT_EQ(ask("GET", "/api/v1/sites/store-1").at("metadata.labels.type"), "store");
  EXPECT_EQ(ask("GET", "/api/v1/sites?selector=type%3Dstore").at("items[0].metadata.name"),
            "store-1");
}

}  // namespace
}  // namespace skerry::api
