#include <algorithm>

#include "cli/groups.h"
#include "cli/outside.h"
#include "cli/session.h"
#include "cli/table.h"

namespace skerry::cli {
namespace {

using Undecided = client::RestoreState::Stack;

constexpr std::string_view how = "skerry restore accept --help";

Result<Exit> accept_all(const Invocation& invocation, client::Client& client) {
  SKERRY_TRY(const client::RestoreState restore, client.restore());
  bool all = true;
  for (const Undecided& stack : restore.undecided) {
    if (stack.unknown_here) {
      all = false;
      continue;
    }
    SKERRY_CHECK(client.accept_stack(stack.name));
    invocation.outside.terminal.out("stack/" + stack.name + " accepted\n");
  }
  if (!all) {
    invocation.outside.terminal.out(
        "stacks that this server does not know are left: skerry restore status\n");
  }
  return all ? Exit::done : Exit::partly;
}

/// To accept what the server does not have is to remove it from its sites, so that is asked for.
Status check_remove(const Undecided& stack, bool may_remove) {
  if (stack.unknown_here && !may_remove) {
    return fail(usage("this server does not know the stack " + stack.name +
                          ": accepting that removes it from its sites; apply it, or add --remove",
                      std::string(how)));
  }
  return {};
}

}  // namespace

Result<Exit> run_restore_status(const Invocation& invocation) {
  SKERRY_TRY(client::Client * client, invocation.session.client());
  SKERRY_TRY(const client::RestoreState restore, client->restore());
  auto& terminal = invocation.outside.terminal;
  if (!restore.in_progress) {
    terminal.out("no restore is in progress\n");
    return Exit::done;
  }
  Table table({"STACK", "HERE"});
  for (const Undecided& stack : restore.undecided) {
    table.add({stack.name, stack.unknown_here ? "unknown" : "from the backup"});
  }
  terminal.out(table.empty() ? "every stack is decided on: skerry restore finish\n"
                             : table.text(0, "..."));
  terminal.out("sites that have not come back since the restore: " + restore.sites_away + "\n");
  return Exit::done;
}

Result<Exit> run_restore_accept(const Invocation& invocation) {
  const Options& options = invocation.options;
  const std::string name = options.get("NAME");
  if (name.empty() != options.has("all")) {
    return fail(usage("name one stack, or say --all", std::string(how)));
  }
  SKERRY_TRY(client::Client * client, invocation.session.client());
  if (options.has("all")) {
    return accept_all(invocation, *client);
  }
  SKERRY_TRY(const client::RestoreState restore, client->restore());
  const auto found = std::ranges::find(restore.undecided, name, &Undecided::name);
  if (found != restore.undecided.end()) {
    SKERRY_CHECK(check_remove(*found, options.has("remove")));
  }
  SKERRY_CHECK(client->accept_stack(name));
  invocation.outside.terminal.out("stack/" + name + " accepted\n");
  return Exit::done;
}

Result<Exit> run_restore_finish(const Invocation& invocation) {
  SKERRY_TRY(client::Client * client, invocation.session.client());
  SKERRY_CHECK(client->finish_restore(invocation.options.has("abandon-away")));
  invocation.outside.terminal.out("the restore is finished\n");
  return Exit::done;
}

}  // namespace skerry::cli
