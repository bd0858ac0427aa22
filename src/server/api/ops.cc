#include "server/api/handlers.h"
#include "server/api/watch.h"

namespace skerry::api {

namespace {

std::string counter(std::string_view name, std::string_view help, std::uint64_t value) {
  std::string text = "# HELP ";
  text.append(name).append(" ").append(help).append("\n# TYPE ").append(name);
  text.append(name.ends_with("_total") ? " counter\n" : " gauge\n");
  return text.append(name).append(" ").append(std::to_string(value)).append("\n");
}

net::Response plain(unsigned status, std::string text) {
  return {.status = status,
          .headers = {{"content-type", "text/plain; charset=utf-8"}},
          .body = std::move(text)};
}

}  // namespace

void show_health(Desk& /*desk*/, const CallPtr& call) {
  reply(call, plain(200, "ok\n"));
}

void show_ready(Desk& desk, const CallPtr& call) {
  const bool reads = desk.reader().head().has_value();
  const bool ready = reads && (!desk.environment.ready || desk.environment.ready());
  reply(call, plain(ready ? 200 : 503, ready ? "ready\n" : "not ready\n"));
}

void show_metrics(Desk& desk, const CallPtr& call) {
  const Counters& counters = desk.counters;
  std::string text =
      counter("skerry_api_requests_total", "Requests that came in.", counters.requests) +
      counter("skerry_api_denied_total", "Requests without the right to.", counters.denied) +
      counter("skerry_api_throttled_total", "Guesses that had to wait.", counters.throttled) +
      counter("skerry_api_refused_total", "Requests with something wrong.", counters.refused) +
      counter("skerry_api_failed_total", "Requests that we failed.", counters.failed) +
      counter("skerry_api_changes_total", "Changes handed to the store.", counters.changes) +
      counter("skerry_api_watches", "Streams of changes.", desk.watches->size());
  if (const Result<store::Head> head = desk.reader().head()) {
    text += counter("skerry_store_revision", "The newest revision.", head->revision);
  }
  if (const auto planner = desk.environment.keys->find(trust::KeyRole::planner)) {
    const auto row = desk.reader().planner(key_id(*desk.environment.crypto, planner->public_key));
    text += counter("skerry_planner_behind",
                    "1 where the store is older than what its planner has said.",
                    row && row->is_behind() ? 1 : 0);
  }
  if (desk.environment.metrics) {
    text += desk.environment.metrics();
  }
  reply(call,
        {.headers = {{"content-type", "text/plain; version=0.0.4; charset=utf-8"}},
         .body = std::move(text)});
}

}  // namespace skerry::api
