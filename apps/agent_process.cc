#include "agent_process.h"

#include <csignal>
#include <cstdlib>

#include "agent/core/install_id.h"
#include "agent/local/views.h"
#include "agent/uplink/session.h"
#include "base/text.h"
#include "machine_facts.h"
#include "os/boot_id.h"

namespace skerry::agent {
namespace {

/// sysexits.h: EX_SOFTWARE, EX_NOPERM. A supervisor starts the first again and not the second.
constexpr int exit_recover = 70;
constexpr int exit_refused = 77;
constexpr const char* config_directory = "configs";
/// Written by skerry-launch.
constexpr const char* slot_attempts_file = "slot-attempts";
constexpr std::chrono::seconds confirm_after{60};

}  // namespace

AgentProcess::AgentProcess(const ProcessOptions& options, const Log& log)
    : options_(options), log_(log) {}

AgentProcess::~AgentProcess() = default;

Result<std::unique_ptr<AgentProcess>> AgentProcess::create(const ProcessOptions& options,
                                                           const Log& log) {
  std::unique_ptr<AgentProcess> process(new AgentProcess(options, log));
  SKERRY_CHECK(process->open());
  return process;
}

Status AgentProcess::open() {
  SKERRY_TRY(loop_, os::EventLoop::create());
  SKERRY_TRY(signals_, os::Signals::create(*loop_, {SIGTERM, SIGINT}, [this](int) { finish(0); }));
  SKERRY_TRY(lock_, os::DirectoryLock::acquire(options_.state_directory));
  SKERRY_TRY(disk_, os::DirectoryDisk::open_directory(options_.state_directory));
  if (options_.enrolment) {
    SKERRY_CHECK(write_enrolment(*disk_, *options_.enrolment));
  }
  SKERRY_CHECK(open_runtime(*disk_));
  SKERRY_CHECK(open_agent());
  return options_.enrolment ? Status{} : open_local();
}

Status AgentProcess::open_runtime(Disk& disk) {
  SKERRY_TRY(install_id_, open_install_id(disk, random_, loop_->clock()));
  const std::string configs = options_.state_directory + "/" + config_directory;
  runtime_ = std::make_unique<docker::DockerRuntime>(
      *loop_,
      crypto_,
      log_.for_room("docker"),
      docker::DockerRuntime::Options{.socket_path = options_.docker_socket,
                                     .identity = {.install_id = to_string(install_id_),
                                                  .config_directory = configs,
                                                  .engine_config_directory = configs},
                                     .wake = [this] { poke(); }});
  return {};
}

Status AgentProcess::open_agent() {
  connector_ = std::make_unique<TlsConnector>(
      *loop_,
      [this] { return agent_->key(); },
      TlsConnector::Events{.on_open =
                               [this](const PublicKey& server) {
                                 check(agent_->on_open(server));
                                 poke();
                               },
                           .on_bytes =
                               [this](std::string_view bytes) {
                                 check(agent_->on_bytes(bytes));
                                 poke();
                               },
                           .on_closed =
                               [this](const Error& reason) {
                                 agent_->on_closed(reason);
                                 poke();
                               }});
  // Unknown where no /proc is mounted; the agent needs nothing but its state and its engine.
  const Result<Uuid> boot = os::read_boot_id();
  AgentOptions options{.version = SKERRY_VERSION,
                       .boot_id = boot ? to_string(*boot) : std::string(),
                       .install_id = install_id_,
                       .facts = machine_facts(),
                       .token = options_.token,
                       .die = [this](const Error& error) {
                         log_.error("ledger_failed", {{"why", to_string(error)}});
                         std::_Exit(exit_recover);
                       }};
  SKERRY_TRY(agent_,
             Agent::open({.disk = *disk_,
                          .clock = loop_->clock(),
                          .random = random_,
                          .crypto = crypto_,
                          .runtime = *runtime_,
                          .connector = *connector_,
                          .log = log_},
                         std::move(options)));
  return {};
}

Status AgentProcess::open_local() {
  SKERRY_TRY(
      local_,
      local::LocalServer::create(
          *loop_, options_.local_socket, [this](const std::string& verb) { return answer(verb); }));
  return {};
}

int AgentProcess::run() {
  confirmed_ = loop_->after(confirm_after, [this] { confirm_slot(); });
  log_.info("agent_started", {{"version", SKERRY_VERSION}, {"state", options_.state_directory}});
  poke();
  loop_->run();
  if (agent_) {
    agent_->stop();
  }
  return exit_code_;
}

/// Tells the launcher that this slot's program runs well; a new program is on trial until then.
void AgentProcess::confirm_slot() {
  const Result<std::string> attempts = read_whole(*disk_, slot_attempts_file, 64);
  if (!attempts || *attempts == "0") {
    return;  // Not started by the launcher, or nothing to take back.
  }
  if (const Status kept = write_atomically(*disk_, slot_attempts_file, "0"); !kept) {
    log_.warning("slot_not_confirmed", {{"why", to_string(kept.error())}});
  }
}

void AgentProcess::poke() {
  if (!poked_.pending()) {
    poked_ = loop_->after(std::chrono::nanoseconds(0), [this] { step(); });
  }
}

void AgentProcess::step() {
  const Result<std::optional<Instant>> wake = agent_->step();
  if (!wake) {
    check(fail(wake.error()));
    return;
  }
  if (*wake) {
    wake_ = loop_->at(**wake, [this] { step(); });
  } else {
    wake_.cancel();
  }
  if (options_.enrolment) {
    watch_enrolment();
  }
}

/// Says how joining goes, and ends where it is decided.
void AgentProcess::watch_enrolment() {
  if (agent_->intake().anchors().charter) {
    log_.info("enrolled", {{"site", to_string(agent_->intake().anchors().site)}});
    finish(0);
    return;
  }
  std::string said;
  if (agent_->enrolment() && agent_->enrolment()->state == wire::EnrolReply::State::waiting) {
    said = "waiting for approval";
  }
  if (const auto& error = agent_->link().last_error()) {
    said = to_string(*error);
    if (error->code == enrolment_refused || error->code == server_not_trusted) {
      log_.error("enrolment_failed", {{"why", said}});
      finish(exit_refused);
      return;
    }
  }
  if (said != last_said_ && !said.empty()) {
    log_.info("enrolling", {{"state", said}});
  }
  last_said_ = said;
}

void AgentProcess::finish(int exit_code) {
  exit_code_ = exit_code;
  loop_->stop();
}

void AgentProcess::check(const Status& status) {
  if (!status) {
    log_.error("agent_failed", {{"why", to_string(status.error())}});
    finish(exit_recover);
  }
}

Result<std::string> AgentProcess::answer(const std::string& verb) {
  if (verb == "status") {
    return local::status(*agent_);
  }
  if (verb == "floor") {
    return local::floor(*agent_);
  }
  if (verb == "journal") {
    return local::journal(*agent_);
  }
  if (verb == "spool") {
    return local::spool(*agent_);
  }
  if (verb == "pause" || verb == "resume") {
    agent_->set_paused(verb == "pause");
    poke();
    return std::string("{}");
  }
  if (verb == "rekey") {
    SKERRY_CHECK(agent_->begin_rekey());
    poke();
    return std::string("{}");
  }
  return fail({.kind = ErrorKind::invalid,
               .code = {"unknown_verb"},
               .message = "the agent does not know this command"});
}

}  // namespace skerry::agent
