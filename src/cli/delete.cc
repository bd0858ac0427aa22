#include "cli/groups.h"
#include "cli/kinds.h"
#include "cli/outside.h"
#include "cli/session.h"

namespace skerry::cli {

Result<Exit> run_delete(const Invocation& invocation) {
  const Options& options = invocation.options;
  SKERRY_TRY(const Reference reference,
             named_reference_from(options.get("KIND"), options.get("NAME")));
  SKERRY_TRY(client::Client * client, invocation.session.client());
  SKERRY_CHECK(client->remove(*reference.kind, reference.name));
  invocation.outside.terminal.out(reference_text(*reference.kind, reference.name) + " deleted\n");
  return Exit::done;
}

}  // namespace skerry::cli
