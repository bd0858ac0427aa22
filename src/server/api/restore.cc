#include <algorithm>
#include <set>

#include "server/api/codes.h"
#include "server/api/handlers.h"
#include "server/api/lists.h"
#include "server/recovery/recovery.h"
#include "skerry/api/v1/restore.pb.h"

namespace skerry::api {

namespace {

constexpr std::size_t rows_at_once = 1000;

Result<bool> is_restoring(Desk& desk) {
  SKERRY_TRY(const std::optional<store::ObjectRow> row,
             desk.reader().object(recovery::restore_kind, recovery::restore_name));
  return row.has_value();
}

Error no_restore() {
  return {.kind = ErrorKind::conflict,
          .code = not_restoring,
          .message = "this server was not restored from a backup, or that is finished"};
}

Result<std::set<std::string>> names_of(Desk& desk, std::string_view kind) {
  std::set<std::string> names;
  std::string after;
  for (;;) {
    SKERRY_TRY(const std::vector<store::ObjectRow> page,
               desk.reader().objects(kind, after, rows_at_once));
    if (page.empty()) {
      return names;
    }
    for (const store::ObjectRow& row : page) {
      names.insert(row.name);
    }
    after = page.back().name;
  }
}

Result<std::uint32_t> count_away(Desk& desk) {
  std::uint32_t away = 0;
  store::SiteNumber after = 0;
  for (;;) {
    SKERRY_TRY(const std::vector<store::SiteRow> page, desk.reader().sites(after, rows_at_once));
    if (page.empty()) {
      return away;
    }
    away += static_cast<std::uint32_t>(std::ranges::count_if(
        page, [](const store::SiteRow& site) { return site.adopting && !site.ended; }));
    after = page.back().number;
  }
}

Result<v1::Restore> look(Desk& desk) {
  v1::Restore restore;
  SKERRY_TRY(const bool restoring, is_restoring(desk));
  restore.set_in_progress(restoring);
  if (!restoring) {
    return restore;
  }
  SKERRY_TRY(const std::set<std::string> decided, names_of(desk, recovery::decision_kind));
  SKERRY_TRY(const std::set<std::string> stacks, names_of(desk, "Stack"));
  std::set<std::string> all = stacks;
  if (desk.environment.unknown_stacks) {
    const auto unknown = desk.environment.unknown_stacks();
    all.insert(unknown.begin(), unknown.end());
  }
  for (const std::string& name : all) {
    if (!decided.contains(name)) {
      v1::UndecidedStack& undecided = *restore.add_undecided();
      undecided.set_name(name);
      undecided.set_unknown_here(!stacks.contains(name));
    }
  }
  SKERRY_TRY(const std::uint32_t away, count_away(desk));
  restore.set_sites_away(away);
  return restore;
}

/// Whether nothing is left that a site could lose without anybody having said so.
Status may_finish(const v1::Restore& restore, bool forced) {
  if (!restore.in_progress()) {
    return fail(no_restore());
  }
  if (restore.undecided_size() > 0) {
    return fail({.kind = ErrorKind::conflict,
                 .code = stacks_undecided,
                 .message = std::to_string(restore.undecided_size()) +
                            " stacks are undecided, among them " + restore.undecided(0).name(),
                 .hint = "accept, apply or delete each of them first"});
  }
  if (restore.sites_away() > 0 && !forced) {
    return fail({.kind = ErrorKind::conflict,
                 .code = sites_away,
                 .message = std::to_string(restore.sites_away()) +
                            " sites have not come back since the restore; they may run stacks that "
                            "this server has never heard of",
                 .hint = "wait for them, revoke them, or say that what they run may go"});
  }
  return {};
}

}  // namespace

Status add_decision(Desk& desk, const std::string& stack, store::Change& change) {
  SKERRY_TRY(const bool restoring, is_restoring(desk));
  if (restoring) {
    change.operations.insert(
        change.operations.begin(),
        store::PutObject{.kind = std::string(recovery::decision_kind), .name = stack});
  }
  return {};
}

void show_restore(Desk& desk, const CallPtr& call) {
  const Result<v1::Restore> restore = look(desk);
  restore ? reply(call, 200, *restore) : refuse(desk, call, restore.error());
}

void accept_stack(Desk& desk, const CallPtr& call) {
  const Result<v1::Restore> restore = look(desk);
  Status may = restore ? Status() : fail(restore.error());
  if (restore && !restore->in_progress()) {
    may = fail(no_restore());
  } else if (restore &&
             std::ranges::find(restore->undecided(), call->name, &v1::UndecidedStack::name) ==
                 restore->undecided().end()) {
    may = fail({.kind = ErrorKind::not_found,
                .code = not_found,
                .message = "no undecided stack is called " + call->name});
  }
  store::Change change = change_of(desk, *call);
  may = may ? add_decision(desk, call->name, change) : may;
  if (!may) {
    refuse(desk, call, may.error());
    return;
  }
  desk.submit(
      call, std::move(change), [call](const store::Outcome&) { reply(call, {.status = 204}); });
}

void finish_restore(Desk& desk, const CallPtr& call) {
  const Result<v1::Restore> restore = look(desk);
  const Status may = restore ? may_finish(*restore, call->parameter("abandonAway") == "true")
                             : Status(fail(restore.error()));
  if (!may) {
    refuse(desk, call, may.error());
    return;
  }
  store::Change change = change_of(desk, *call);
  change.operations.emplace_back(store::DeleteObject{.kind = std::string(recovery::restore_kind),
                                                     .name = std::string(recovery::restore_name)});
  desk.submit(
      call, std::move(change), [call](const store::Outcome&) { reply(call, {.status = 204}); });
}

}  // namespace skerry::api
