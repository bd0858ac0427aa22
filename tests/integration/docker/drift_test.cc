#include <algorithm>

#include <gmock/gmock.h>

#include "engine_fixture.h"

/// What somebody else does is seen, and can be put right.
namespace skerry::agent::docker {
namespace {

using reconcile::ContainerState;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// From the engine's event to what is observed. The goal for the whole way to the deed is 200 ms;
/// the rest is head room for a machine under load.
constexpr auto seen_within = milliseconds(1000);

class DriftTest : public EngineTest {
 protected:
  DriftTest() { connect(); }

  [[nodiscard]] std::vector<reconcile::Difference> differences() const {
    return reconcile::diff(stack_.services.front(), container());
  }

  [[nodiscard]] std::string path(const std::string& verb) const {
    return "/containers/" + container().id + "/" + verb;
  }

  bool soon(const std::function<bool()>& condition) { return wait_until(condition, seen_within); }
};

TEST_F(DriftTest, AKillIsSeenWithItsExitCodeAndAsSomebodysHand) {
  bring_up();

  by_hand("POST", path("kill"));

  ASSERT_TRUE(soon([this] { return container().state == ContainerState::exited; }));
  EXPECT_EQ(container().exit_code, 137U);
  EXPECT_TRUE(container().stopped_by_hand);
  EXPECT_TRUE(container().stopped_at.has_value());
}

TEST_F(DriftTest, AStopByHandIsToldFromACrash) {
  stack_.services.front().spec.stop_signal = "SIGKILL";
  bring_up();

  by_hand("POST", path("stop"));

  ASSERT_TRUE(soon([this] { return container().state == ContainerState::exited; }));
  EXPECT_TRUE(container().stopped_by_hand);
}

TEST_F(DriftTest, ACrashIsNobodysHand) {
  stack_.services.front().spec.command =
      document::Words{.words = {{.literal = "sh"}, {.literal = "-c"}, {.literal = "exit 3"}}};
  ASSERT_EQ(failure(perform(Verb::create_network, "default")), "");
  ASSERT_EQ(failure(perform(Verb::create_container, "web")), "");

  ASSERT_EQ(failure(perform(Verb::start_container, "web", container().id)), "");

  ASSERT_TRUE(soon([this] { return container().state == ContainerState::exited; }));
  EXPECT_EQ(container().exit_code, 3U);
  EXPECT_FALSE(container().stopped_by_hand);
}

TEST_F(DriftTest, OurOwnStopIsNobodysHand) {
  stack_.services.front().spec.stop_signal = "SIGKILL";
  bring_up();

  ASSERT_EQ(failure(perform(Verb::stop_container, "web", container().id)), "");
  runtime_->scan();
  events_.clear();
  ASSERT_TRUE(wait_until([this] { return !events_.empty(); }));

  EXPECT_EQ(container().state, ContainerState::exited);
  EXPECT_FALSE(container().stopped_by_hand);
}

TEST_F(DriftTest, AContainerStartedAgainIsNotStoppedByHandAnyMore) {
  bring_up();
  by_hand("POST", path("kill"));
  ASSERT_TRUE(soon([this] { return container().stopped_by_hand; }));

  ASSERT_EQ(failure(perform(Verb::start_container, "web", container().id)), "");

  EXPECT_TRUE(is_running());
  EXPECT_FALSE(container().stopped_by_hand);
}

TEST_F(DriftTest, ARemovalIsSeen) {
  bring_up();

  by_hand("DELETE", "/containers/" + container().id + "?force=1");

  EXPECT_TRUE(soon([this] { return observed().containers.empty(); }));
}

TEST_F(DriftTest, AnUpdateIsSeenAndPutRightInPlace) {
  auto& spec = stack_.services.front().spec;
  spec.resources = {
      .cpu_limit_nanos = 500'000'000, .memory_limit_bytes = 64 << 20, .pids_limit = 50};
  compile();
  bring_up();
  const auto id = container().id;

  by_hand("POST",
          path("update"),
          R"({"Memory":134217728,"MemorySwap":268435456,"NanoCpus":1000000000,"PidsLimit":90,)"
          R"("RestartPolicy":{"Name":"always"}})");
  ASSERT_TRUE(soon([this] { return differences().size() == 4; }));
  ASSERT_EQ(failure(perform(Verb::update_container, "web", id)), "");

  EXPECT_THAT(differences(), IsEmpty());
  EXPECT_EQ(container().id, id);
}

TEST_F(DriftTest, ADisconnectIsSeenAndPutRightInPlace) {
  stack_.services.front().spec.networks.front().aliases = {"shop"};
  compile();
  bring_up();

  by_hand("POST",
          "/networks/" + stack_.networks.front().name + "/disconnect",
          R"({"Container":")" + container().id + R"("})");
  ASSERT_TRUE(soon([this] { return differences().size() == 1; }));
  ASSERT_EQ(failure(perform(Verb::connect_network, "web", container().id, "default")), "");

  EXPECT_THAT(differences(), IsEmpty());
}

TEST_F(DriftTest, AConnectionWithoutTheServicesNameIsPutRight) {
  bring_up();
  const auto network = "/networks/" + stack_.networks.front().name;
  const auto body = R"({"Container":")" + container().id + R"("})";
  by_hand("POST", network + "/disconnect", body);
  by_hand("POST", network + "/connect", body);
  ASSERT_TRUE(soon([this] { return differences().size() == 1; }));

  ASSERT_EQ(failure(perform(Verb::connect_network, "web", container().id, "default")), "");

  EXPECT_THAT(differences(), IsEmpty());
}

TEST_F(DriftTest, AnotherNetworkIsSeenAndLeft) {
  bring_up();
  by_hand("POST", "/networks/create", R"({"Name":"other-)" + identity_.install_id + R"("})");
  const auto name = "other-" + identity_.install_id;
  by_hand("POST", "/networks/" + name + "/connect", R"({"Container":")" + container().id + R"("})");
  ASSERT_TRUE(soon([this] { return differences().size() == 1; }));

  ASSERT_EQ(failure(perform(Verb::disconnect_network, "web", container().id, name)), "");

  EXPECT_THAT(differences(), IsEmpty());
  by_hand("DELETE", "/networks/" + name);
}

TEST_F(DriftTest, APauseIsSeenAndEnded) {
  bring_up();

  by_hand("POST", path("pause"));
  ASSERT_TRUE(soon([this] { return container().state == ContainerState::paused; }));
  ASSERT_EQ(failure(perform(Verb::unpause_container, "web", container().id)), "");

  EXPECT_TRUE(is_running());
  EXPECT_EQ(failure(perform(Verb::unpause_container, "web", container().id)), "");
}

TEST_F(DriftTest, ANetworkThatGoesIsSeen) {
  ASSERT_EQ(failure(perform(Verb::create_network, "default")), "");
  ASSERT_THAT(observed().networks, SizeIs(1));

  by_hand("DELETE", "/networks/" + stack_.networks.front().name);

  EXPECT_TRUE(soon([this] { return observed().networks.empty(); }));
}

TEST_F(DriftTest, HealthFollowsTheCheckAndKeepsItsLastWords) {
  auto& spec = stack_.services.front().spec;
  spec.healthcheck = document::Healthcheck{
      .test = {{.literal = "CMD-SHELL"}, {.literal = "echo till is shut; exit 1"}},
      .interval_ms = 200,
      .timeout_ms = 1000,
      .retries = 1};
  compile();
  bring_up();

  ASSERT_TRUE(wait_until([this] { return container().health == reconcile::Health::unhealthy; }));
  EXPECT_EQ(container().message, "till is shut");
}

TEST_F(DriftTest, AWatchedImageIsToldWithItsIdAndFollowsItsTag) {
  runtime_->watch_images({"skerry-test:1", "nowhere:1"});

  ASSERT_TRUE(wait_until([this] { return observed().images.size() == 1; }));
  EXPECT_THAT(observed().images.front().id, HasSubstr("sha256:"));
  EXPECT_EQ(observed().images.front().repo_digest, "");
  by_hand("POST", "/images/skerry-test:2/tag?repo=nowhere&tag=1");
  EXPECT_TRUE(soon([this] { return observed().images.size() == 2; }));
  by_hand("DELETE", "/images/nowhere:1");
  EXPECT_TRUE(soon([this] { return observed().images.size() == 1; }));
}

TEST_F(DriftTest, AnImageThatIsAtHandIsNotPulled) {
  EXPECT_EQ(failure(perform(Verb::pull_image, "skerry-test:1")), "");
}

TEST_F(DriftTest, APullThatFailsSaysWhyInTheEnginesWords) {
  const auto status = perform(Verb::pull_image, "127.0.0.1:5000/nobody/home:1");

  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code.name, "image_pull_failed");
  EXPECT_THAT(status.error().message, HasSubstr("connection refused"));
}

TEST_F(DriftTest, AStrangersContainerIsNotSeen) {
  bring_up();
  const auto name = "stranger-" + identity_.install_id;
  by_hand("POST", "/containers/create?name=" + name, R"({"Image":"skerry-test:1"})");
  runtime_->scan();
  events_.clear();
  ASSERT_TRUE(wait_until([this] { return !events_.empty(); }));

  EXPECT_THAT(observed().containers, SizeIs(1));
  by_hand("DELETE", "/containers/" + name);
}

}  // namespace
}  // namespace skerry::agent::docker
