#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/log.h"
#include "installation.h"
#include "net/server.h"
#include "os/directory_disk.h"
#include "os/event_loop.h"
#include "os/signals.h"
#include "os/system_clock.h"
#include "os/system_random.h"
#include "os/tcp_listener.h"
#include "server/api/api.h"
#include "server/auth/throttle.h"
#include "server/gateway/arrivals.h"
#include "server/gateway/gateway.h"
#include "server/gateway/site_links.h"
#include "server/planner/planner.h"
#include "server/store/checker.h"
#include "server/store/reader.h"
#include "server/store/writer_thread.h"
#include "trust/openssl_crypto.h"

namespace skerry::server {

struct ServerOptions {
  std::string data_directory = "/var/lib/skerryd";
  /// Sites and the API, told apart by what the client's TLS hello asks for.
  std::string listen = "[::]:8443";
  /// A second address for the API alone; none where empty.
  std::string listen_api = {};
  /// How sites reach this server, for the enrolment command; `listen` where empty.
  std::string site_address = {};
  std::uint32_t beat_s = 300;
  /// Begin a new store where the one that belongs to the keys is gone.
  bool accept_lost_store = false;
};

/// Who is connected, as the API reads it from other threads.
class PresenceBoard {
 public:
  using Presence = gateway::Gateway::Presence;

  void publish(store::SiteNumber site, const Presence& presence);
  [[nodiscard]] Presence of(store::SiteNumber site) const;

 private:
  mutable std::mutex mutex_;
  std::map<store::SiteNumber, Presence> presences_;
};

/// What the planner holds back and why, as the API reads it from other threads.
class PlanBoard {
 public:
  using Held = std::map<store::SiteNumber, document::Reason>;
  using Unreadable = std::map<std::string, std::string, std::less<>>;

  using Unknown = std::set<std::string, std::less<>>;

  void publish(const planner::Planner& planner);
  [[nodiscard]] std::optional<document::Reason> held(store::SiteNumber site) const;
  [[nodiscard]] std::optional<std::string> unreadable(const std::string& stack) const;
  [[nodiscard]] Unknown unknown() const;

  [[nodiscard]] std::uint64_t planned() const { return planned_; }

 private:
  mutable std::mutex mutex_;
  Held held_;
  Unreadable unreadable_;
  std::atomic<std::uint64_t> planned_{0};
  Unknown unknown_;
};

/// The control plane in a process: the store's writer on its thread, gateway and planner on the
/// event loop, the API on its own.
class ServerProcess {
 public:
  static Result<std::unique_ptr<ServerProcess>> create(const ServerOptions& options,
                                                       const Log& log);

  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();

  /// Runs until a signal. The process's exit code.
  int run();

 private:
  ServerProcess(const ServerOptions& options, const Log& log);

  Status open();
  Status open_store();
  [[nodiscard]] std::string metrics() const;
  void on_checked(store::Reader::Depth depth, const Status& found);
  void tell_audit_head();
  Status offer_setup(store::Writer& writer, store::Reader& reader);
  Status open_gateway();
  Status open_planner();
  Status open_api();
  Status open_listener();
  void on_arrived(os::Descriptor socket,
                  const os::SocketAddress& peer,
                  const os::ClientHello& hello);
  /// A change for the store whose answer comes on the event loop.
  Status submit(store::Change change, store::Done done);
  /// Lets gateway and planner look at the store again, from any thread.
  void wake();
  void step();
  void stop();

  ServerOptions options_;
  std::size_t descriptors_max_ = 0;
  Log log_;
  os::SystemClock clock_;
  os::SystemRandom random_;
  trust::OpenSslCrypto crypto_;
  std::unique_ptr<os::EventLoop> loop_;
  std::unique_ptr<os::Signals> signals_;
  std::unique_ptr<Disk> data_disk_;
  std::unique_ptr<Disk> keys_disk_;
  Installation installation_;
  std::unique_ptr<store::WriterThread> writer_;
  std::atomic<bool> store_damaged_ = false;
  std::atomic<bool> audit_broken_ = false;
  std::unique_ptr<store::Checker> checker_;
  std::unique_ptr<store::Reader> gateway_reader_;
  std::unique_ptr<store::Reader> planner_reader_;
  std::optional<gateway::Gateway> gateway_;
  std::unique_ptr<gateway::SiteLinks> links_;
  std::optional<planner::Planner> planner_;
  PresenceBoard presence_;
  PlanBoard plan_;
  /// Tokens that sites tried, by address.
  auth::Throttle guesses_{{.free = 20}};
  /// Planner and gateway did their last round, and nothing ends.
  std::atomic<bool> works_ = false;
  std::unique_ptr<store::Reader> api_reader_;
  std::unique_ptr<api::Api> api_;
  std::unique_ptr<net::Server> api_server_;
  std::unique_ptr<os::TcpListener> listener_;
  std::optional<gateway::Arrivals> arrivals_;
  /// The newest revision that a signed head has told, and when.
  std::uint64_t head_told_ = 0;
  Instant head_told_at_ = {};
  std::atomic<bool> woken_ = false;
  os::Timer timer_;
  bool stopping_ = false;
  os::Timer stop_timer_;
  int exit_code_ = 0;
};

}  // namespace skerry::server
