#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/runtime/docker/deeds.h"
#include "agent/runtime/docker/engine_client.h"
#include "agent/runtime/docker/engine_view.h"
#include "agent/runtime/docker/identity.h"
#include "agent/runtime/docker/stream_reader.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/random.h"
#include "os/event_loop.h"
#include "reconcile/runtime.h"

namespace skerry::agent::docker {

/// Drives one Docker Engine over its unix socket, API 1.41 (Docker 20.10) and newer.
///
/// While the engine answers, one connection carries its events; an event leads to a look at just
/// what it names. Every ten minutes, and after every reconnect, everything is read anew.
class DockerRuntime final : public reconcile::Runtime {
 public:
  struct Options {
    std::string socket_path = "/run/docker.sock";
    Identity identity = {};
    std::chrono::milliseconds scan_interval = std::chrono::minutes(10);
    /// Called, always from the loop, when `take_events` has something after it had nothing.
    std::function<void()> wake = {};
  };

  /// @param loop, crypto  outlive the runtime
  DockerRuntime(os::EventLoop& loop, const Crypto& crypto, const Log& log, Options options);
  DockerRuntime(const DockerRuntime&) = delete;
  DockerRuntime& operator=(const DockerRuntime&) = delete;
  ~DockerRuntime() override;

  std::uint64_t begin(const reconcile::Action& action, const Context& context) override;

  [[nodiscard]] const reconcile::Observed& observed() const override { return observed_; }

  void watch_images(std::vector<std::string> references) override;
  void scan() override;
  std::vector<reconcile::RuntimeEvent> take_events() override;

 private:
  enum class State : std::uint8_t { down, connecting, up };

  /// What changed since the last look.
  struct Touched {
    std::set<std::string> containers = {};
    std::set<std::string> networks = {};
    std::set<std::string> volumes = {};
    bool images = false;
  };

  void connect();
  void on_version(Result<Json> reply);
  void open_events();
  void on_events_head(unsigned status);
  void on_event(const EngineEvent& event);
  void on_network_event(const EngineEvent& event);
  void go_down(const Error& reason);
  void start_scan();
  void on_scanned(const Status& outcome);
  void touch();
  void look();
  void on_looked(const Status& outcome);
  void on_finished(std::uint64_t number, Status outcome, std::string text);
  void on_progress(std::uint64_t number, std::string text);
  void say(reconcile::RuntimeEvent event);
  void say_changed();

  os::EventLoop& loop_;
  Log log_;
  Options options_;
  State state_ = State::down;
  std::uint32_t failures_ = 0;
  std::uint32_t scan_failures_ = 0;
  std::uint64_t last_action_ = 0;
  /// Raised at each connect: what belongs to an earlier connection proves nothing about this one.
  std::uint64_t connection_ = 0;
  std::uint64_t scan_connection_ = 0;
  bool scanning_ = false;
  bool scan_again_ = false;
  bool snapshot_is_old_ = false;
  std::size_t looking_ = 0;
  Touched touched_;
  reconcile::Observed observed_;
  std::vector<reconcile::RuntimeEvent> said_;
  std::string last_reason_;

  EngineClient client_;
  EngineView view_;
  Deeds deeds_;
  LineReader event_lines_;
  os::HttpCall events_;
  os::Timer retry_;
  os::Timer look_;
  os::Timer scan_;
  os::Timer wake_;
};

}  // namespace skerry::agent::docker
