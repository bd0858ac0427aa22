#include <algorithm>

#include <gmock/gmock.h>

#include "engine_fixture.h"

/// The engine goes and comes back.
namespace skerry::agent::docker {
namespace {

using reconcile::RuntimeEvent;
using ::testing::SizeIs;

class EngineRestartTest : public EngineTest {
 protected:
  EngineRestartTest() {
    // Or an engine that is asked to stop waits 10 s for a shell that takes no SIGTERM.
    stack_.services.front().spec.stop_signal = "SIGKILL";
    compile();
    connect();
    events_.clear();
  }

  ~EngineRestartTest() override {
    EXPECT_TRUE(wait_until([this] { return observed().complete; }));
  }

  bool was_said(RuntimeEvent::Kind kind) {
    return wait_until([&] {
      return std::ranges::any_of(events_, [&](const auto& event) { return event.kind == kind; });
    });
  }
};

TEST_F(EngineRestartTest, SaysDownAndUpAndFindsItsContainerAgain) {
  bring_up();
  const auto id = container().id;

  engine("kill");
  ASSERT_TRUE(was_said(RuntimeEvent::Kind::down));
  EXPECT_FALSE(observed().complete);
  events_.clear();
  engine("start");
  ASSERT_TRUE(was_said(RuntimeEvent::Kind::up));

  EXPECT_TRUE(observed().complete);
  EXPECT_EQ(container().id, id);
  EXPECT_FALSE(container().stopped_by_hand);
}

TEST_F(EngineRestartTest, WithLiveRestoreTheContainerRunsOn) {
  engine("kill");
  ASSERT_TRUE(was_said(RuntimeEvent::Kind::down));
  engine("start", "--live-restore");
  ASSERT_TRUE(was_said(RuntimeEvent::Kind::up));
  events_.clear();
  bring_up();
  const auto started_at = container().started_at;

  engine("kill");
  ASSERT_TRUE(was_said(RuntimeEvent::Kind::down));
  events_.clear();
  engine("start", "--live-restore");
  ASSERT_TRUE(was_said(RuntimeEvent::Kind::up));

  EXPECT_TRUE(is_running());
  EXPECT_EQ(container().started_at, started_at);
}

TEST_F(EngineRestartTest, AnEngineThatIsAskedToStopIsNobodysHandOnItsContainers) {
  bring_up();

  engine("terminate");
  ASSERT_TRUE(was_said(RuntimeEvent::Kind::down));
  events_.clear();
  engine("start");
  ASSERT_TRUE(was_said(RuntimeEvent::Kind::up));

  EXPECT_FALSE(is_running());
  EXPECT_FALSE(container().stopped_by_hand);
}

TEST_F(EngineRestartTest, AnActionWhileTheEngineIsDownFailsAsUnavailable) {
  engine("kill");
  ASSERT_TRUE(was_said(RuntimeEvent::Kind::down));

  const auto status = perform(Verb::create_network, "default");

  engine("start");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::unavailable);
}

TEST_F(EngineRestartTest, ANewAgentAdoptsByTheLabelAlone) {
  bring_up();
  const auto id = container().id;

  connect();

  EXPECT_EQ(container().id, id);
  EXPECT_THAT(observed().networks, SizeIs(1));
}

}  // namespace
}  // namespace skerry::agent::docker
