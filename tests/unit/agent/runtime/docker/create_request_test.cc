#include "agent/runtime/docker/create_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/runtime/docker/json.h"
#include "agent/runtime/docker/pull.h"

namespace skerry::agent::docker {
namespace {

using document::Service;
using ::testing::HasSubstr;
using ::testing::Not;

class CreateRequest : public ::testing::Test {
 protected:
  CreateRequest() {
    stack_.name = "hello";
    stack_.project = "hello";
    stack_.networks = {{.key = "front", .name = "hello_front"}, {.key = "back", .name = "other"}};
    service_.spec.name = "web";
    service_.spec.networks = {{.network = "front", .aliases = {"shop"}}, {.network = "back"}};
  }

  Service& spec() { return service_.spec; }

  [[nodiscard]] CreateInput input() const {
    return {.identity = &identity_, .stack = &stack_, .service = &service_, .image = "image:1"};
  }

  /// The body as read back; empty after an error.
  [[nodiscard]] Json body(const CreateInput& input) const {
    const auto text = container_body(input);
    EXPECT_TRUE(text) << (text ? "" : to_string(text.error()));
    auto json = parse_json(text ? *text : "{}");
    return json ? *std::move(json) : Json();
  }

  [[nodiscard]] Json body() const { return body(input()); }

  Identity identity_{.install_id = "0a1b2c3d4e5f"};
  reconcile::DesiredStack stack_;
  reconcile::DesiredService service_;
};

TEST_F(CreateRequest, CarriesTheInstallIdOnAllItMakes) {
  EXPECT_EQ(body().view()["Labels"]["skerry.install"].text(), "0a1b2c3d4e5f");
  EXPECT_THAT(*network_body(identity_, stack_, stack_.networks[0]),
              HasSubstr(R"("skerry.install":"0a1b2c3d4e5f")"));
  EXPECT_THAT(*volume_body(identity_, stack_, {.key = "data", .name = "hello_data"}),
              HasSubstr(R"("skerry.install":"0a1b2c3d4e5f")"));
}

TEST_F(CreateRequest, RefusesALabelOfOurOwnFromTheFile) {
  spec().labels = {{.name = "com.docker.compose.project", .value = {.literal = "other"}}};

  const auto refused = container_body(input());

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code.name, "label_reserved");
}

TEST_F(CreateRequest, JoinsTheFirstNetworkAloneAtCreation) {
  const auto made = body();

  const auto endpoints = made.view()["NetworkingConfig"]["EndpointsConfig"];
  EXPECT_EQ(endpoints.size(), 1U);
  EXPECT_EQ(endpoints["hello_front"]["Aliases"].texts(), (std::vector<std::string>{"web", "shop"}));
  EXPECT_EQ(made.view()["HostConfig"]["NetworkMode"].text(), "hello_front");
}

TEST_F(CreateRequest, ANetworkOfNobodyIsNoNetworkAtAll) {
  spec().networks.clear();

  EXPECT_EQ(body().view()["HostConfig"]["NetworkMode"].text(), "none");
}

TEST_F(CreateRequest, TheEngineDoesNotRestartWhatTheFileLeavesToTheAgent) {
  EXPECT_EQ(body().view()["HostConfig"]["RestartPolicy"]["Name"].text(), "no");
}

TEST_F(CreateRequest, MountsNothingThatTheFileDoesNotName) {
  const auto made = body();

  EXPECT_EQ(made.view()["HostConfig"]["Binds"].size(), 0U);
  EXPECT_EQ(made.view()["HostConfig"]["Mounts"].size(), 0U);
  EXPECT_THAT(made.dump(), Not(HasSubstr("docker.sock")));
}

TEST_F(CreateRequest, NamesTheImagesEntrypointAgainWhereTheCommandIsCleared) {
  spec().command = document::Words{};
  auto with_image = input();
  with_image.image_entrypoint = {"/bin/server"};

  const auto made = body(with_image);

  EXPECT_EQ(made.view()["Entrypoint"].texts(), std::vector<std::string>{"/bin/server"});
  EXPECT_TRUE(made.view()["Cmd"].is_array());
}

TEST_F(CreateRequest, AnEmptyEntrypointIsOneEmptyWord) {
  spec().entrypoint = document::Words{};

  EXPECT_EQ(body().view()["Entrypoint"].texts(), std::vector<std::string>{""});
}

TEST_F(CreateRequest, PutsAllBindingsOfOnePortTogether) {
  spec().ports = {{.target = 80, .published = 8080}, {.target = 80, .published = 8081}};

  const auto made = body();

  EXPECT_EQ(made.view()["HostConfig"]["PortBindings"]["80/tcp"].size(), 2U);
}

TEST_F(CreateRequest, RefusesAPathThatWouldReadAsTwo) {
  spec().mounts = {{.type = document::Mount::Type::bind,
                    .source = "/a:/etc",
                    .target = "/b",
                    .create_host_path = true}};

  const auto refused = container_body(input());

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code.name, "spec_not_supported");
}

TEST_F(CreateRequest, GivesTheGraceInWholeSecondsAndNeverLess) {
  spec().stop_grace_period_ms = 1500;

  EXPECT_EQ(body().view()["StopTimeout"].number(), 2);
}

TEST_F(CreateRequest, AnUpdateRaisesMemoryAndSwapTogether) {
  spec().resources.memory_limit_bytes = 1000;

  EXPECT_THAT(update_body(spec()), HasSubstr(R"("Memory":1000,"MemorySwap":2000)"));
}

TEST_F(CreateRequest, EscapesWhatWouldChangeAPath) {
  EXPECT_EQ(url_escape("a/../b?c#d e"), "a%2F..%2Fb%3Fc%23d%20e");
}

TEST_F(CreateRequest, TheSecondNameCarriesTheInstallation) {
  EXPECT_EQ(container_name(stack_, "web"), "hello-web-1");
  EXPECT_EQ(second_container_name(identity_, stack_, "web"), "hello-web-1-0a1b2c3d");
}

TEST(PullPath, SplitsARegistryWithAPortFromATag) {
  EXPECT_EQ(*pull_path("registry:5000/a/b"),
            "/images/create?fromImage=registry%3A5000%2Fa%2Fb&tag=latest");
  EXPECT_EQ(*pull_path("registry:5000/a:1.2"),
            "/images/create?fromImage=registry%3A5000%2Fa&tag=1.2");
}

TEST(PullPath, TakesTheDigestWhereThereIsATagToo) {
  EXPECT_EQ(*pull_path("a:1@sha256:00"), "/images/create?fromImage=a&tag=sha256%3A00");
}

TEST(PullPath, KnowsThatNoRegistryHasAnImageId) {
  EXPECT_FALSE(pull_path("sha256:1234"));
}

}  // namespace
}  // namespace skerry::agent::docker
