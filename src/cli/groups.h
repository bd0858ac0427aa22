#pragma once

#include "cli/command.h"

/// The commands, one function each, beside others of its file. The table in commands.cc names them.
namespace skerry::cli {

Result<Exit> run_login(const Invocation& invocation);
Result<Exit> run_setup(const Invocation& invocation);
Result<Exit> run_logout(const Invocation& invocation);
Result<Exit> run_whoami(const Invocation& invocation);

Result<Exit> run_context_list(const Invocation& invocation);
Result<Exit> run_context_use(const Invocation& invocation);
Result<Exit> run_context_delete(const Invocation& invocation);

Result<Exit> run_apply(const Invocation& invocation);
Result<Exit> run_diff(const Invocation& invocation);
Result<Exit> run_get(const Invocation& invocation);
Result<Exit> run_describe(const Invocation& invocation);
Result<Exit> run_delete(const Invocation& invocation);
Result<Exit> run_events(const Invocation& invocation);
Result<Exit> run_wait(const Invocation& invocation);

Result<Exit> run_token_create(const Invocation& invocation);
Result<Exit> run_approve(const Invocation& invocation);
Result<Exit> run_reject(const Invocation& invocation);
Result<Exit> run_site_revoke(const Invocation& invocation);

Result<Exit> run_restore_status(const Invocation& invocation);
Result<Exit> run_restore_accept(const Invocation& invocation);
Result<Exit> run_restore_finish(const Invocation& invocation);

Result<Exit> run_site_status(const Invocation& invocation);
Result<Exit> run_site_floor(const Invocation& invocation);
Result<Exit> run_site_journal(const Invocation& invocation);
Result<Exit> run_site_spool(const Invocation& invocation);
Result<Exit> run_site_pause(const Invocation& invocation);
Result<Exit> run_site_resume(const Invocation& invocation);
Result<Exit> run_site_rekey(const Invocation& invocation);

Result<Exit> run_version(const Invocation& invocation);
Result<Exit> run_help(const Invocation& invocation);
Result<Exit> run_completion(const Invocation& invocation);

}  // namespace skerry::cli
