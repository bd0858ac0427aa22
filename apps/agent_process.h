#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/core/agent.h"
#include "agent/local/local_server.h"
#include "agent/runtime/docker/docker_runtime.h"
#include "agent/uplink/tls_connector.h"
#include "base/log.h"
#include "os/directory_disk.h"
#include "os/directory_lock.h"
#include "os/event_loop.h"
#include "os/signals.h"
#include "os/system_random.h"
#include "trust/openssl_crypto.h"

namespace skerry::agent {

struct ProcessOptions {
  std::string state_directory = "/var/lib/skerry";
  std::string docker_socket = "/run/docker.sock";
  std::string local_socket = "/run/skerry/agent.sock";
  std::optional<Secret> token = {};
  /// Join this installation and stop once the site has its charter, instead of running on.
  std::optional<Enrolment> enrolment = {};
};

/// The agent in a process: one epoll loop around `Agent`, a Docker Engine, a TLS link and the local
/// socket.
class AgentProcess {
 public:
  static Result<std::unique_ptr<AgentProcess>> create(const ProcessOptions& options,
                                                      const Log& log);

  AgentProcess(const AgentProcess&) = delete;
  AgentProcess& operator=(const AgentProcess&) = delete;
  ~AgentProcess();

  /// Runs until a signal, a fatal error, or the end of an enrolment. The process's exit code.
  int run();

 private:
  AgentProcess(const ProcessOptions& options, const Log& log);

  Status open();
  Status open_runtime(Disk& disk);
  Status open_agent();
  Status open_local();
  /// Steps the agent soon, from the loop; several reasons make one step.
  void poke();
  void step();
  void watch_enrolment();
  void confirm_slot();
  void finish(int exit_code);
  void check(const Status& status);
  Result<std::string> answer(const std::string& verb);

  ProcessOptions options_;
  Log log_;
  std::unique_ptr<os::EventLoop> loop_;
  std::optional<os::DirectoryLock> lock_;
  Uuid install_id_;
  std::unique_ptr<Disk> disk_;
  os::SystemRandom random_;
  trust::OpenSslCrypto crypto_;
  std::unique_ptr<docker::DockerRuntime> runtime_;
  std::unique_ptr<TlsConnector> connector_;
  std::unique_ptr<Agent> agent_;
  std::unique_ptr<local::LocalServer> local_;
  std::unique_ptr<os::Signals> signals_;
  os::Timer wake_;
  os::Timer poked_;
  os::Timer confirmed_;
  int exit_code_ = 0;
  std::string last_said_;
};

}  // namespace skerry::agent
