#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "agent/runtime/docker/docker_runtime.h"
#include "base/crypto.h"
#include "reconcile/fields.h"

namespace skerry::agent::docker {

/// SHA-256 for real, signatures not at all.
class HashOnly final : public Crypto {
 public:
  [[nodiscard]] Digest sha256(std::string_view bytes) const override;
  Result<KeyPair> generate() override;
  [[nodiscard]] Result<KeyPair> load(Secret) const override;
  Result<std::string> sign(const KeyPair&, std::string_view) override;
  [[nodiscard]] bool verify(const PublicKey&, std::string_view, std::string_view) const override;
};

/// A runtime of an installation of its own at the private engine that SKERRY_ENGINE_DIR names, and
/// a second connection for what "somebody else" does there.
/// What an action failed with, empty where it succeeded.
inline std::string failure(const Status& status) {
  return status ? "" : to_string(status.error());
}

/// A runtime of an installation of its own at the private engine that SKERRY_ENGINE_DIR names, and
/// a second connection for what "somebody else" does there.
class EngineTest : public ::testing::Test {
 protected:
  using Verb = reconcile::Action::Verb;

  EngineTest();
  ~EngineTest() override;

  /// A new runtime, as after a restart of the agent; waits until it is up.
  void connect();

  /// Turns the loop until `condition` holds, and takes events; false after `limit`.
  bool wait_until(const std::function<bool()>& condition,
                  std::chrono::milliseconds limit = std::chrono::seconds(20));

  /// Performs an action on `stack` and its first service (or the one of this name), to its end.
  Status perform(Verb verb, std::string key, std::string id = {}, std::string network = {});
  /// Networks, volumes, the container and its start.
  void bring_up();

  /// A request by somebody else; its status is checked to be a success.
  void by_hand(const std::string& method, const std::string& path, const std::string& body = "");
  /// The engine's reply, as JSON.
  Json inspect(const std::string& path);

  /// engine.sh with a verb and options; for killing and starting the engine.
  static void engine(const std::string& verb, const std::string& options = "");

  [[nodiscard]] const reconcile::Observed& observed() const { return runtime_->observed(); }

  /// The one container, or a failure and an empty one.
  [[nodiscard]] const reconcile::ObservedContainer& container() const;
  [[nodiscard]] bool is_running() const;

  /// The stack's wanted fields and hashes anew, after a change of it.
  void compile();

  static std::string directory();

  HashOnly crypto_;
  std::unique_ptr<os::EventLoop> loop_;
  Identity identity_;
  reconcile::DesiredStack stack_;
  std::unique_ptr<DockerRuntime> runtime_;
  std::vector<reconcile::RuntimeEvent> events_;
  std::string last_text_;

 private:
  std::unique_ptr<EngineClient> other_;
};

}  // namespace skerry::agent::docker
