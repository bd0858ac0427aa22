#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/runtime/docker/inspect_reader.h"
#include "agent/runtime/docker/object_readers.h"

/// The readers of the engine's replies.
namespace skerry::agent::docker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

const Identity identity{.install_id = "0a1b2c3d",
                        .engine_config_directory = "/var/lib/skerry/configs"};

/// What Docker 20.10 showed of a container with many fields.
std::string real_container() {
  const std::ifstream in(SKERRY_TEST_DATA "/docker/container_20_10.json");
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

FoundContainer read_real() {
  const auto json = parse_json(real_container(), container_wanted);
  EXPECT_TRUE(json);
  const auto found = read_container(identity, json->view());
  EXPECT_TRUE(found) << to_string(found.error());
  return found ? *found : FoundContainer();
}

TEST(InspectReader, ReadsWhatARealEngineShows) {
  const auto found = read_real();

  EXPECT_EQ(found.observed.name, "hello-web-1");
  EXPECT_EQ(found.observed.service, "web");
  EXPECT_EQ(found.observed.state, reconcile::ContainerState::running);
  EXPECT_EQ(found.observed.health, reconcile::Health::unhealthy);
  EXPECT_EQ(found.observed.message, "cat: can't open '/tmp/ok': No such file or directory");
  EXPECT_THAT(found.networks, UnorderedElementsAre("n1", "n2"));
  EXPECT_EQ(found.stop_timeout, std::chrono::seconds(3));
}

TEST(InspectReader, WritesFieldsAsTheFieldListHasThem) {
  const auto fields = read_real().observed.fields;

  EXPECT_EQ(fields.at("command[0]"), "sleep");
  EXPECT_EQ(fields.at("environment.A"), "b");
  EXPECT_EQ(fields.at("healthcheck.interval_ms"), "300");
  EXPECT_EQ(fields.at("ports.80/tcp"), "8080, auto");
  EXPECT_EQ(fields.at("ports.81/udp"), "127.0.0.1:8081");
  EXPECT_EQ(fields.at("mounts./v"), "volume vol1");
  EXPECT_EQ(fields.at("mounts./bb"), "bind /tmp/created/a ro");
  EXPECT_EQ(fields.at("restart"), "on-failure:3");
  EXPECT_EQ(fields.at("memory_limit_bytes"), "67108864");
  EXPECT_EQ(fields.at("networks.n1"), "connected");
  EXPECT_EQ(fields.at("networks.n2"), "connected alias=shop");
  EXPECT_EQ(fields.at("init"), "true");
}

TEST(InspectReader, ReadsTheSameOfAWholeReplyAndOfWhatIsWanted) {
  const auto whole = parse_json(real_container());

  const auto found = read_container(identity, whole->view());

  ASSERT_TRUE(found);
  const auto wanted = read_real();
  EXPECT_EQ(found->observed.fields, wanted.observed.fields);
  EXPECT_EQ(found->observed.message, wanted.observed.message);
  EXPECT_EQ(found->observed.image_id, wanted.observed.image_id);
  EXPECT_EQ(found->networks, wanted.networks);
  EXPECT_EQ(found->config_files, wanted.config_files);
  EXPECT_EQ(found->started_at, wanted.started_at);
  EXPECT_EQ(found->finished_at, wanted.finished_at);
  EXPECT_EQ(found->stop_timeout, wanted.stop_timeout);
}

TEST(InspectReader, TellsWhoseAContainerIsFromItsCoreAlone) {
  const auto json = parse_json(real_container(), container_core_wanted);

  const auto found = read_container(identity, json->view());

  ASSERT_TRUE(found);
  const auto whole = read_real();
  EXPECT_EQ(found->observed.stack, whole.observed.stack);
  EXPECT_EQ(found->observed.service, whole.observed.service);
  EXPECT_EQ(found->observed.config_hash, whole.observed.config_hash);
  EXPECT_EQ(found->observed.has_own_name, whole.observed.has_own_name);
  EXPECT_EQ(found->observed.state, whole.observed.state);
  EXPECT_EQ(found->observed.health, whole.observed.health);
}

TEST(InspectReader, ShowsNoLabelOfOurOwnAsAField) {
  const auto fields = read_real().observed.fields;

  EXPECT_EQ(fields.count("labels.from.image"), 1U);
  EXPECT_EQ(fields.count("labels.skerry.install"), 0U);
  EXPECT_EQ(fields.count("labels.com.docker.compose.project"), 0U);
}

TEST(InspectReader, TellsItsOwnNamesFromThoseOfACopy) {
  const auto is_own = [](const std::string& name) {
    const auto json = parse_json(R"({"Id":"1","State":{"Status":"created"},"Name":"/)" + name +
                                 R"(","Config":{"Labels":{"skerry.install":"0a1b2c3d",
      "skerry.service":"web","com.docker.compose.project":"shop"}}})");
    return read_container(identity, json->view())->observed.has_own_name;
  };

  EXPECT_TRUE(is_own("shop-web-1"));
  EXPECT_TRUE(is_own("shop-web-1-0a1b2c3d"));
  EXPECT_FALSE(is_own("brave_hopper"));
}

TEST(InspectReader, KnowsWhatIsNotOurs) {
  const auto json = parse_json(real_container());

  const auto found = read_container({.install_id = "another"}, json->view());

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code.name, "object_missing");
}

TEST(InspectReader, TakesConfigFilesForConfigsAndNotForMounts) {
  const auto json = parse_json(R"({"Id":"1","State":{"Status":"created"},
    "Config":{"Labels":{"skerry.install":"0a1b2c3d"}},"HostConfig":{"Mounts":[
      {"Type":"bind","Source":"/var/lib/skerry/configs/abc","Target":"/etc/a","ReadOnly":true}]}})");

  const auto found = read_container(identity, json->view());

  ASSERT_TRUE(found);
  EXPECT_THAT(found->config_files, ElementsAre("abc"));
  EXPECT_EQ(found->observed.fields.count("mounts./etc/a"), 0U);
}

TEST(InspectReader, ALiftedLimitIsNoLimit) {
  const auto json = parse_json(R"({"Id":"1","State":{"Status":"created"},
    "Config":{"Labels":{"skerry.install":"0a1b2c3d"}},
    "HostConfig":{"PidsLimit":-1,"MemoryReservation":-1,"Memory":0}})");

  const auto found = read_container(identity, json->view());

  ASSERT_TRUE(found);
  EXPECT_THAT(found->observed.fields, ElementsAre(Pair("restart", "no")));
}

TEST(InspectReader, RefusesAStateThatItDoesNotKnow) {
  const auto json = parse_json(R"({"Id":"1","State":{"Status":"dreaming"},
    "Config":{"Labels":{"skerry.install":"0a1b2c3d"}}})");

  EXPECT_FALSE(read_container(identity, json->view()));
}

TEST(InspectReader, SurvivesEveryTruncationAndEveryWrongKindOfValue) {
  const auto whole = real_container();
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    EXPECT_FALSE(parse_json(whole.substr(0, size)));
  }
  // Each object, array and text in turn becomes a number.
  for (std::size_t at = 0; at < whole.size(); ++at) {
    if (whole[at] != '{' && whole[at] != '[' && whole[at] != '"') {
      continue;
    }
    auto changed = whole;
    changed[at] = '7';
    if (const auto json = parse_json(changed)) {
      (void)read_container(identity, json->view()).has_value();
      (void)read_image(json->view()).has_value();
      (void)read_network(identity, json->view()).has_value();
    }
  }
}

TEST(InspectReader, ReadsTheEnginesTimes) {
  EXPECT_TRUE(read_time("2026-11-22T15:20:47.837376081Z"));
  EXPECT_EQ(read_time("2026-11-22T15:20:47.5Z"), read_time("2026-11-22T15:20:47.500Z"));
  EXPECT_TRUE(read_time("2026-11-22T15:20:47Z"));
  EXPECT_FALSE(read_time("0001-01-01T00:00:00Z"));
  EXPECT_FALSE(read_time("yesterday"));
}

TEST(JsonReader, RefusesDeepNestingBeforeItRecurses) {
  const std::string deep(100'000, '[');

  const auto refused = parse_json(deep);

  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("deep"));
}

TEST(JsonReader, BracketsInTextAreNoNesting) {
  EXPECT_TRUE(parse_json("[\"" + std::string(1000, '[') + "\\\"\"]"));
}

TEST(JsonReader, KeepsAReplyWhoseTextHoldsNul) {
  const auto json = parse_json(R"({"Output":"a\u0000b"})");

  ASSERT_TRUE(json);
  EXPECT_EQ(json->view()["Output"].text(), std::string("a\0b", 3));
}

TEST(ObjectReaders, AListWithAHoleIsNoList) {
  EXPECT_FALSE(read_container_ids(parse_json(R"([{"Id":"1"},{}])")->view()));
  EXPECT_FALSE(read_container_ids(parse_json(R"({"message":"no"})")->view()));
  EXPECT_THAT(*read_container_ids(parse_json("[]")->view()), IsEmpty());
}

TEST(ObjectReaders, NoVolumesAreNull) {
  EXPECT_THAT(*read_volumes(identity, parse_json(R"({"Volumes":null})")->view()), IsEmpty());
  EXPECT_FALSE(read_volumes(identity, parse_json(R"({"Volumes":7})")->view()));
}

TEST(ObjectReaders, SpeaksTheOldestVersionThatANewEngineTakes) {
  EXPECT_EQ(
      *read_api_version(parse_json(R"({"ApiVersion":"1.41","MinAPIVersion":"1.12"})")->view()),
      "v1.41");
  EXPECT_EQ(
      *read_api_version(parse_json(R"({"ApiVersion":"1.52","MinAPIVersion":"1.44"})")->view()),
      "v1.44");
}

TEST(ObjectReaders, RefusesAnEngineThatIsTooOld) {
  const auto refused = read_api_version(parse_json(R"({"ApiVersion":"1.40"})")->view());

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code.name, "runtime_too_old");
}

TEST(ObjectReaders, CutsAnErrorThatIsNoJson) {
  EXPECT_EQ(read_error_message(R"({"message":"no such image\n"})"), "no such image");
  EXPECT_EQ(read_error_message(std::string(10'000, 'x')).size(), 512U);
}

}  // namespace
}  // namespace skerry::agent::docker
