#include "server/api/watch.h"

#include <algorithm>

#include "base/text.h"
#include "resource/codec.h"
#include "server/api/codes.h"
#include "server/api/lists.h"

namespace skerry::api {

namespace {

constexpr std::size_t watchers_max = 500;
constexpr std::size_t rows_at_once = 200;
/// Beyond this nothing more is told until the peer has taken some.
constexpr std::size_t queued_max = 512UL * 1024;
constexpr std::chrono::seconds look_every{1};

/// The kinds that objects have, by their word in a path.
constexpr std::pair<std::string_view, std::string_view> watchable[] = {{"stacks", "Stack"},
                                                                       {"sites", "Site"}};

v1::Change::Type type_of(const store::AuditRow& row) {
  if (row.action == "delete") {
    return v1::Change::DELETED;
  }
  return row.action == "create" ? v1::Change::ADDED : v1::Change::MODIFIED;
}

Error bad_parameter_error(std::string message) {
  return {.kind = ErrorKind::invalid, .code = bad_parameter, .message = std::move(message)};
}

Result<std::set<std::string, std::less<>>> kinds_of(const Call& call) {
  std::set<std::string, std::less<>> kinds;
  if (!call.route->kind.empty()) {
    kinds.emplace(call.route->kind);
    return kinds;
  }
  const std::string_view wanted = call.parameter("kinds");
  for (const std::string_view word : split(wanted.empty() ? "stacks,sites" : wanted, ',')) {
    const auto* found =
        std::ranges::find(watchable, word, &std::pair<std::string_view, std::string_view>::first);
    if (found == std::end(watchable)) {
      return fail(bad_parameter_error("\"" + std::string(word) + "\" cannot be watched"));
    }
    kinds.emplace(found->second);
  }
  return kinds;
}

/// Where a client says it stands: the header of a stream that broke, or a list's `asOf`.
Result<std::optional<std::uint64_t>> position_of(const Call& call) {
  const std::string* header = call.header("last-event-id");
  const std::string_view text = header != nullptr ? *header : call.parameter("since");
  if (text.empty()) {
    return std::optional<std::uint64_t>();
  }
  const std::optional<std::uint64_t> revision = parse_unsigned(text);
  if (!revision) {
    return fail(bad_parameter_error("\"" + std::string(text) + "\" is no position of this feed"));
  }
  return revision;
}

}  // namespace

void Watches::add(const CallPtr& call) {
  auto watcher = std::make_unique<Watcher>();
  if (watchers_.size() >= watchers_max) {
    refuse(desk_, call, {.kind = ErrorKind::exhausted, .code = busy, .message = "too many watch"});
    return;
  }
  const Status begun = begin(call, *watcher);
  if (!begun) {
    refuse(desk_, call, begun.error());
    return;
  }
  call->exchange->begin_stream({.headers = {{"content-type", "text/event-stream"},
                                            {"x-request-id", call->request_id},
                                            {"x-accel-buffering", "no"}},
                                .body = ": hello\n\n"});
  if (call->exchange->head().method == "HEAD") {
    return;  // Has been answered whole.
  }
  if (watcher->begins_with_all) {
    // Told in one piece, for it is one state; what is larger than the server queues is cut.
    if (const Status told = tell_all(*watcher); !told) {
      give_up(*watcher, told.error());  // A part of a list would look like the whole.
      return;
    }
  }
  serve(*watcher);
  if (watcher->call != nullptr) {
    watchers_.push_back(std::move(watcher));
  }
  plan();
}

Status Watches::begin(const CallPtr& call, Watcher& watcher) {
  watcher.call = call;
  SKERRY_TRY(watcher.kinds, kinds_of(*call));
  SKERRY_TRY(const std::optional<std::uint64_t> position, position_of(*call));
  SKERRY_TRY(const store::Head head, desk_.reader().head());
  watcher.revision = position.value_or(head.revision);
  if (call->route->kind.empty()) {
    return {};
  }
  watcher.wants_status = true;
  if (!call->parameter("stack").empty()) {
    return fail(bad_parameter_error("a watch is not chosen by stack"));
  }
  SKERRY_TRY(const PageRequest request, page_of(*call));
  watcher.selector = request.selector;
  watcher.begins_with_all = !position;
  if (watcher.begins_with_all) {
    watcher.status.advance(head.writer, head.version);
    watcher.sites_version = head.version;
  }
  return {};
}

/// Everything there is, as if it had just been added.
Status Watches::tell_all(Watcher& watcher) {
  for (const std::string& kind : watcher.kinds) {
    std::string after;
    for (bool more = true; more;) {
      SKERRY_TRY(const auto rows, desk_.reader().objects(kind, after, rows_at_once));
      SKERRY_CHECK(tell_rows(watcher, v1::Change::ADDED, kind, rows));
      more = rows.size() == rows_at_once;
      after = rows.empty() ? after : rows.back().name;
    }
  }
  return {};
}

Status Watches::tell_rows(Watcher& watcher,
                          v1::Change::Type type,
                          const std::string& kind,
                          const std::vector<store::ObjectRow>& rows) {
  for (const store::ObjectRow& row : rows) {
    v1::Change change;
    change.set_type(type);
    change.set_kind(kind);
    change.set_name(row.name);
    SKERRY_CHECK(tell_object(watcher, std::move(change)));
  }
  return {};
}

/// With the object as it is now; one that is gone by now is told without, and its end follows.
Status Watches::tell_object(Watcher& watcher, v1::Change change) {
  change.set_cursor(std::to_string(watcher.revision));
  SKERRY_TRY(const std::optional<store::ObjectRow> row,
             desk_.reader().object(change.kind(), change.name()));
  bool is_chosen = false;
  if (row && change.type() != v1::Change::DELETED) {
    change.set_uid(to_string(row->uid));
    SKERRY_TRY(is_chosen, fill(watcher, *row, change));
  }
  choose(watcher, std::move(change), is_chosen);
  return {};
}

/// Adds the object.
///
/// @return whether the selector chooses it
Result<bool> Watches::fill(const Watcher& watcher,
                           const store::ObjectRow& row,
                           v1::Change& change) {
  if (row.kind == "Site") {
    SKERRY_TRY(const SiteView view, load_site(desk_, row));
    SKERRY_TRY(*change.mutable_site(), show(desk_, view));
    return !watcher.selector || is_chosen(*watcher.selector, view);
  }
  SKERRY_TRY(v1::Stack stack, show_stack(desk_, row));
  if (watcher.wants_status) {
    const StackTerms terms = terms_of(stack);
    Standings standings;
    SKERRY_CHECK(for_each_site(desk_, [&](const SiteView& view) {
      standings.add(standing_of(Candidate(view), terms));
    }));
    standings.show(desk_, stack);
  }
  const auto& labels = stack.metadata().labels();
  const bool chosen =
      !watcher.selector || watcher.selector->matches({labels.begin(), labels.end()});
  *change.mutable_stack() = std::move(stack);
  return chosen;
}

/// What a selector does not choose any more is gone for who watches by it.
void Watches::choose(Watcher& watcher, v1::Change change, bool is_chosen) {
  if (watcher.selector && is_chosen) {
    watcher.chosen.emplace(change.kind(), change.name());
  } else if (watcher.selector) {
    const bool was_chosen = watcher.chosen.erase({change.kind(), change.name()}) > 0;
    // One that goes on may have been told of it in an earlier stream.
    if (!was_chosen && change.type() != v1::Change::DELETED) {
      return;
    }
    change.set_type(v1::Change::DELETED);
    change.clear_site();
    change.clear_stack();
  }
  send(watcher, change);
}

void Watches::send(Watcher& watcher, const v1::Change& change) {
  watcher.call->exchange->send("id: " + change.cursor() + "\ndata: " + resource::to_json(change) +
                               "\n\n");
}

Status Watches::tell_row(Watcher& watcher, const store::AuditRow& row) {
  watcher.revision = row.revision;
  if (!watcher.kinds.contains(row.kind)) {
    return {};
  }
  v1::Change change;
  change.set_type(type_of(row));
  change.set_kind(row.kind);
  change.set_name(row.name);
  change.set_uid(to_string(row.uid));
  return tell_object(watcher, std::move(change));
}

Status Watches::tell_news(Watcher& watcher) {
  while (watcher.call->exchange->queued() < queued_max) {
    SKERRY_TRY(const store::Changes changes,
               desk_.reader().changes_since(watcher.revision, rows_at_once));
    if (changes.compacted || watcher.revision > changes.head) {
      watcher.revision = changes.head;
      v1::Change change;
      change.set_type(v1::Change::RESYNC);
      change.set_cursor(std::to_string(changes.head));
      send(watcher, change);
      return {};
    }
    for (const store::AuditRow& row : changes.rows) {
      SKERRY_CHECK(tell_row(watcher, row));
    }
    if (changes.rows.size() < rows_at_once) {
      return {};
    }
  }
  return {};
}

/// Coalesced: however often a site has reported, its newest state is told once a look.
Status Watches::tell_status(Watcher& watcher) {
  if (!watcher.wants_status || watcher.call->exchange->queued() >= queued_max) {
    return {};
  }
  std::set<Uuid> changed;
  for (bool more = true; more;) {
    SKERRY_TRY(const store::StatePage page,
               desk_.reader().states_since(watcher.status, rows_at_once));
    SKERRY_TRY(const auto sites, desk_.reader().sites_since(watcher.sites_version, rows_at_once));
    for (const store::SiteRow& row : sites) {
      changed.insert(row.id);
    }
    for (const store::StateRow& state : page.rows) {
      SKERRY_TRY(const std::optional<store::SiteRow> row, desk_.reader().site(state.site));
      changed.insert(row ? row->id : Uuid());
    }
    watcher.status = page.next;
    watcher.sites_version = sites.empty() ? watcher.sites_version : sites.back().version;
    more = page.rows.size() == rows_at_once || sites.size() == rows_at_once;
  }
  return changed.empty() ? Status() : tell_changed(watcher, changed);
}

/// A stack's counts may follow from any site, a site's status from its own rows alone.
Status Watches::tell_changed(Watcher& watcher, const std::set<Uuid>& sites) {
  const auto is_as_it_was = [&](const store::ObjectRow& row) {
    return row.kind == "Site" && !sites.contains(row.uid);
  };
  for (const std::string& kind : watcher.kinds) {
    std::string after;
    for (bool more = true; more;) {
      SKERRY_TRY(auto rows, desk_.reader().objects(kind, after, rows_at_once));
      more = rows.size() == rows_at_once;
      after = rows.empty() ? after : rows.back().name;
      std::erase_if(rows, is_as_it_was);
      SKERRY_CHECK(tell_rows(watcher, v1::Change::MODIFIED, kind, rows));
    }
  }
  return {};
}

void Watches::serve(Watcher& watcher) {
  Status told = tell_news(watcher);
  told = told ? tell_status(watcher) : told;
  if (!told) {
    give_up(watcher, told.error());
  }
}

void Watches::give_up(Watcher& watcher, const Error& why) {
  desk_.environment.log->warning("watch_failed", {{"why", why.message}});
  watcher.call->exchange->end();
  watcher.call = nullptr;
}

void Watches::look() {
  std::erase_if(watchers_, [](const auto& watcher) { return watcher->call->exchange->gone(); });
  for (const auto& watcher : watchers_) {
    serve(*watcher);
  }
  std::erase_if(watchers_, [](const auto& watcher) { return watcher->call == nullptr; });
}

/// Ends the watches of who may not watch any more: signed out, disabled, a token revoked or ended.
void Watches::drop_unwelcome() {
  std::erase_if(watchers_, [this](const auto& watcher) {
    Result<auth::Permit> permit = desk_.gate.admit_again(watcher->call->permit);
    if (!permit) {
      watcher->call->exchange->end();
      return true;
    }
    watcher->call->permit = *std::move(permit);
    if (std::optional<store::Change> use = desk_.gate.note_use(watcher->call->permit)) {
      desk_.submit(*std::move(use), [](const auto&) {});
    }
    return false;
  });
}

void Watches::beat() {
  for (const auto& watcher : watchers_) {
    watcher->call->exchange->send(": beat\n\n");
  }
}

/// While somebody watches, a look now and then: whoever should say that the store has changed may
/// not know.
void Watches::plan() {
  if (!look_timer_.pending() && !watchers_.empty()) {
    look_timer_ = desk_.worker.loop().after(look_every, [this] {
      drop_unwelcome();
      look();
      plan();
    });
  }
  if (!beat_timer_.pending() && !watchers_.empty()) {
    beat_timer_ = desk_.worker.loop().after(desk_.environment.beat, [this] {
      beat();
      plan();
    });
  }
}

void Watches::close() {
  for (const auto& watcher : watchers_) {
    watcher->call->exchange->end();
  }
  watchers_.clear();
}

}  // namespace skerry::api
