#include <gtest/gtest.h>

#include "base/disk.h"
#include "resource/json.h"
#include "resource/resources.h"
#include "server/api/codes.h"
#include "server/api/desk.h"
#include "server/auth/codes.h"
#include "server/store/codes.h"

namespace skerry::api {
namespace {

using std::chrono::milliseconds;

unsigned status_of(ErrorKind kind, ErrorCode code) {
  return problem({.kind = kind, .code = code, .message = "so"}, {}, "id").status;
}

std::string text_at(const net::Response& response, std::string_view path) {
  const auto node = resource::read_json(response.body, {});
  return node ? resource::node_at(*node, path).text : response.body;
}

TEST(Problem, HasTheStatusOfItsCode) {
  EXPECT_EQ(status_of(ErrorKind::denied, auth::unauthenticated), 401U);
  EXPECT_EQ(status_of(ErrorKind::denied, auth::forbidden), 403U);
  EXPECT_EQ(status_of(ErrorKind::not_found, auth::method_not_allowed), 405U);
  EXPECT_EQ(status_of(ErrorKind::conflict, auth::already_set_up), 410U);
  EXPECT_EQ(status_of(ErrorKind::conflict, store::stale_revision), 412U);
  EXPECT_EQ(status_of(ErrorKind::conflict, store::already_exists), 412U);
  EXPECT_EQ(status_of(ErrorKind::invalid, media_type_unsupported), 415U);
  EXPECT_EQ(status_of(ErrorKind::invalid, store::key_reused), 422U);
  EXPECT_EQ(status_of(ErrorKind::exhausted, auth::throttled), 429U);
  EXPECT_EQ(status_of(ErrorKind::exhausted, disk_full), 507U);
}

TEST(Problem, HasTheStatusOfItsKindWhereTheCodeSaysNothing) {
  EXPECT_EQ(status_of(ErrorKind::invalid, bad_parameter), 400U);
  EXPECT_EQ(status_of(ErrorKind::not_found, not_found), 404U);
  EXPECT_EQ(status_of(ErrorKind::conflict, store::name_taken), 409U);
  EXPECT_EQ(status_of(ErrorKind::exhausted, busy), 503U);
  EXPECT_EQ(status_of(ErrorKind::internal, store::store_failed), 500U);
}

TEST(Problem, IsWrittenAsTheStandardHasIt) {
  const net::Response response = problem({.kind = ErrorKind::not_found,
                                          .code = not_found,
                                          .message = "there is no Stack web",
                                          .hint = "look at the list"},
                                         {},
                                         "r-1");
  EXPECT_EQ(*net::find_header(response.headers, "content-type"), "application/problem+json");
  EXPECT_EQ(text_at(response, "type"), "about:blank");
  EXPECT_EQ(text_at(response, "title"), "Not Found");
  EXPECT_EQ(text_at(response, "status"), "404");
  EXPECT_EQ(text_at(response, "detail"), "there is no Stack web");
  EXPECT_EQ(text_at(response, "code"), "not_found");
  EXPECT_EQ(text_at(response, "hint"), "look at the list");
  EXPECT_EQ(text_at(response, "requestId"), "r-1");
}

TEST(Problem, ListsEachPlaceThatIsWrong) {
  const std::vector<Error> fields{
      {.code = {"unknown_field"},
       .message = "unknown field",
       .field_path = "spec.compos",
       .at = {.line = 5, .column = 3},
       .hint = "did you mean \"compose\"?"},
      {.code = {"wrong_type"}, .message = "not a number", .at = {.line = 9, .column = 1}}};
  const net::Response response =
      problem({.kind = ErrorKind::invalid, .code = invalid_resource}, fields, "r");
  EXPECT_EQ(text_at(response, "fields[0].path"), "spec.compos");
  EXPECT_EQ(text_at(response, "fields[0].line"), "5");
  EXPECT_EQ(text_at(response, "fields[0].column"), "3");
  EXPECT_EQ(text_at(response, "fields[0].code"), "unknown_field");
  EXPECT_EQ(text_at(response, "fields[0].hint"), "did you mean \"compose\"?");
  EXPECT_EQ(text_at(response, "fields[1].line"), "9");
}

TEST(Problem, SaysWhenToComeAgainInWholeSecondsRoundedUp) {
  const Error error{.kind = ErrorKind::exhausted, .code = auth::throttled};
  EXPECT_EQ(*net::find_header(problem(error, {}, "r", milliseconds(1001)).headers, "retry-after"),
            "2");
  EXPECT_EQ(net::find_header(problem(error, {}, "r").headers, "retry-after"), nullptr);
}

TEST(Problem, NamesTheSchemeForWhoHasNoTokenAndTheRightForWhoMayNot) {
  const net::Response stranger =
      problem({.kind = ErrorKind::denied, .code = auth::unauthenticated}, {}, "r");
  EXPECT_EQ(*net::find_header(stranger.headers, "www-authenticate"), "Bearer");
  const net::Response reader =
      problem({.kind = ErrorKind::denied, .code = auth::forbidden, .field_path = "apply"}, {}, "r");
  EXPECT_EQ(text_at(reader, "missingPermission"), "apply");
}

}  // namespace
}  // namespace skerry::api
