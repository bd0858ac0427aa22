#include "server_process.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <sys/stat.h>

#include "os/descriptor.h"
#include "os/descriptor_limit.h"
#include "os/dialer.h"
#include "os/subscriber.h"
#include "server/auth/tokens.h"
#include "server/store/audit_head.h"
#include "server/store/codes.h"

namespace skerry::server {
namespace {

constexpr int exit_recover = 70;
constexpr std::uint16_t default_port = 8443;
constexpr const char* setup_code_file = "setup-code";
/// How long a site waits before it comes back after a restart of the server.
constexpr std::uint32_t restart_retry_s = 5;
/// A signed head of the audit chain is told after so many rows, or so much time.
constexpr std::uint64_t head_rows_max = 100;
constexpr std::chrono::seconds head_told_every{60};
/// For the goodbyes to reach the sites.
constexpr std::chrono::milliseconds goodbye_time{300};

Status make_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(os::system_error(errno, disk_failed, "make " + path));
  }
  return {};
}

Result<os::SocketAddress> listen_address(const std::string& text) {
  SKERRY_TRY(const os::Endpoint endpoint, os::parse_endpoint(text, default_port));
  const auto address = os::parse_ip(endpoint.host, endpoint.port);
  if (!address) {
    return fail({.kind = ErrorKind::invalid,
                 .code = {"bad_address"},
                 .message = "\"" + text + "\" is not an address and port",
                 .hint = "for instance 0.0.0.0:8443 or [::]:8443"});
  }
  return *address;
}

/// A guesser has a new port each time, and a new IPv6 address if it wants to.
std::string guesser_of(std::string_view address) {
  return os::subscriber_of(address.substr(0, address.rfind(':')));
}

}  // namespace

void PresenceBoard::publish(store::SiteNumber site, const Presence& presence) {
  const std::lock_guard lock(mutex_);
  if (presence == Presence{}) {
    presences_.erase(site);
  } else {
    presences_[site] = presence;
  }
}

PresenceBoard::Presence PresenceBoard::of(store::SiteNumber site) const {
  const std::lock_guard lock(mutex_);
  const auto found = presences_.find(site);
  return found == presences_.end() ? Presence{} : found->second;
}

void PlanBoard::publish(const planner::Planner& planner) {
  const std::lock_guard lock(mutex_);
  if (unknown_ != planner.unknown()) {
    unknown_ = planner.unknown();
  }
  if (held_ != planner.held()) {
    held_ = planner.held();
  }
  if (unreadable_ != planner.unreadable()) {
    unreadable_ = planner.unreadable();
  }
  planned_ = planner.planned();
}

std::optional<document::Reason> PlanBoard::held(store::SiteNumber site) const {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(site);
  return found == held_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> PlanBoard::unreadable(const std::string& stack) const {
  const std::lock_guard lock(mutex_);
  const auto found = unreadable_.find(stack);
  return found == unreadable_.end() ? std::nullopt : std::optional(found->second);
}

PlanBoard::Unknown PlanBoard::unknown() const {
  const std::lock_guard lock(mutex_);
  return unknown_;
}

ServerProcess::ServerProcess(const ServerOptions& options, const Log& log)
    : options_(options), log_(log) {}

ServerProcess::~ServerProcess() {
  // The writer's last answers are posted to the loop, so it must end before what they would touch.
  listener_.reset();
  if (api_server_) {
    api_server_->stop();
  }
  if (api_) {
    api_->stop();
  }
  writer_.reset();
}

Result<std::unique_ptr<ServerProcess>> ServerProcess::create(const ServerOptions& options,
                                                             const Log& log) {
  std::unique_ptr<ServerProcess> process(new ServerProcess(options, log));
  SKERRY_CHECK(process->open());
  return process;
}

Status ServerProcess::open() {
  descriptors_max_ = os::raise_descriptor_limit();
  SKERRY_TRY(loop_, os::EventLoop::create());
  SKERRY_TRY(signals_, os::Signals::create(*loop_, {SIGTERM, SIGINT}, [this](int) { stop(); }));
  SKERRY_CHECK(make_directory(options_.data_directory));
  SKERRY_CHECK(make_directory(options_.data_directory + "/keys"));
  SKERRY_TRY(data_disk_, os::DirectoryDisk::open_directory(options_.data_directory));
  SKERRY_TRY(keys_disk_, os::DirectoryDisk::open_directory(options_.data_directory + "/keys"));
  SKERRY_CHECK(open_store());
  SKERRY_CHECK(open_gateway());
  SKERRY_CHECK(open_planner());
  SKERRY_CHECK(open_api());
  return open_listener();
}

Status ServerProcess::open_store() {
  const std::string path = options_.data_directory + "/skerry.db";
  SKERRY_TRY(std::unique_ptr<store::Writer> writer,
             open_writer(*keys_disk_,
                         path,
                         options_.accept_lost_store ? AcceptLost::yes : AcceptLost::no,
                         {.clock = &clock_, .random = &random_, .crypto = &crypto_, .log = &log_}));
  SKERRY_TRY(installation_, open_installation(*keys_disk_, *writer, path, crypto_));
  SKERRY_TRY(gateway_reader_, store::Reader::open(path));
  SKERRY_TRY(planner_reader_, store::Reader::open(path));
  SKERRY_TRY(api_reader_, store::Reader::open(path));
  SKERRY_CHECK(offer_setup(*writer, *api_reader_));
  SKERRY_TRY(checker_,
             store::Checker::start(path,
                                   {.unclean = writer->was_unclean()},
                                   crypto_,
                                   [this](store::Reader::Depth depth, const Status& found) {
                                     on_checked(depth, found);
                                   }));
  writer_ = std::make_unique<store::WriterThread>(
      std::move(writer),
      store::WriterThread::Callbacks{.committed = [this] { wake(); },
                                     .died =
                                         [this](const Error& error) {
                                           log_.error("store_died", {{"why", to_string(error)}});
                                           std::_Exit(exit_recover);
                                         }});
  return {};
}

std::string ServerProcess::metrics() const {
  return std::string(
             "# HELP skerry_store_damaged 1 where a check of the store found damage.\n"
             "# TYPE skerry_store_damaged gauge\nskerry_store_damaged ") +
         (store_damaged_ ? "1\n" : "0\n") +
         "# HELP skerry_audit_broken 1 where a check found a row of the audit chain changed.\n"
         "# TYPE skerry_audit_broken gauge\nskerry_audit_broken " +
         (audit_broken_ ? "1\n" : "0\n");
}

/// On the checker's thread. Damage, and tampering, is told and left as it is: a person decides on
/// the backup.
void ServerProcess::on_checked(store::Reader::Depth depth, const Status& found) {
  const std::string_view how = depth == store::Reader::Depth::quick ? "quick" : "whole";
  if (found) {
    log_.info("store_checked", {{"depth", how}});
    return;
  }
  store_damaged_ = store_damaged_ || found.error().code == store::store_corrupt;
  audit_broken_ = audit_broken_ || found.error().code == store::audit_broken;
  log_.error(found.error().code.name, {{"depth", how}, {"why", found.error().message}});
}

/// The log is the way out: where it is kept on another machine, a chain that was cut or written
/// anew does not match it. `skerryd audit verify --heads` compares.
void ServerProcess::tell_audit_head() {
  const Result<store::Head> head = gateway_reader_->head();
  if (!head || head->revision == head_told_) {
    return;
  }
  const Instant now = loop_->now();
  const bool is_due = stopping_ || head->revision >= head_told_ + head_rows_max ||
                      now >= head_told_at_ + head_told_every;
  if (!is_due) {
    return;
  }
  const KeyPair& key = installation_.keys.get(trust::KeyRole::server);
  const Result<std::string> word = store::sign_audit_head(*head, key, crypto_);
  if (!word) {
    log_.warning("audit_head_not_signed", {{"why", word.error().message}});
    return;
  }
  log_.info("audit_head", {{"head", *word}});
  head_told_ = head->revision;
  head_told_at_ = now;
}

/// Without a user, a code opens the server once. It is printed where only the operator sees it,
/// kept in a file of root's, and never expires before it is used. The first start after that
/// removes the file.
Status ServerProcess::offer_setup(store::Writer& writer, store::Reader& reader) {
  SKERRY_TRY(const std::vector<store::UserRow> users, reader.users("", 1));
  const Result<std::string> kept = read_whole(*data_disk_, setup_code_file, 256);
  if (!users.empty()) {
    return kept ? data_disk_->remove(setup_code_file) : Status{};
  }
  if (kept) {
    SKERRY_TRY(
        const auto open,
        reader.token(
            store::TokenRow::Kind::setup, auth::hash_of_setup_code(*kept, crypto_), clock_.wall()));
    if (open) {
      std::printf("set-up code: %s\n", kept->c_str());
      std::fflush(stdout);
      return {};
    }
    // The file is of another store, a lost one; what it says opens nothing here.
    log_.warning("setup_code_replaced", {});
  }
  auth::SetupOffer offer = auth::offer_setup(random_, crypto_);
  SKERRY_TRY(const store::Outcome outcome, writer.apply(std::move(offer.change)));
  SKERRY_CHECK(write_atomically(*data_disk_, setup_code_file, offer.code.reveal()));
  std::printf("set-up code: %s\n", std::string(offer.code.reveal()).c_str());
  std::fflush(stdout);
  return {};
}

Status ServerProcess::open_api() {
  SKERRY_TRY(
      api_,
      api::Api::start(
          {.reader = api_reader_.get(),
           .submit =
               [this](store::Change change, store::Done done) {
                 return writer_->submit(std::move(change), std::move(done));
               },
           .keys = &installation_.keys,
           .brings_planner = installation_.brings_planner,
           .root_key = installation_.root,
           .crypto = &crypto_,
           .clock = &clock_,
           .random = &random_,
           .log = &log_,
           .presence =
               [this](store::SiteNumber site) {
                 const gateway::Gateway::Presence presence = presence_.of(site);
                 return api::Presence{.connected = presence.connected,
                                      .last_seen = presence.last_seen};
               },
           .held = [this](store::SiteNumber site) { return plan_.held(site); },
           .unreadable = [this](const std::string& stack) { return plan_.unreadable(stack); },
           .planned = [this] { return plan_.planned(); },
           .unknown_stacks = [this] { return plan_.unknown(); },
           .ready = [this] { return works_.load(); },
           .metrics = [this] { return metrics(); },
           .version = SKERRY_VERSION,
           .site_address =
               options_.site_address.empty() ? options_.listen : options_.site_address}));
  net::ServerOptions server;
  if (!options_.listen_api.empty()) {
    SKERRY_TRY(server.listen, listen_address(options_.listen_api));
  }
  SKERRY_TRY(api_server_,
             net::Server::start(
                 installation_.keys.get(trust::KeyRole::server), server, api_->handler(), log_));
  return {};
}

Status ServerProcess::open_gateway() {
  gateway_.emplace(gateway::Desk{
      .reader = gateway_reader_.get(),
      .submit = [this](store::Change change,
                       store::Done done) { return submit(std::move(change), std::move(done)); },
      .signers = {.keys = &installation_.keys,
                  .crypto = &crypto_,
                  .brings_planner = installation_.brings_planner},
      .clock = &clock_,
      .random = &random_,
      .log = &log_,
      .server_version = SKERRY_VERSION,
      .beat_s = options_.beat_s,
      .may_guess =
          [this](const std::string& address) {
            return !guesses_.attempt(guesser_of(address), loop_->now());
          },
      .guessed = [this](const std::string& address) { guesses_.succeed(guesser_of(address)); }});
  gateway_->on_presence_changed(
      [this](store::SiteNumber site, const gateway::Gateway::Presence& presence) {
        presence_.publish(site, presence);
      });
  SKERRY_TRY(links_,
             gateway::SiteLinks::create(
                 *loop_,
                 installation_.keys.get(trust::KeyRole::server),
                 *gateway_,
                 {.links_max = gateway::SiteLinks::links_at(descriptors_max_), .log = &log_}));
  return {};
}

Status ServerProcess::open_planner() {
  planner_.emplace(planner::Environment{
      .reader = planner_reader_.get(),
      .submit = [this](store::Change change,
                       store::Done done) { return submit(std::move(change), std::move(done)); },
      .key = &installation_.keys.get(trust::KeyRole::planner),
      .crypto = &crypto_,
      .log = &log_});
  return {};
}

Status ServerProcess::open_listener() {
  SKERRY_TRY(const os::SocketAddress address, listen_address(options_.listen));
  arrivals_.emplace(*loop_,
                    gateway::Arrivals::Limits{},
                    [this](os::Descriptor socket, const auto& peer, const auto& hello) {
                      on_arrived(std::move(socket), peer, hello);
                    });
  SKERRY_TRY(listener_,
             os::TcpListener::create(
                 *loop_, address, [this](os::Descriptor socket, const os::SocketAddress& peer) {
                   arrivals_->take(std::move(socket), peer);
                 }));
  return {};
}

/// One port for sites and people: what the client's hello asks for decides.
void ServerProcess::on_arrived(os::Descriptor socket,
                               const os::SocketAddress& peer,
                               const os::ClientHello& hello) {
  if (hello.offers(gateway::site_protocol)) {
    links_->adopt(std::move(socket), peer);
  } else {
    api_server_->adopt(std::move(socket));
  }
}

Status ServerProcess::submit(store::Change change, store::Done done) {
  return writer_->submit(std::move(change),
                         [this, done = std::move(done)](const Result<store::Outcome>& outcome) {
                           const Status posted = loop_->post([done, outcome] { done(outcome); });
                           if (!posted) {
                             log_.error("answer_lost", {{"why", posted.error().message}});
                           }
                         });
}

void ServerProcess::wake() {
  if (!woken_.exchange(true)) {
    if (const Status posted = loop_->post([this] { step(); }); !posted) {
      woken_ = false;
    }
  }
}

void ServerProcess::step() {
  woken_ = false;
  if (stopping_) {
    return;
  }
  api_->wake();
  bool works = true;
  const auto planned = planner_->step();
  if (!planned) {
    log_.warning("planner_failed", {{"why", to_string(planned.error())}});
    works = false;
  } else if (*planned == planner::Planner::Progress::working) {
    wake();  // For the rest, after what else is waiting.
  }
  tell_audit_head();
  const Result<Instant> next = gateway_->step(loop_->now());
  if (!next) {
    log_.warning("gateway_failed", {{"why", to_string(next.error())}});
  }
  plan_.publish(*planner_);
  works_ = works && next.has_value();
  timer_ = loop_->at(next ? *next : loop_->now() + std::chrono::seconds(5), [this] { step(); });
}

int ServerProcess::run() {
  log_.info(
      "server_started",
      {{"version", SKERRY_VERSION},
       {"listen", to_string(listener_->address())},
       {"sqlite", store::sqlite_version()},
       {"links_max", gateway::SiteLinks::links_at(descriptors_max_)},
       {"root", to_string(installation_.root)},
       // What the command line pins.
       {"fingerprint",
        to_string(key_id(crypto_, installation_.keys.get(trust::KeyRole::server).public_key))}});
  wake();
  loop_->run();
  log_.info("server_stopped");
  return exit_code_;
}

void ServerProcess::stop() {
  if (stopping_) {
    return;
  }
  stopping_ = true;
  works_ = false;
  tell_audit_head();
  listener_.reset();
  gateway_->say_goodbye(restart_retry_s);
  stop_timer_ = loop_->after(goodbye_time, [this] { loop_->stop(); });
}

}  // namespace skerry::server
