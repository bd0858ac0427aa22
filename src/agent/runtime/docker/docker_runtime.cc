#include "agent/runtime/docker/docker_runtime.h"

#include <algorithm>
#include <utility>

#include "agent/runtime/docker/codes.h"
#include "agent/runtime/docker/create_request.h"
#include "agent/runtime/docker/object_readers.h"

namespace skerry::agent::docker {
namespace {

using reconcile::RuntimeEvent;
using std::chrono::milliseconds;

/// Doubles from 100 ms and stops at 1 s: asking a socket that is not there costs next to nothing,
/// and workloads shall come up within 2 s of the engine.
constexpr auto retry_first = milliseconds(100);
constexpr auto retry_last = milliseconds(1000);
/// One deed makes several events; a look after this long sees them all.
constexpr auto settle_time = milliseconds(20);
/// After a scan that failed while the engine answers, doubling too: a list that cannot be read
/// costs a whole scan each time.
constexpr auto rescan_first = milliseconds(1000);
constexpr auto rescan_last = milliseconds(60'000);
/// Idle work of the whole agent is done together.
constexpr auto idle_slack = std::chrono::seconds(30);
/// More than this at once and reading everything is cheaper, and bounded.
constexpr std::size_t touched_max = 1000;

milliseconds doubled(milliseconds first, std::uint32_t failures, milliseconds last) {
  return std::min(last, first * (1U << std::min(failures, 10U)));
}

}  // namespace

DockerRuntime::DockerRuntime(os::EventLoop& loop,
                             const Crypto& crypto,
                             const Log& log,
                             Options options)
    : loop_(loop),
      log_(log.for_room("docker")),
      options_(std::move(options)),
      client_(loop, options_.socket_path),
      view_(client_, loop.clock(), options_.identity),
      deeds_(client_,
             view_,
             loop,
             crypto,
             options_.identity,
             {.finished =
                  [this](std::uint64_t number, Status outcome, std::string text) {
                    on_finished(number, std::move(outcome), std::move(text));
                  },
              .progress = [this](std::uint64_t number,
                                 std::string text) { on_progress(number, std::move(text)); }}),
      event_lines_(event_size_max) {
  retry_ = loop_.after(milliseconds(0), [this] { connect(); });
}

DockerRuntime::~DockerRuntime() = default;

void DockerRuntime::connect() {
  state_ = State::connecting;
  ++connection_;
  client_.set_version("");
  client_.get(
      "/version", version_wanted, [this](Result<Json> reply) { on_version(std::move(reply)); });
}

void DockerRuntime::on_version(Result<Json> reply) {
  auto version =
      reply ? read_api_version(reply->view()) : Result<std::string>(fail(std::move(reply).error()));
  if (!version) {
    return go_down(version.error());
  }
  client_.set_version(*version);
  open_events();
}

void DockerRuntime::open_events() {
  event_lines_ = LineReader(event_size_max);
  auto call =
      client_.stream("GET",
                     "/events?filters=" + url_escape(event_filters()),
                     os::endless(),
                     {.head = [this](const os::HttpHead& head) { on_events_head(head.status); },
                      .bytes =
                          [this](std::string_view bytes) {
                            const auto dropped = event_lines_.dropped();
                            event_lines_.feed(bytes, [this](std::string_view line) {
                              if (const auto event = read_event(line)) {
                                on_event(*event);
                              }
                            });
                            if (event_lines_.dropped() != dropped) {
                              start_scan();  // Whatever it was that was too long to read.
                            }
                          },
                      .done =
                          [this](const Status& status) {
                            go_down(status ? Error{.kind = ErrorKind::unavailable,
                                                   .code = runtime_down,
                                                   .message = "the engine closed its events"}
                                           : status.error());
                          }});
  if (!call) {
    return go_down(call.error());
  }
  events_ = *std::move(call);
}

void DockerRuntime::on_events_head(unsigned status) {
  if (status != 200) {
    return go_down({.kind = ErrorKind::unavailable,
                    .code = runtime_refused,
                    .message = "no events, status " + std::to_string(status)});
  }
  // From here on nothing is missed: what happens during the scan comes as an event as well.
  start_scan();
}

void DockerRuntime::go_down(const Error& reason) {
  const bool was_up = state_ == State::up;
  state_ = State::down;
  view_.engine_is_down();
  events_.cancel();
  look_.cancel();
  scan_.cancel();
  touched_ = {};
  scan_again_ = false;
  if (was_up || (failures_ == 0 && last_reason_ != reason.message)) {
    log_.warning(reason.code.name, {{"reason", reason.message}});
    last_reason_ = reason.message;
    snapshot_is_old_ = true;
    say({.kind = RuntimeEvent::Kind::down, .error = fail(reason), .text = reason.message});
  }
  retry_ = loop_.after(doubled(retry_first, failures_++, retry_last), [this] { connect(); });
}

void DockerRuntime::scan() {
  if (state_ == State::up) {
    return start_scan();
  }
  if (state_ == State::down) {
    say({.kind = RuntimeEvent::Kind::down, .text = last_reason_});
  }
}

void DockerRuntime::start_scan() {
  if (scanning_) {
    scan_again_ = true;
    return;
  }
  scanning_ = true;
  scan_connection_ = connection_;
  view_.scan([this](const Status& outcome) { on_scanned(outcome); });
}

void DockerRuntime::on_scanned(const Status& outcome) {
  scanning_ = false;
  if (state_ == State::down || scan_connection_ != connection_) {
    view_.engine_is_down();  // Ended by the engine's going.
    if (std::exchange(scan_again_, false)) {
      start_scan();
    }
    return;
  }
  if (!outcome) {
    log_.warning("scan_failed", {{"reason", outcome.error().message}});
    if (outcome.error().code == runtime_down) {
      return go_down(outcome.error());
    }
  }
  const bool again = std::exchange(scan_again_, false);
  const auto rescan = doubled(rescan_first, scan_failures_, rescan_last);
  scan_failures_ = outcome ? 0 : scan_failures_ + 1;
  const auto delay = again ? milliseconds(0) : !outcome ? rescan : options_.scan_interval;
  const auto due = loop_.now() + delay;
  const bool is_idle = outcome && !again && delay > idle_slack * 2;
  scan_ = loop_.at(is_idle ? os::rounded_up(due, idle_slack) : due, [this] { start_scan(); });
  if (outcome && !deeds_.creating()) {
    deeds_.drop_unused_config_files();
  }
  if (outcome && state_ == State::connecting) {
    state_ = State::up;
    failures_ = 0;
    last_reason_.clear();
    snapshot_is_old_ = true;
    log_.info("runtime_up", {{"containers", view_.snapshot().containers.size()}});
    return say({.kind = RuntimeEvent::Kind::up});
  }
  say_changed();
}

void DockerRuntime::on_event(const EngineEvent& event) {
  switch (event.type) {
    case EngineEvent::Type::container:
      if (event.install != options_.identity.install_id) {
        return;  // Somebody else's.
      }
      view_.on_container_event(event.id, event.action);
      touched_.containers.insert(event.id);
      break;
    case EngineEvent::Type::network:
      on_network_event(event);
      break;
    case EngineEvent::Type::volume:
      touched_.volumes.insert(event.id);
      break;
    case EngineEvent::Type::image:
      touched_.images = true;
      break;
    case EngineEvent::Type::other:
      return;
  }
  touch();
}

void DockerRuntime::on_network_event(const EngineEvent& event) {
  if (event.action != "connect" && event.action != "disconnect") {
    touched_.networks.insert(event.id);
  } else if (view_.knows_container(event.container)) {
    touched_.containers.insert(event.container);
  }
}

void DockerRuntime::touch() {
  const auto count =
      touched_.containers.size() + touched_.networks.size() + touched_.volumes.size();
  if (count > touched_max) {
    touched_ = {};
    return start_scan();
  }
  if (count + (touched_.images ? 1U : 0U) > 0 && !look_.pending()) {
    look_ = loop_.after(settle_time, [this] { look(); });
  }
}

void DockerRuntime::look() {
  const auto touched = std::exchange(touched_, {});
  const auto looked = [this](const Status& outcome) { on_looked(outcome); };
  looking_ += touched.containers.size() + touched.networks.size() + touched.volumes.size() +
              (touched.images ? 1U : 0U);
  for (const auto& id : touched.containers) {
    view_.refresh_container(id, looked);
  }
  for (const auto& id : touched.networks) {
    view_.refresh_network(id, looked);
  }
  for (const auto& name : touched.volumes) {
    view_.refresh_volume(name, looked);
  }
  if (touched.images) {
    view_.refresh_images(looked);
  }
}

void DockerRuntime::on_looked(const Status& outcome) {
  if (!outcome && state_ == State::up) {
    log_.warning("look_failed", {{"reason", outcome.error().message}});
    start_scan();
  }
  if (--looking_ == 0) {
    say_changed();
  }
}

void DockerRuntime::watch_images(std::vector<std::string> references) {
  view_.watch_images(std::move(references));
  if (state_ == State::up) {
    touched_.images = true;
    touch();
  }
}

std::uint64_t DockerRuntime::begin(const reconcile::Action& action, const Context& context) {
  const auto number = ++last_action_;
  if (state_ != State::up) {
    on_finished(number,
                fail({.kind = ErrorKind::unavailable,
                      .code = runtime_down,
                      .message = "the engine does not answer"}),
                {});
    return number;
  }
  deeds_.begin(number, action, context);
  return number;
}

void DockerRuntime::on_finished(std::uint64_t number, Status outcome, std::string text) {
  snapshot_is_old_ = true;
  say({.kind = RuntimeEvent::Kind::finished,
       .action = number,
       .error = std::move(outcome),
       .text = std::move(text)});
}

void DockerRuntime::on_progress(std::uint64_t number, std::string text) {
  const auto waiting = std::ranges::find_if(said_, [number](const RuntimeEvent& event) {
    return event.kind == RuntimeEvent::Kind::progress && event.action == number;
  });
  if (waiting != said_.end()) {
    waiting->text = std::move(text);
    return;
  }
  say({.kind = RuntimeEvent::Kind::progress, .action = number, .text = std::move(text)});
}

void DockerRuntime::say_changed() {
  snapshot_is_old_ = true;
  const bool waits = std::ranges::any_of(
      said_, [](const RuntimeEvent& event) { return event.kind == RuntimeEvent::Kind::changed; });
  if (state_ == State::up && !waits) {
    say({.kind = RuntimeEvent::Kind::changed});
  }
}

void DockerRuntime::say(RuntimeEvent event) {
  said_.push_back(std::move(event));
  if (options_.wake && !wake_.pending()) {
    // Not from here: the owner may begin the next action at once.
    wake_ = loop_.after(milliseconds(0), [this] { options_.wake(); });
  }
}

std::vector<RuntimeEvent> DockerRuntime::take_events() {
  if (std::exchange(snapshot_is_old_, false)) {
    observed_ = view_.snapshot();
  }
  return std::exchange(said_, {});
}

}  // namespace skerry::agent::docker
