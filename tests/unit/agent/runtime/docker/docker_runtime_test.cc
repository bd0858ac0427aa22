#include "agent/runtime/docker/docker_runtime.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_engine.h"

/// What the driver makes of an engine that fails or lies; all else is tested against a real one.
namespace skerry::agent::docker {
namespace {

using reconcile::RuntimeEvent;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// The driver hashes nothing here.
class NoCrypto final : public Crypto {
 public:
  [[nodiscard]] Digest sha256(std::string_view) const override { return {}; }

  Result<KeyPair> generate() override { return KeyPair{}; }

  [[nodiscard]] Result<KeyPair> load(Secret) const override { return KeyPair{}; }

  Result<std::string> sign(const KeyPair&, std::string_view) override { return std::string(); }

  [[nodiscard]] bool verify(const PublicKey&, std::string_view, std::string_view) const override {
    return false;
  }
};

class DockerRuntimeTest : public ::testing::Test {
 protected:
  DockerRuntimeTest() {
    engine_.replies = {{"/version", {.body = R"({"ApiVersion":"1.41","MinAPIVersion":"1.12"})"}},
                       {"/info", {.body = R"({"ID":"one","DockerRootDir":"/var/lib/docker"})"}},
                       {"/containers/json", {.body = R"([{"Id":"c1"}])"}},
                       {"/containers/c1/json", {.body = container("running")}},
                       {"/images/i1/json", {.body = R"({"Id":"i1"})"}},
                       {"/networks", {.body = "[]"}},
                       {"/volumes", {.body = R"({"Volumes":[]})"}}};
  }

  ~DockerRuntimeTest() override {
    runtime_.reset();
    std::filesystem::remove_all(directory_);
  }

  static std::string new_directory() {
    std::string name = (std::filesystem::temp_directory_path() / "skerry.XXXXXX").string();
    return ::mkdtemp(name.data());
  }

  static std::string container(const std::string& state) {
    return R"({"Id":"c1","Name":"/hello-web-1","Image":"i1","State":{"Status":")" + state +
           R"("},"Config":{"Labels":{"skerry.install":"0a"}}})";
  }

  void start() {
    runtime_ = std::make_unique<DockerRuntime>(
        *loop_,
        crypto_,
        Log(loop_->clock(), [](LogLevel, std::string_view) {}),
        DockerRuntime::Options{
            .socket_path = directory_ + "/socket",
            .identity = {.install_id = "0a", .config_directory = directory_ + "/configs"}});
  }

  void start_and_wait() {
    start();
    ASSERT_TRUE(wait_until([this] { return observed().complete; }));
    ASSERT_THAT(observed().containers, SizeIs(1));
    events_.clear();
  }

  bool wait_until(const std::function<bool()>& condition) {
    const auto deadline = loop_->now() + std::chrono::seconds(10);
    while (!condition() && loop_->now() < deadline) {
      loop_->run_once(std::chrono::milliseconds(20));
      for (auto& event : runtime_->take_events()) {
        events_.push_back(std::move(event));
      }
    }
    return condition();
  }

  bool was_said(RuntimeEvent::Kind kind) {
    return wait_until([&] {
      return std::ranges::any_of(events_, [&](const auto& event) { return event.kind == kind; });
    });
  }

  void scan() {
    events_.clear();
    runtime_->scan();
    ASSERT_TRUE(was_said(RuntimeEvent::Kind::changed));
  }

  [[nodiscard]] const reconcile::Observed& observed() const { return runtime_->observed(); }

  NoCrypto crypto_;
  std::string directory_ = new_directory();
  std::unique_ptr<os::EventLoop> loop_ = *os::EventLoop::create();
  FakeEngine engine_{*loop_, directory_ + "/socket"};
  std::unique_ptr<DockerRuntime> runtime_;
  std::vector<RuntimeEvent> events_;
};

TEST_F(DockerRuntimeTest, AFailedListIsNeverCompleteAndForgetsNothing) {
  start_and_wait();
  engine_.replies["/containers/json"] = {.status = 500, .body = R"({"message":"no"})"};

  scan();

  EXPECT_FALSE(observed().complete);
  EXPECT_THAT(observed().containers, SizeIs(1));
}

TEST_F(DockerRuntimeTest, AFailedListIsAskedForAgainByItself) {
  start_and_wait();
  engine_.replies["/networks"] = {.status = 500};
  scan();
  ASSERT_FALSE(observed().complete);

  engine_.replies["/networks"] = {.body = "[]"};

  EXPECT_TRUE(wait_until([this] { return observed().complete; }));
}

TEST_F(DockerRuntimeTest, AnEmptyListIsNotBelievedWhileTheContainerAnswers) {
  start_and_wait();
  engine_.replies["/containers/json"] = {.body = "[]"};

  scan();

  EXPECT_TRUE(observed().complete);
  EXPECT_THAT(observed().containers, SizeIs(1));
}

TEST_F(DockerRuntimeTest, AContainerIsGoneWhereTheEngineSaysSoOfItAlone) {
  start_and_wait();
  engine_.replies["/containers/json"] = {.body = "[]"};
  engine_.replies.erase("/containers/c1/json");

  scan();

  EXPECT_TRUE(observed().complete);
  EXPECT_THAT(observed().containers, IsEmpty());
}

TEST_F(DockerRuntimeTest, AnotherEngineIsBelievedOnlyTheSecondTime) {
  start_and_wait();
  engine_.replies["/info"] = {.body = R"({"ID":"one","DockerRootDir":"/mnt/unmounted"})"};
  engine_.replies["/containers/json"] = {.body = "[]"};
  engine_.replies.erase("/containers/c1/json");

  scan();

  EXPECT_FALSE(observed().complete);
  EXPECT_THAT(observed().containers, SizeIs(1));
  EXPECT_TRUE(wait_until([this] { return observed().complete && observed().containers.empty(); }));
}

TEST_F(DockerRuntimeTest, AReplyThatIsNoJsonMakesTheScanIncomplete) {
  start_and_wait();
  engine_.replies["/containers/c1/json"] = {.body = "<html>captive portal</html>"};

  scan();

  EXPECT_FALSE(observed().complete);
  EXPECT_THAT(observed().containers, SizeIs(1));
}

/// A container or image whose labels are more than may be read of one.
std::string with_large_labels(const std::string& reply) {
  const std::string labels = R"("Labels":{)";
  const std::string large = "\"large\":\"" + std::string(reply_memory_max / 2, 'x') + "\",";
  return std::string(reply).insert(reply.find(labels) + labels.size(), large);
}

TEST_F(DockerRuntimeTest, AContainerTooLargeToReadIsThereWithoutItsFieldsAndHoldsUpNoOther) {
  engine_.replies["/containers/json"] = {.body = R"([{"Id":"c1"},{"Id":"c2"}])"};
  auto other = container("running");
  other.replace(other.find("c1"), 2, "c2");
  engine_.replies["/containers/c2/json"] = {.body = other};
  engine_.replies["/containers/c1/json"] = {.body = with_large_labels(container("running"))};

  start();

  ASSERT_TRUE(wait_until([this] { return observed().complete; }));
  ASSERT_THAT(observed().containers, SizeIs(2));
  const auto& large = observed().containers[observed().containers[0].id == "c1" ? 0 : 1];
  EXPECT_EQ(large.state, reconcile::ContainerState::running);
  EXPECT_THAT(large.unread, HasSubstr("more than 1024 KiB"));
  EXPECT_THAT(large.fields, IsEmpty());
  EXPECT_THAT(observed().containers[observed().containers[0].id == "c1" ? 1 : 0].unread, IsEmpty());
}

TEST_F(DockerRuntimeTest, AnImageTooLargeToReadIsAtHandAndItsContainersAreRead) {
  engine_.replies["/images/i1/json"] = {
      .body = with_large_labels(R"({"Id":"i1","Config":{"Labels":{"a":"b"}}})")};
  start();
  runtime_->watch_images({"i1"});

  ASSERT_TRUE(wait_until([this] { return observed().complete && !observed().images.empty(); }));

  EXPECT_EQ(observed().images.front().id, "i1");
  ASSERT_THAT(observed().containers, SizeIs(1));
  EXPECT_THAT(observed().containers.front().unread, IsEmpty());
}

TEST_F(DockerRuntimeTest, AListTooLargeToReadIsNotCompleteAndForgetsNothing) {
  start_and_wait();
  std::string list = "[";
  for (int index = 0; index < 30'000; ++index) {
    list += R"({"Id":"c"},)";
  }
  engine_.replies["/containers/json"] = {.body = list + R"({"Id":"c1"}])"};

  scan();

  EXPECT_FALSE(observed().complete);
  EXPECT_THAT(observed().containers, SizeIs(1));
}

TEST_F(DockerRuntimeTest, AReplyThatIsTooLargeIsNoEngineThatIsDown) {
  start_and_wait();
  engine_.replies["/networks"] = {.body = "[\"" + std::string(900'000, 'x') + "\"]"};
  events_.clear();

  scan();

  EXPECT_FALSE(observed().complete);
  EXPECT_TRUE(std::ranges::none_of(
      events_, [](const auto& event) { return event.kind == RuntimeEvent::Kind::down; }));
}

TEST_F(DockerRuntimeTest, AnEventOfOursLeadsToALookAtJustThat) {
  start_and_wait();
  engine_.replies["/containers/json"] = {.status = 500};
  engine_.replies["/containers/c1/json"] = {.body = container("exited")};

  engine_.event(R"({"Type":"container","Action":"die","Actor":{"ID":"c1","Attributes":)"
                R"({"skerry.install":"0a"}}})");

  EXPECT_TRUE(wait_until(
      [this] { return observed().containers.front().state == reconcile::ContainerState::exited; }));
  EXPECT_TRUE(observed().complete);
}

TEST_F(DockerRuntimeTest, AStrangersEventIsNone) {
  start_and_wait();

  engine_.event(R"({"Type":"container","Action":"die","Actor":{"ID":"c1","Attributes":{}}})");
  engine_.event(R"({"Type":"image","Action":"tag","Actor":{"ID":"x"}})");
  ASSERT_TRUE(was_said(RuntimeEvent::Kind::changed));

  EXPECT_EQ(observed().containers.front().state, reconcile::ContainerState::running);
}

TEST_F(DockerRuntimeTest, AnEventTooLongToReadLeadsToAScan) {
  start_and_wait();
  engine_.replies["/containers/c1/json"] = {.body = container("paused")};

  engine_.event(std::string(event_size_max + 1, 'x'));

  EXPECT_TRUE(wait_until(
      [this] { return observed().containers.front().state == reconcile::ContainerState::paused; }));
}

TEST_F(DockerRuntimeTest, SaysDownWhenTheEngineGoesAndUpWhenItIsBack) {
  start_and_wait();

  engine_.drop_connections();
  ASSERT_TRUE(was_said(RuntimeEvent::Kind::down));
  EXPECT_FALSE(observed().complete);

  EXPECT_TRUE(was_said(RuntimeEvent::Kind::up));
  EXPECT_TRUE(observed().complete);
}

TEST_F(DockerRuntimeTest, AnEngineThatIsTooOldIsDownAndTheReasonIsSaid) {
  engine_.replies["/version"] = {.body = R"({"ApiVersion":"1.39"})"};

  start();

  ASSERT_TRUE(was_said(RuntimeEvent::Kind::down));
  EXPECT_THAT(events_.front().text, HasSubstr("1.39"));
}

TEST_F(DockerRuntimeTest, AnActionBeforeTheEngineAnswersEndsAtOnce) {
  start();

  const auto number = runtime_->begin({.verb = reconcile::Action::Verb::pull_image}, {});

  const auto said = runtime_->take_events();
  ASSERT_THAT(said, SizeIs(1));
  EXPECT_EQ(said.front().action, number);
  EXPECT_EQ(said.front().error.error().code.name, "runtime_down");
}

TEST_F(DockerRuntimeTest, ARemovedContainerLeavesItsUnnamedVolumes) {
  start_and_wait();
  engine_.requests.clear();

  runtime_->begin({.verb = reconcile::Action::Verb::remove_container, .id = "c1"}, {});

  ASSERT_TRUE(was_said(RuntimeEvent::Kind::finished));
  const auto removal = std::ranges::find_if(
      engine_.requests, [](const auto& line) { return line.starts_with("DELETE "); });
  ASSERT_NE(removal, engine_.requests.end());
  EXPECT_THAT(*removal, HasSubstr("/containers/c1?force=1 "));
}

TEST_F(DockerRuntimeTest, APullThatFailsInItsStreamFailsUnderAStatusOf200) {
  start_and_wait();
  engine_.replies["/images/create"] = {.body =
                                           "{\"status\":\"Pulling\"}\n"
                                           "{\"error\":\"manifest unknown\"}\n"};

  runtime_->begin({.verb = reconcile::Action::Verb::pull_image, .key = "a:1"}, {});

  ASSERT_TRUE(was_said(RuntimeEvent::Kind::finished));
  const auto end = std::ranges::find(events_, RuntimeEvent::Kind::finished, &RuntimeEvent::kind);
  ASSERT_FALSE(end->error);
  EXPECT_EQ(end->error.error().message, "manifest unknown");
}

}  // namespace
}  // namespace skerry::agent::docker
