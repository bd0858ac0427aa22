#include <algorithm>

#include "base/text.h"
#include "cli/groups.h"
#include "cli/session.h"
#include "cli/view.h"
#include "skerry/api/v1/history.pb.h"

namespace skerry::cli {
namespace {

constexpr std::size_t events_shown = 50;
constexpr std::size_t events_shown_max = 1'000;

Result<std::size_t> limit_of(const Options& options) {
  if (!options.has("limit")) {
    return events_shown;
  }
  const auto limit = parse_unsigned(options.get("limit"));
  if (!limit || *limit == 0 || *limit > events_shown_max) {
    return fail(usage("--limit takes a number from 1 to 1000"));
  }
  return static_cast<std::size_t>(*limit);
}

std::int64_t time_of(const client::Object& event) {
  return event.as<api::v1::Event>().at_ms();
}

/// The newest last, next to the prompt. They come newest first, so that one page is enough.
Result<std::vector<client::Object>> newest(client::Client& client,
                                           const std::string& site,
                                           std::size_t limit) {
  const client::ListQuery query{.site = site, .items_max = limit};
  SKERRY_TRY(auto events, client.list(*resource::kind_named("Event"), query));
  std::ranges::reverse(events);
  // What a site told late stands where it happened; what happened at once, in the order it came.
  std::ranges::stable_sort(events, {}, time_of);
  return events;
}

}  // namespace

Result<Exit> run_events(const Invocation& invocation) {
  const Options& options = invocation.options;
  SKERRY_TRY(const std::size_t limit, limit_of(options));
  SKERRY_TRY(client::Client * client, invocation.session.client());
  const resource::Kind* kind = resource::kind_named("Event");
  const Format format = format_of(options);
  const Look look = look_of(options, invocation.outside);
  SKERRY_TRY(const auto events, newest(*client, options.get("site"), limit));
  if (events.empty() && (format == Format::table || format == Format::wide)) {
    invocation.outside.terminal.err("no events\n");
    return Exit::done;
  }
  invocation.outside.terminal.out(
      show_list(*kind, events, format, look, invocation.outside.clock.wall()));
  return Exit::done;
}

}  // namespace skerry::cli
