#include "server/api/watch.h"

#include <algorithm>

#include "base/text.h"
#include "server/api/codes.h"
#include "server/api/lists.h"

namespace skerry::api {

namespace {

constexpr std::size_t watchers_max = 500;
constexpr std::size_t rows_at_once = 200;
/// Beyond this nothing more is told until the peer has taken some.
constexpr std::size_t queued_max = 512UL * 1024;
constexpr std::chrono::seconds look_every{1};
constexpr std::chrono::milliseconds refresh_every{250};

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
  begin_round();
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
  if (!call->parameter("stack").empty()) {
    return fail(bad_parameter_error("a watch is not chosen by stack"));
  }
  SKERRY_TRY(const PageRequest request, page_of(*call));
  watcher.selector = request.selector;
  watcher.wants_status = true;
  watcher.begins_with_all = !position;
  // What is new to the others is theirs to hear of; this one is told all.
  SKERRY_TRY(const Tally::News news, tally_.refresh());
  for (const auto& other : watchers_) {
    mark(*other, news);
  }
  if (position) {
    mark(watcher, tally_.all());
  }
  return {};
}

/// What was read and made for an earlier round may be of the past by now.
void Watches::begin_round() {
  frames_.clear();
  pages_.clear();
}

v1::Change Watches::added(const store::ObjectRow& row) {
  v1::Change change;
  change.set_type(v1::Change::ADDED);
  change.set_kind(row.kind);
  change.set_name(row.name);
  return change;
}

/// Everything there is, as if it had just been added.
Status Watches::tell_all(Watcher& watcher) {
  for (const std::string& kind : watcher.kinds) {
    SKERRY_CHECK(tell_all_of(kind, watcher));
  }
  return {};
}

Status Watches::tell_all_of(const std::string& kind, Watcher& watcher) {
  std::string after;
  for (bool more = true; more;) {
    SKERRY_TRY(const auto rows, desk_.reader().objects(kind, after, rows_at_once));
    for (const store::ObjectRow& row : rows) {
      SKERRY_CHECK(tell_object(watcher, added(row)));
    }
    more = rows.size() == rows_at_once;
    after = rows.empty() ? after : rows.back().name;
  }
  return {};
}

/// With the object as it is now; one that is gone by now is told without, and its end follows.
Status Watches::tell_object(Watcher& watcher, v1::Change change) {
  change.set_cursor(std::to_string(watcher.revision));
  watcher.pending.erase({change.kind(), change.name()});
  std::shared_ptr<const Frame> frame;
  if (change.type() != v1::Change::DELETED) {
    SKERRY_TRY(frame,
               frames_.of(change.kind(),
                          change.name(),
                          watcher.wants_status ? Frames::Counts::with : Frames::Counts::without));
  }
  if (frame != nullptr) {
    change.set_uid(frame->uid);
  }
  send(watcher, std::move(change), frame.get());
  return {};
}

/// What a selector does not choose any more is gone for who watches by it.
void Watches::send(Watcher& watcher, v1::Change change, const Frame* frame) {
  if (watcher.selector && frame != nullptr && watcher.selector->matches(frame->labels)) {
    watcher.chosen.emplace(change.kind(), change.name());
  } else if (watcher.selector) {
    const bool was_chosen = watcher.chosen.erase({change.kind(), change.name()}) > 0;
    // One that goes on may have been told of it in an earlier stream.
    if (!was_chosen && change.type() != v1::Change::DELETED) {
      return;
    }
    change.set_type(v1::Change::DELETED);
    frame = nullptr;
  }
  watcher.call->exchange->send("id: " + change.cursor() + "\ndata: " + change_json(change, frame) +
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
    SKERRY_TRY(const store::Changes* changes, changes_since(watcher.revision));
    if (changes->compacted || watcher.revision > changes->head) {
      watcher.revision = changes->head;
      v1::Change change;
      change.set_type(v1::Change::RESYNC);
      change.set_cursor(std::to_string(changes->head));
      watcher.call->exchange->send("id: " + change.cursor() +
                                   "\ndata: " + change_json(change, nullptr) + "\n\n");
      return {};
    }
    for (const store::AuditRow& row : changes->rows) {
      SKERRY_CHECK(tell_row(watcher, row));
    }
    if (changes->rows.size() < rows_at_once) {
      return {};
    }
  }
  return {};
}

/// Nearly all stand at the same place.
Result<const store::Changes*> Watches::changes_since(std::uint64_t revision) {
  if (const auto found = pages_.find(revision); found != pages_.end()) {
    return &found->second;
  }
  SKERRY_TRY(store::Changes changes, desk_.reader().changes_since(revision, rows_at_once));
  return &pages_.emplace(revision, std::move(changes)).first->second;
}

/// Coalesced: however often an object's status has changed, its newest is told once a look.
Status Watches::tell_status(Watcher& watcher) {
  while (!watcher.pending.empty() && watcher.call->exchange->queued() < queued_max) {
    const auto [kind, name] = *watcher.pending.begin();
    SKERRY_TRY(const std::shared_ptr<const Frame> frame,
               frames_.of(kind, name, Frames::Counts::with));
    if (frame == nullptr) {
      watcher.pending.erase({kind, name});  // The feed tells its end.
      continue;
    }
    v1::Change change;
    change.set_type(v1::Change::MODIFIED);
    change.set_kind(kind);
    change.set_name(name);
    SKERRY_CHECK(tell_object(watcher, std::move(change)));
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

bool Watches::wants_status() const {
  return std::ranges::any_of(watchers_, [](const auto& watcher) { return watcher->wants_status; });
}

void Watches::mark(Watcher& watcher, const Tally::News& news) {
  if (!watcher.wants_status) {
    return;
  }
  const bool stacks = watcher.kinds.contains("Stack");
  for (const std::string& name : stacks ? news.stacks : news.sites) {
    watcher.pending.emplace(stacks ? "Stack" : "Site", name);
  }
}

/// Status comes in storms, so it is looked at now and then; what its users did is told at once.
void Watches::refresh() {
  if (!wants_status()) {
    tally_.clear();
    return;
  }
  const Instant now = desk_.environment.clock->now();
  const Result<store::Head> head = desk_.reader().head();
  const bool only_status = head && head->revision == tally_.revision();
  if (only_status && now - refreshed_at_ < refresh_every) {
    if (!refresh_timer_.pending()) {
      refresh_timer_ =
          desk_.worker.loop().after(refresh_every - (now - refreshed_at_), [this] { look(); });
    }
    return;
  }
  refreshed_at_ = now;
  const Result<Tally::News> news = tally_.refresh();
  for (const auto& watcher : watchers_) {
    if (news) {
      mark(*watcher, *news);
    } else if (watcher->wants_status) {
      give_up(*watcher, news.error());
    }
  }
  drop_ended();
}

void Watches::drop_ended() {
  std::erase_if(watchers_, [](const auto& watcher) { return watcher->call == nullptr; });
}

void Watches::look() {
  std::erase_if(watchers_, [](const auto& watcher) { return watcher->call->exchange->gone(); });
  begin_round();
  refresh();
  for (const auto& watcher : watchers_) {
    serve(*watcher);
  }
  begin_round();
  drop_ended();
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
  tally_.clear();
}

}  // namespace skerry::api
