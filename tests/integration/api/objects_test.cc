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
  EXPECT_EQ(got.at("metadata.resourceVersion"), made.at("metadata.resourceVersion"));
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
  ASSERT_EQ(put_yaml("/api/v1/stacks/hello", hello_stack).status, 201U);
  // As it was read, not as it was written: whoever edits reads first.
  const std::string etag = ask("GET", "/api/v1/stacks/hello").header("etag");
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

TEST_F(ObjectsTest, RefusesAStackWhoseReleaseNoSiteReads) {
  set_up();
  std::string environment;
  for (int which = 0; which < 20; ++which) {
    environment += "          V" + std::to_string(which) + ": $BIG\n";
  }
  const std::string stack =
      "apiVersion: skerry/v1\nkind: Stack\nmetadata: {name: hello}\nspec:\n  variables:\n"
      "  - {name: BIG, value: " +
      std::string(60'000, 'x') +
      "}\n  targets: {selector: {}}\n  compose: |\n    services:\n      web:\n        image: a:1\n"
      "        environment:\n" +
      environment;
  const Answer answer = put_yaml("/api/v1/stacks/hello", stack);
  EXPECT_EQ(answer.status, 400U);
  EXPECT_EQ(answer.at("code"), "release_too_large") << answer.body.substr(0, 500);
  EXPECT_NE(answer.at("detail").find("stack hello"), std::string::npos);
  EXPECT_EQ(ask("GET", "/api/v1/stacks/hello").status, 404U);
}

TEST_F(ObjectsTest, SaysWhyThePlannerHoldsASiteBack) {
  set_up();
  const Uuid id = add_site("store-1", "store");
  ASSERT_EQ(post_json("/api/v1/sites/store-1/approve", "{}").status, 200U);
  ASSERT_EQ(put_yaml("/api/v1/stacks/hello", hello_stack).status, 201U);
  held[reader->site_by_id(id).value()->number] = {
      .code = "PlacingFailed", .subject = "stack hello", .message = "too large"};
  const Answer site = ask("GET", "/api/v1/sites/store-1");
  EXPECT_NE(site.body.find("PlacingFailed"), std::string::npos) << site.body;
  const Answer stack = ask("GET", "/api/v1/stacks/hello");
  EXPECT_EQ(stack.at("status.atSites[0].reasons[0].code"), "PlacingFailed") << stack.body;
}

TEST_F(ObjectsTest, ARetargetedStackCountsTheSitesItIsMeantForNow) {
  set_up();
  const store::SiteNumber store = let_in("store-1", "store");
  let_in("mast-1", "mast");
  const Answer made = put_yaml("/api/v1/stacks/hello", hello_stack);
  const std::string release = made.at("status.release.digest");
  report_healthy(store, release, tell(store));
  const Answer before = ask("GET", "/api/v1/stacks/hello");
  EXPECT_EQ(before.at("status.sites.matched"), "1") << before.body;
  EXPECT_EQ(before.at("status.sites.healthy"), "1");
  EXPECT_EQ(before.at("status.sites.current"), "1");
  std::string other = hello_stack;
  other.replace(other.find("type: store"), 11, "type: mast");
  ASSERT_EQ(put_yaml("/api/v1/stacks/hello", other).status, 200U);
  for (const std::string path : {"/api/v1/stacks/hello", "/api/v1/stacks"}) {
    const Answer after = ask("GET", path);
    const std::string status = path.ends_with("hello") ? "status" : "items[0].status";
    EXPECT_EQ(after.at(status + ".sites.matched"), "1") << after.body;
    EXPECT_EQ(after.at(status + ".sites.healthy"), "0");
    EXPECT_EQ(after.at(status + ".sites.current"), "0");
    EXPECT_EQ(after.at(status + ".sites.pending"), "1");
  }
  // The one it leaves is still shown.
  EXPECT_EQ(ask("GET", "/api/v1/stacks/hello").at("status.atSites[1].site"), "store-1");
}

TEST_F(ObjectsTest, ASiteIsCurrentOnceItHasTakenWhatItWasTold) {
  set_up();
  const store::SiteNumber site = let_in("store-1", "store");
  const Answer made = put_yaml("/api/v1/stacks/hello", hello_stack);
  const std::string release = made.at("status.release.digest");
  const document::PlanNumber first = tell(site);
  report_healthy(site, release, first);
  EXPECT_EQ(ask("GET", "/api/v1/stacks/hello").at("status.sites.current"), "1");
  // The same release with other values.
  const document::PlanNumber second = tell(site);
  EXPECT_EQ(ask("GET", "/api/v1/stacks/hello").at("status.sites.current"), "0");
  report_healthy(site, release, second);
  EXPECT_EQ(ask("GET", "/api/v1/stacks/hello").at("status.sites.current"), "1");
  // Changed, and the planner has not looked at it yet.
  planned = std::stoull(made.at("metadata.resourceVersion")) - 1;
  EXPECT_EQ(ask("GET", "/api/v1/stacks/hello").at("status.sites.current"), "0");
}

TEST_F(ObjectsTest, SaysThatAReleaseCannotBeRead) {
  set_up();
  ASSERT_EQ(put_yaml("/api/v1/stacks/hello", hello_stack).status, 201U);
  unreadable["hello"] = "its release's bytes are missing";
  const Answer stack = ask("GET", "/api/v1/stacks/hello");
  EXPECT_EQ(stack.at("status.conditions[0].reason"), "ReleaseUnreadable") << stack.body;
  EXPECT_EQ(stack.at("status.release.state"), "Failed");
}

TEST_F(ObjectsTest, RefusesAStackWithMoreSlotsThanASiteReads) {
  set_up();
  std::string environment;
  for (int which = 0; which < 4'100; ++which) {
    environment += "          V" + std::to_string(which) + ": ${SKERRY_SITE_NAME:-" +
                   std::to_string(which) + "}\n";
  }
  const std::string stack =
      "apiVersion: skerry/v1\nkind: Stack\nmetadata: {name: hello}\nspec:\n"
      "  targets: {selector: {}}\n  compose: |\n    services:\n      web:\n        image: a:1\n"
      "        environment:\n" +
      environment;
  const Answer answer = put_yaml("/api/v1/stacks/hello?dryRun=server", stack);
  EXPECT_EQ(answer.status, 400U);
  EXPECT_EQ(answer.at("code"), "release_too_large") << answer.body.substr(0, 500);
}

TEST_F(ObjectsTest, AnswersWhatIsMalformedWithoutA500) {
  set_up();
  for (const std::string body : {"", "{", "[]", "null", "\xff", "a: *b", "kind: Stack", "1e999"}) {
    const Answer yaml = put_yaml("/api/v1/stacks/hello", body);
    EXPECT_GE(yaml.status, 400U) << body;
    EXPECT_LT(yaml.status, 500U) << body;
  }
  EXPECT_EQ(ask("PUT", "/api/v1/stacks/hello", "x", {{"content-type", "text/plain"}}).status, 415U);
  EXPECT_EQ(ask("GET", "/api/v1/stacks?labelSelecter=a").at("hint"),
            "did you mean \"labelSelector\"?");
  EXPECT_EQ(put_yaml("/api/v1/stacks/other", hello_stack).at("fields[0].path"), "metadata.name");
  EXPECT_EQ(put_yaml("/api/v1/sites/hello", hello_stack).at("fields[0].path"), "kind");
  EXPECT_EQ(put_yaml("/api/v1/stacks/hello", std::string(2'000'000, 'x')).status, 413U);
  EXPECT_EQ(ask("GET", "/api/v1/stacks?limit=0").status, 400U);
  EXPECT_EQ(ask("GET", "/api/v1/stacks?cursor=zz").status, 400U);
  EXPECT_EQ(ask("GET", "/api/v1/stacks?labelSelector=%3D%3D").status, 400U);
  EXPECT_EQ(ask("GET", "/api/v1/stacks?a=%2").status, 400U);
  const Answer patch = ask("PATCH", "/api/v1/stacks/hello");
  EXPECT_EQ(patch.status, 405U);
  EXPECT_EQ(patch.header("allow"), "GET, HEAD, PUT, DELETE");
}

TEST_F(ObjectsTest, AReadThatHasNotChangedIsNotSentAgain) {
  set_up();
  ASSERT_EQ(put_yaml("/api/v1/stacks/hello", hello_stack).status, 201U);
  for (const std::string path : {"/api/v1/stacks/hello", "/api/v1/stacks", "/api/v1/whoami"}) {
    const Answer first = ask("GET", path);
    ASSERT_EQ(first.status, 200U);
    const Answer second = ask("GET", path, "", {{"if-none-match", first.header("etag")}});
    EXPECT_EQ(second.status, 304U) << path;
    EXPECT_EQ(second.body, "");
    EXPECT_EQ(second.header("etag"), first.header("etag"));
    EXPECT_EQ(ask("GET", path, "", {{"if-none-match", "\"1\""}}).status, 200U);
  }
}

TEST_F(ObjectsTest, AStatusThatChangesIsSentAgainThoughTheSpecIsTheSame) {
  set_up();
  const Uuid id = add_site("store-1");
  const Answer before = ask("GET", "/api/v1/sites/store-1");
  store::Change change{.by = {.name = "site", .method = "identity"},
                       .lane = store::Change::Lane::status};
  change.operations.emplace_back(
      store::SetState{.state = {.site = reader->site_by_id(id).value()->number,
                                .number = {.start = 1, .seq = 1},
                                .health = 5,
                                .seen_at = clock.wall()}});
  commit(std::move(change));
  const Answer after =
      ask("GET", "/api/v1/sites/store-1", "", {{"if-none-match", before.header("etag")}});
  EXPECT_EQ(after.status, 200U);
  EXPECT_EQ(after.at("metadata.resourceVersion"), before.at("metadata.resourceVersion"));
  EXPECT_EQ(after.at("status.state"), "Failed");
}

TEST_F(ObjectsTest, SaysWhatAChangeDid) {
  set_up();
  const std::string path = "/api/v1/stacks/hello";
  EXPECT_EQ(put_yaml(path + "?dryRun=server", hello_stack).header("skerry-outcome"), "created");
  EXPECT_EQ(put_yaml(path, hello_stack).header("skerry-outcome"), "created");
  EXPECT_EQ(put_yaml(path, hello_stack).header("skerry-outcome"), "unchanged");
  EXPECT_EQ(put_yaml(path + "?dryRun=server", hello_stack).header("skerry-outcome"), "unchanged");
  std::string other = hello_stack;
  other.replace(other.find("1.0"), 3, "1.1");
  EXPECT_EQ(put_yaml(path + "?dryRun=server", other).header("skerry-outcome"), "configured");
  EXPECT_EQ(put_yaml(path, other).header("skerry-outcome"), "configured");
}

TEST_F(ObjectsTest, ADryRunThatIsMistypedChangesNothing) {
  set_up();
  ASSERT_EQ(put_yaml("/api/v1/stacks/hello", hello_stack).status, 201U);
  const std::uint64_t revision = reader->head()->revision;
  std::string other = hello_stack;
  other.replace(other.find("1.0"), 3, "1.1");
  EXPECT_EQ(put_yaml("/api/v1/stacks/hello?dryrun=server", other).status, 400U);
  EXPECT_EQ(put_yaml("/api/v1/stacks/hello?dryRun=yes", other).status, 400U);
  EXPECT_EQ(ask("DELETE", "/api/v1/stacks/hello?dry-run=server").status, 400U);
  EXPECT_EQ(reader->head()->revision, revision);
}

TEST_F(ObjectsTest, PagesStandWhereTheyAreWhileObjectsComeAndGo) {
  set_up();
  const auto put = [&](const std::string& name) {
    std::string stack = hello_stack;
    stack.replace(stack.find("hello"), 5, name);
    ASSERT_LT(put_yaml("/api/v1/stacks/" + name, stack).status, 300U);
  };
  for (const char* name : {"b", "d", "f", "h"}) {
    put(name);
  }
  const Answer first = ask("GET", "/api/v1/stacks?limit=2");
  EXPECT_EQ(first.at("items[1].metadata.name"), "d");
  // Before the cursor, the object it stands on, and behind it.
  put("a");
  ASSERT_EQ(ask("DELETE", "/api/v1/stacks/d").status, 204U);
  ASSERT_EQ(ask("DELETE", "/api/v1/stacks/b").status, 204U);
  put("e");
  const Answer second = ask("GET", "/api/v1/stacks?limit=2&cursor=" + first.at("page.next"));
  EXPECT_EQ(second.at("items[0].metadata.name"), "e");
  EXPECT_EQ(second.at("items[1].metadata.name"), "f");
  const Answer third = ask("GET", "/api/v1/stacks?limit=2&cursor=" + second.at("page.next"));
  EXPECT_EQ(third.at("items[0].metadata.name"), "h");
  EXPECT_EQ(third.at("page.next"), "");
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

TEST_F(ObjectsTest, ARetryWithItsIdempotencyKeyHasTheSameAnswerAndIsDoneOnce) {
  set_up();
  const std::vector<net::Header> put_key{{"idempotency-key", "put"}};
  const Answer made = put_yaml("/api/v1/stacks/hello", hello_stack, put_key);
  ASSERT_EQ(made.status, 201U);
  std::string other = hello_stack;
  other.replace(other.find("1.0"), 3, "1.1");
  ASSERT_EQ(put_yaml("/api/v1/stacks/hello", other).status, 200U);
  const std::uint64_t revision = reader->head()->revision;
  const Answer again = put_yaml("/api/v1/stacks/hello", hello_stack, put_key);
  EXPECT_EQ(again.status, 201U);
  EXPECT_EQ(again.body, made.body);
  EXPECT_EQ(put_yaml("/api/v1/stacks/hello", other, put_key).at("code"), "key_reused");
  EXPECT_EQ(reader->head()->revision, revision);
}

TEST_F(ObjectsTest, ARetryOfWhatIsDoneAlreadyIsNotAnError) {
  set_up();
  ASSERT_EQ(put_yaml("/api/v1/stacks/hello", hello_stack).status, 201U);
  add_site("store-1");
  const auto twice = [&](std::string_view method, const std::string& path) {
    const std::vector<net::Header> headers{{"idempotency-key", path},
                                           {"content-type", "application/json"}};
    const Answer first = ask(method, path, method == "POST" ? "{}" : "", headers);
    const std::uint64_t revision = reader->head()->revision;
    const Answer second = ask(method, path, method == "POST" ? "{}" : "", headers);
    EXPECT_LT(first.status, 300U) << first.body;
    EXPECT_EQ(second.status, first.status) << second.body;
    EXPECT_EQ(second.body, first.body);
    EXPECT_EQ(reader->head()->revision, revision);
  };
  twice("DELETE", "/api/v1/stacks/hello");
  twice("POST", "/api/v1/sites/store-1/approve");
  twice("POST", "/api/v1/sites/store-1/revoke");
  twice("DELETE", "/api/v1/sites/store-1");
  ASSERT_EQ(put_yaml("/api/v1/users/bob",
                     "apiVersion: skerry/v1\nkind: User\nmetadata: {name: bob}\n"
                     "spec: {password: battery staple}\n")
                .status,
            201U);
  twice("DELETE", "/api/v1/users/bob");
}

TEST_F(ObjectsTest, ATokensSecretIsNotShownToARetry) {
  set_up();
  const std::string body =
      R"({"apiVersion":"skerry/v1","kind":"EnrollmentToken","metadata":{"name":"t"}})";
  const Answer made = post_json("/api/v1/enrollmenttokens", body, {{"idempotency-key", "k1"}});
  ASSERT_EQ(made.status, 201U) << made.body;
  EXPECT_TRUE(made.at("status.token").starts_with("ske_"));
  EXPECT_EQ(made.at("status.rootKeyId").size(), 64U);
  const Answer again = post_json("/api/v1/enrollmenttokens", body, {{"idempotency-key", "k1"}});
  EXPECT_EQ(again.status, 409U);
  EXPECT_EQ(again.at("code"), "secret_shown_once");
  EXPECT_EQ(post_json("/api/v1/enrollmenttokens", body).at("code"), "name_taken");
  const auto stored = reader->token(
      store::TokenRow::Kind::enrol, crypto.sha256(made.at("status.token")), clock.wall());
  ASSERT_TRUE(stored && *stored);
  EXPECT_EQ((*stored)->uses_left, 1U);
  const Answer listed = ask("GET", "/api/v1/enrollmenttokens");
  EXPECT_EQ(listed.at("items[0].metadata.name"), "t");
  EXPECT_EQ(listed.body.find(made.at("status.token")), std::string::npos);
}

TEST_F(ObjectsTest, AnAuditRecordNamesItsHashAndTheNextOneToo) {
  set_up();
  ASSERT_EQ(put_yaml("/api/v1/stacks/hello", hello_stack).status, 201U);
  const Answer audit = ask("GET", "/api/v1/audit");
  EXPECT_EQ(audit.at("items[0].hash").size(), 64U);
  EXPECT_EQ(audit.at("items[0].hash"), audit.at("items[1].previousHash"));
}

TEST_F(ObjectsTest, ATotalOfASelectionIsNotCalledExact) {
  set_up();
  add_site("store-1", "store");
  EXPECT_EQ(ask("GET", "/api/v1/sites").at("page.totalIsEstimate"), "false");
  EXPECT_EQ(ask("GET", "/api/v1/sites?stack=hello").at("page.totalIsEstimate"), "true");
  EXPECT_EQ(ask("GET", "/api/v1/sites?selector=type").at("page.totalIsEstimate"), "true");
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

TEST_F(ObjectsTest, SaysThatTheStoreIsOlderThanWhatItsPlannerSaid) {
  set_up();
  const Uuid id = add_site("store-1");
  ASSERT_EQ(post_json("/api/v1/sites/store-1/approve", "{}").status, 200U);
  EXPECT_NE(ask("GET", "/metrics").body.find("skerry_planner_behind 0"), std::string::npos);
  store::Change change{.by = {.name = "site", .method = "identity"}};
  change.operations.emplace_back(
      store::MarkBehind{.planner = key_id(crypto, keys.get(trust::KeyRole::planner).public_key),
                        .site = id,
                        .seq_shown = 40});
  commit(std::move(change));
  const Answer site = ask("GET", "/api/v1/sites/store-1");
  EXPECT_EQ(site.at("status.conditions[0].type"), "Planned");
  EXPECT_EQ(site.at("status.conditions[0].status"), "False");
  EXPECT_EQ(site.at("status.conditions[0].reason"), "PlannerBehind");
  EXPECT_NE(ask("GET", "/metrics").body.find("skerry_planner_behind 1"), std::string::npos);
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
