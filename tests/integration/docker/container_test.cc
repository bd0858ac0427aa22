#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "agent/runtime/docker/create_request.h"
#include "engine_fixture.h"

/// Making containers, and reading back what was made.
namespace skerry::agent::docker {
namespace {

using document::Mount;
using document::Service;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ContainerTest : public EngineTest {
 protected:
  ContainerTest() { connect(); }

  Service& web() { return stack_.services.front().spec; }

  [[nodiscard]] std::vector<reconcile::Difference> differences() const {
    return reconcile::diff(stack_.services.front(), container());
  }

  /// Every field of the model that the engine can be asked for.
  void ask_for_everything() {
    stack_.networks = {{.key = "back",
                        .name = stack_.project + "_back",
                        .internal = true,
                        .labels = {{.name = "tier", .value = {.literal = "2"}}}},
                       {.key = "front", .name = stack_.project + "_front", .attachable = true}};
    stack_.volumes = {{.key = "data", .name = stack_.project + "_data"}};
    stack_.configs = {{.key = "conf", .content = {.literal = "answer=42\n"}}};
    auto& spec = web();
    spec.entrypoint = document::Words{.words = {{.literal = "/bin/sh"}, {.literal = "-c"}}};
    spec.command = document::Words{.words = {{.literal = "sleep 1000000"}}};
    spec.environment = {{.name = "EMPTY", .value = {}},
                        {.name = "IMAGE_VERSION", .value = {.literal = "1"}},
                        {.name = "MODE", .value = {.literal = "a=b c"}}};
    spec.labels = {{.name = "from.image", .value = {.literal = "no"}},
                   {.name = "team", .value = {.literal = "retail"}}};
    spec.ports = {{.target = 80, .published = 18080, .protocol = document::Port::Protocol::tcp},
                  {.target = 81, .published = 0, .protocol = document::Port::Protocol::tcp},
                  {.target = 82,
                   .published = 18082,
                   .protocol = document::Port::Protocol::udp,
                   .host_ip = "127.0.0.1"}};
    spec.networks = {{.network = "back"}, {.network = "front", .aliases = {"shop", "www"}}};
    spec.configs = {
        {.source = "conf", .target = "/etc/app.conf", .uid = "7", .gid = "8", .mode = 0440}};
    ask_for_mounts(spec);
    ask_for_runtime_options(spec);
    compile();
  }

  void ask_for_mounts(Service& spec) const {
    spec.mounts = {{.type = Mount::Type::volume, .source = "data", .target = "/data"},
                   {.type = Mount::Type::volume, .target = "/anonymous", .no_copy = true},
                   {.type = Mount::Type::bind,
                    .source = identity_.config_directory + "-host/a",
                    .target = "/made",
                    .read_only = true,
                    .create_host_path = true},
                   {.type = Mount::Type::bind,
                    .source = "/usr",
                    .target = "/host-usr",
                    .read_only = true,
                    .propagation = "rprivate"},
                   {.type = Mount::Type::tmpfs,
                    .target = "/scratch",
                    .tmpfs_size_bytes = 1 << 20,
                    .tmpfs_mode = 01777}};
  }

  static void ask_for_runtime_options(Service& spec) {
    spec.healthcheck = document::Healthcheck{.test = {{.literal = "CMD"}, {.literal = "/bin/true"}},
                                             .interval_ms = 300,
                                             .timeout_ms = 2000,
                                             .start_period_ms = 500,
                                             .retries = 4};
    spec.restart = Service::Restart::on_failure;
    spec.restart_retries_max = 3;
    spec.user = "0:0";
    spec.working_dir = "/data";
    spec.hostname = document::Text{.literal = "till-1"};
    spec.cap_add = {"NET_ADMIN"};
    spec.cap_drop = {"CHOWN", "MKNOD"};
    spec.read_only = true;
    spec.logging =
        document::Logging{.driver = "json-file", .options = {{.name = "max-size", .value = "1m"}}};
    spec.resources = {.cpu_limit_nanos = 500'000'000,
                      .memory_limit_bytes = 64 << 20,
                      .pids_limit = 50,
                      .memory_reservation_bytes = 32 << 20};
    spec.stop_grace_period_ms = 1500;
    spec.stop_signal = "SIGKILL";
    spec.init = Service::Init::on;
    spec.extra_hosts = {"printer:10.0.0.9", "scale:10.0.0.8"};
  }
};

TEST_F(ContainerTest, ShowsNoDriftRightAfterCreationWithEveryField) {
  ask_for_everything();

  bring_up();

  EXPECT_THAT(differences(), IsEmpty());
  EXPECT_EQ(container().config_hash, stack_.services.front().config_hash);
  for (const auto& network : observed().networks) {
    const auto* wanted = find_network(stack_, network.key);
    ASSERT_NE(wanted, nullptr);
    EXPECT_THAT(reconcile::diff(*wanted, network), IsEmpty());
  }
}

TEST_F(ContainerTest, ShowsNoDriftAfterARestart) {
  ask_for_everything();
  bring_up();

  by_hand("POST", "/containers/" + container().id + "/restart");
  ASSERT_TRUE(wait_until([this] { return is_running(); }));
  connect();

  EXPECT_THAT(differences(), IsEmpty());
}

TEST_F(ContainerTest, ShowsNoDriftForAServiceThatAsksForNothing) {
  bring_up();

  EXPECT_THAT(differences(), IsEmpty());
  EXPECT_EQ(container().fields.at("environment.IMAGE_VERSION"), "1");
  EXPECT_EQ(container().image_fields.at("environment.IMAGE_VERSION"), "1");
}

TEST_F(ContainerTest, TellsTheHostNameAsAnAliasFromTheEnginesOwn) {
  web().hostname = document::Text{.literal = "till-1"};
  web().networks = {{.network = "default", .aliases = {"till-1"}}};
  compile();

  bring_up();

  EXPECT_THAT(differences(), IsEmpty());
}

TEST_F(ContainerTest, ClearsTheImagesCommandWhereTheFileSaysSo) {
  web().entrypoint = document::Words{};
  web().command = document::Words{.words = {{.literal = "sleep"}, {.literal = "100"}}};
  compile();

  bring_up();

  EXPECT_THAT(differences(), IsEmpty());
}

TEST_F(ContainerTest, GivesConfigsToAReadOnlyContainerWithTheirOwnerAndMode) {
  ask_for_everything();
  bring_up();

  const auto file = identity_.config_directory + "/";
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(file)) {
    ++count;
    std::ifstream in(entry.path());
    std::string line;
    std::getline(in, line);
    EXPECT_EQ(line, "answer=42");
    EXPECT_EQ(entry.status().permissions(), std::filesystem::perms(0440));
  }
  EXPECT_EQ(count, 1U);
  const auto mounts = inspect("/containers/" + container().id + "/json");
  EXPECT_THAT(mounts.dump(), HasSubstr(R"("Destination":"/etc/app.conf","Mode":"","RW":false)"));
}

TEST_F(ContainerTest, DropsConfigFilesThatNobodyMounts) {
  ask_for_everything();
  bring_up();
  ASSERT_EQ(failure(perform(Verb::remove_container, "web", container().id)), "");

  runtime_->scan();

  ASSERT_TRUE(wait_until([this] { return std::filesystem::is_empty(identity_.config_directory); }));
}

TEST_F(ContainerTest, IsShownByComposeTools) {
  bring_up();

  const auto labels = inspect("/containers/" + container().id + "/json");

  const auto view = labels.view()["Config"]["Labels"];
  EXPECT_EQ(view["com.docker.compose.project"].text(), stack_.project);
  EXPECT_EQ(view["com.docker.compose.service"].text(), "web");
  EXPECT_EQ(view["com.docker.compose.oneoff"].text(), "False");
  EXPECT_EQ(labels.view()["Name"].text(), "/" + stack_.project + "-web-1");
}

TEST_F(ContainerTest, TakesAnotherNameWhereAStrangerHoldsTheFirst) {
  ASSERT_EQ(failure(perform(Verb::create_network, "default")), "");
  const auto first = container_name(stack_, "web");
  by_hand("POST", "/containers/create?name=" + first, R"({"Image":"skerry-test:1"})");

  ASSERT_EQ(failure(perform(Verb::create_container, "web")), "");

  EXPECT_EQ(container().name, first + "-" + identity_.install_id.substr(0, 8));
  EXPECT_THAT(last_text_, HasSubstr(first));
  by_hand("DELETE", "/containers/" + first + "?force=1");
}

TEST_F(ContainerTest, MakesNothingTwice) {
  bring_up();
  const auto id = container().id;

  EXPECT_EQ(failure(perform(Verb::create_container, "web")), "");
  EXPECT_EQ(failure(perform(Verb::create_network, "default")), "");
  EXPECT_EQ(failure(perform(Verb::start_container, "web", id)), "");

  EXPECT_EQ(container().id, id);
  EXPECT_THAT(observed().networks, SizeIs(1));
}

TEST_F(ContainerTest, RefusesLabelsThatAreTheAgents) {
  web().labels = {{.name = "skerry.install", .value = {.literal = "x"}}};
  ASSERT_EQ(failure(perform(Verb::create_network, "default")), "");

  const auto status = perform(Verb::create_container, "web");

  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code.name, "label_reserved");
}

TEST_F(ContainerTest, SaysAtTheStartThatANetworkIsNotThere) {
  // The engine takes a network that it does not know for a container that does not run.
  web().networks.push_back({.network = "gone"});
  stack_.networks.push_back({.key = "gone", .name = stack_.project + "_gone", .external = true});
  ASSERT_EQ(failure(perform(Verb::create_network, "default")), "");
  ASSERT_EQ(failure(perform(Verb::create_container, "web")), "");

  const auto status = perform(Verb::start_container, "web", container().id);

  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr(stack_.project + "_gone"));
}

TEST_F(ContainerTest, LeavesNothingBehindWhereANetworkCannotBeJoined) {
  web().networks.push_back({.network = "second", .ipv4_address = "10.9.8.7"});
  stack_.networks.push_back({.key = "second", .name = stack_.project + "_second"});
  ASSERT_EQ(failure(perform(Verb::create_network, "default")), "");
  ASSERT_EQ(failure(perform(Verb::create_network, "second")), "");

  const auto status = perform(Verb::create_container, "web");

  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("user configured subnets"));
  EXPECT_THAT(observed().containers, IsEmpty());
}

TEST_F(ContainerTest, SaysInTheEnginesWordsWhyAStartFailed) {
  web().command = document::Words{.words = {{.literal = "/no/such/program"}}};
  compile();
  ASSERT_EQ(failure(perform(Verb::create_network, "default")), "");
  ASSERT_EQ(failure(perform(Verb::create_container, "web")), "");

  const auto status = perform(Verb::start_container, "web", container().id);

  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("/no/such/program"));
  EXPECT_THAT(container().message, HasSubstr("/no/such/program"));
}

TEST_F(ContainerTest, DoesNotTakeAVolumeThatSomebodyElseMade) {
  stack_.volumes = {{.key = "data", .name = stack_.project + "_data"}};
  by_hand("POST", "/volumes/create", R"({"Name":")" + stack_.project + R"(_data"})");

  const auto status = perform(Verb::create_volume, "data");

  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code.name, "name_taken");
}

TEST_F(ContainerTest, MakesAContainerFromThePinnedImageWhenItsTagHasMoved) {
  const auto second = inspect("/images/skerry-test:2/json").view()["Id"].text();
  stack_.services.front().image_id = second;
  ASSERT_EQ(failure(perform(Verb::create_network, "default")), "");

  ASSERT_EQ(failure(perform(Verb::create_container, "web")), "");

  EXPECT_EQ(container().image_id, second);
}

}  // namespace
}  // namespace skerry::agent::docker
