#include "cli/groups.h"
#include "cli/outside.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/words.h"

namespace skerry::cli {
namespace {

Error no_such(const std::string& name) {
  return {.kind = ErrorKind::not_found,
          .code = bad_input,
          .message = "there is no context \"" + name + "\"",
          .hint = "skerry context list"};
}

}  // namespace

Result<Exit> run_context_list(const Invocation& invocation) {
  SKERRY_TRY(const Config config, invocation.session.config());
  Terminal& terminal = invocation.outside.terminal;
  if (config.contexts.empty()) {
    terminal.err("no contexts; begin with: skerry login https://SERVER:8443\n");
    return Exit::done;
  }
  Table table({"CURRENT", "NAME", "SERVER", "USER", "SIGNED IN"});
  for (const auto& [name, context] : config.contexts) {
    table.add({name == config.current ? "*" : "",
               printable(name),
               printable(context.server.url),
               context.user.empty() ? "-" : printable(context.user),
               context.token.empty() ? "no" : "yes"});
  }
  terminal.out(table.text(terminal.width(), invocation.options.has("ascii") ? "..." : "…"));
  return Exit::done;
}

Result<Exit> run_context_use(const Invocation& invocation) {
  const std::string name = invocation.options.get("NAME");
  SKERRY_TRY(const std::string path, invocation.session.path());
  SKERRY_TRY(Config config, load_config(path));
  if (!config.contexts.contains(name)) {
    return fail(no_such(name));
  }
  config.current = name;
  SKERRY_CHECK(save_config(path, config));
  invocation.outside.terminal.err("context \"" + name + "\" is in use\n");
  return Exit::done;
}

Result<Exit> run_context_delete(const Invocation& invocation) {
  const std::string name = invocation.options.get("NAME");
  SKERRY_TRY(const std::string path, invocation.session.path());
  SKERRY_TRY(Config config, load_config(path));
  if (config.contexts.erase(name) == 0) {
    return fail(no_such(name));
  }
  if (config.current == name) {
    config.current.clear();
  }
  SKERRY_CHECK(save_config(path, config));
  invocation.outside.terminal.err("context \"" + name + "\" is forgotten\n");
  return Exit::done;
}

}  // namespace skerry::cli
