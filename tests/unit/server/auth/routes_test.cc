#include "server/auth/routes.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "server/auth/gate.h"

namespace skerry::auth {
namespace {

std::string line_of(const Route& route) {
  return std::string(route.method) + " " + std::string(route.pattern);
}

std::set<std::string> lines_with(Right right) {
  std::set<std::string> lines;
  for (const Route& route : routes()) {
    if (route.right == right) {
      lines.insert(line_of(route));
    }
  }
  return lines;
}

TEST(Routes, OpenToStrangersAreTheseAlone) {
  const std::set<std::string> open{
      "GET /healthz", "GET /readyz", "POST /api/v1/login", "POST /api/v1/setup"};
  EXPECT_EQ(lines_with(Right::open), open);
}

TEST(Routes, ThatOnlyReadAreTheOnesForReaders) {
  for (const Route& route : routes()) {
    if (route.right == Right::read) {
      EXPECT_TRUE(route.method == "GET" || route.endpoint == Endpoint::logout) << line_of(route);
    }
  }
}

TEST(Routes, ThatSayNothingWantTheHighestRight) {
  EXPECT_EQ(Route{}.right, Right::access);
}

TEST(Routes, AreEachThereOnce) {
  std::set<std::string> seen;
  for (const Route& route : routes()) {
    EXPECT_TRUE(seen.insert(line_of(route)).second) << line_of(route);
  }
}

TEST(Routes, AreFoundWithTheNameInTheirPath) {
  const RouteMatch match = find_route("PUT", "/api/v1/stacks/web.eu-1");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.route->endpoint, Endpoint::put);
  EXPECT_EQ(match.route->kind, "Stack");
  EXPECT_EQ(match.name, "web.eu-1");
  EXPECT_EQ(find_route("POST", "/api/v1/sites/a/approve").name, "a");
}

TEST(Routes, AnswerHeadWhereTheyAnswerGet) {
  EXPECT_NE(find_route("HEAD", "/api/v1/stacks").route, nullptr);
  EXPECT_EQ(find_route("HEAD", "/api/v1/login").route, nullptr);
}

TEST(Routes, FitWholePathsOnly) {
  for (const std::string_view path : {"",
                                      "/",
                                      "/api/v1",
                                      "/api/v1/",
                                      "/api/v1/stacks/",
                                      "/api/v1/stacks//",
                                      "/api/v1/stacks/a/",
                                      "/api/v1/stacks/a/b",
                                      "/api/v1/stacks/a%2Fb",
                                      "//api/v1/stacks",
                                      "/API/v1/stacks",
                                      "api/v1/stacks",
                                      "/api/v1/sites/a/approve/b",
                                      "/api/v1/../healthz"}) {
    const RouteMatch match = find_route("GET", path);
    EXPECT_EQ(match.route, nullptr) << path;
    EXPECT_FALSE(match.path_known) << path;
  }
}

TEST(Routes, SayWhatElseAPathCanBeAsked) {
  const RouteMatch match = find_route("PATCH", "/api/v1/stacks/web");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_TRUE(match.path_known);
  EXPECT_EQ(allowed_methods("/api/v1/stacks/web"), "GET, HEAD, PUT, DELETE");
  EXPECT_EQ(allowed_methods("/nowhere"), "");
}

TEST(Grants, NothingButWhatIsOpenToARoleThatIsNotKnown) {
  for (const Right right : {Right::read, Right::apply, Right::enrol, Right::access}) {
    EXPECT_FALSE(grants("", right));
    EXPECT_FALSE(grants("Admin", right));
    EXPECT_TRUE(grants("admin", right));
  }
  EXPECT_TRUE(grants("", Right::open));
}

}  // namespace
}  // namespace skerry::auth
