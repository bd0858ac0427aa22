#include "cli/command.h"
#include "cli/completion.h"
#include "cli/groups.h"
#include "cli/help.h"
#include "cli/outside.h"
#include "cli/session.h"

namespace skerry::cli {

Result<Exit> run_version(const Invocation& invocation) {
  Terminal& terminal = invocation.outside.terminal;
  terminal.out("skerry " SKERRY_VERSION "\n");
  const auto context = invocation.session.context();
  // Its own version it always knows; the server's is asked for where there is one.
  if (invocation.options.has("client") || !context || context->token.empty()) {
    return Exit::done;
  }
  SKERRY_TRY(client::Client * client, invocation.session.client());
  SKERRY_TRY(const client::ServerFacts facts, client->server_facts());
  terminal.out("skerryd " + facts.version + " at " + invocation.session.server_url() + "\n");
  return Exit::done;
}

Result<Exit> run_help(const Invocation& invocation) {
  const bool page = invocation.options.has("markdown");
  invocation.outside.terminal.out(page ? reference_page(all_commands())
                                       : help_of_all(all_commands()));
  return Exit::done;
}

Result<Exit> run_completion(const Invocation& invocation) {
  const bool is_zsh = invocation.options.get("SHELL") == "zsh";
  if (!is_zsh && invocation.options.get("SHELL") != "bash") {
    return fail(usage("completion is there for bash and zsh", "skerry completion bash"));
  }
  invocation.outside.terminal.out(completion_script(all_commands(), is_zsh));
  return Exit::done;
}

}  // namespace skerry::cli
