#include "server/api/parameters.h"

#include <gtest/gtest.h>

#include "server/api/codes.h"

namespace skerry::api {
namespace {

using Query = std::vector<net::Header>;

const auth::Route& route(std::string_view method, std::string_view path) {
  return *auth::find_route(method, path).route;
}

TEST(Parameters, AreThoseOfTheirRouteAlone) {
  const auth::Route& list = route("GET", "/api/v1/sites");
  EXPECT_TRUE(check_parameters(list, Query{{"limit", "1"}, {"cursor", ""}, {"stack", "web"}}));
  EXPECT_TRUE(check_parameters(list, {}));
  const Status unknown = check_parameters(list, Query{{"q", "x"}});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, bad_parameter);
  EXPECT_FALSE(check_parameters(route("GET", "/api/v1/stacks"), Query{{"stack", "web"}}));
  EXPECT_FALSE(check_parameters(route("GET", "/api/v1/whoami"), Query{{"limit", "1"}}));
}

TEST(Parameters, ThatAreMistypedGetTheNearestName) {
  const Status status =
      check_parameters(route("GET", "/api/v1/stacks"), Query{{"labelSelecter", "a=b"}});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "\"labelSelecter\" is no parameter of this path");
  EXPECT_EQ(status.error().hint, "did you mean \"labelSelector\"?");
  EXPECT_EQ(check_parameters(route("GET", "/api/v1/stacks"), Query{{"zzz", ""}}).error().hint, "");
}

TEST(Parameters, OfADryRunAreNeverTakenForARealOne) {
  const auth::Route& put = route("PUT", "/api/v1/stacks/web");
  EXPECT_TRUE(check_parameters(put, Query{{"dryRun", "server"}}));
  EXPECT_TRUE(check_parameters(put, Query{{"dryRun", "true"}}));
  for (const char* word : {"", "1", "yes", "True", "client", "all"}) {
    EXPECT_FALSE(check_parameters(put, Query{{"dryRun", word}})) << word;
  }
  EXPECT_FALSE(check_parameters(put, Query{{"dryrun", "server"}}));
  // Where there is no dry run, nobody gets a real one for asking.
  EXPECT_FALSE(check_parameters(route("DELETE", "/api/v1/users/ana"), Query{{"dryRun", "server"}}));
}

TEST(Parameters, AreGivenOnce) {
  EXPECT_FALSE(
      check_parameters(route("GET", "/api/v1/stacks"), Query{{"limit", "1"}, {"limit", "2"}}));
}

}  // namespace
}  // namespace skerry::api
