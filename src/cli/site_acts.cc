#include "cli/groups.h"
#include "cli/outside.h"
#include "cli/session.h"

namespace skerry::cli {
namespace {

Result<Exit> act(const Invocation& invocation, std::string_view verb, std::string_view done) {
  const std::string name = invocation.options.get("NAME");
  SKERRY_TRY(client::Client * client, invocation.session.client());
  SKERRY_CHECK(client->act(*resource::kind_named("Site"), name, verb));
  invocation.outside.terminal.out("site/" + name + " " + std::string(done) + "\n");
  return Exit::done;
}

}  // namespace

Result<Exit> run_approve(const Invocation& invocation) {
  return act(invocation, "approve", "approved");
}

Result<Exit> run_reject(const Invocation& invocation) {
  return act(invocation, "reject", "rejected");
}

Result<Exit> run_site_revoke(const Invocation& invocation) {
  return act(invocation, "revoke", "revoked; what it runs goes on running");
}

}  // namespace skerry::cli
