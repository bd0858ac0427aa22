#include "cli/run.h"

#include "cli/command.h"
#include "cli/help.h"
#include "cli/parse.h"
#include "cli/report.h"
#include "cli/session.h"

namespace skerry::cli {
namespace {

std::string help_text(const Parsed& parsed) {
  if (parsed.command != nullptr) {
    return help_of(*parsed.command);
  }
  return parsed.group.empty() ? help_of_all(all_commands())
                              : help_of_group(all_commands(), parsed.group);
}

Exit fail_with(const Error& error, const Session* session, bool verbose, Terminal& terminal) {
  ReportContext context{.verbose = verbose};
  if (session != nullptr) {
    context.server = session->server_url();
    context.context = session->context_name().value_or(std::string());
    context.refusal = session->refusal();
  }
  terminal.err(report(error, context));
  return exit_of(error);
}

Exit run_parsed(const Parsed& parsed, Outside& outside) {
  Session session(parsed.options, outside);
  const auto exit =
      parsed.command->run({.options = parsed.options, .outside = outside, .session = session});
  if (!exit) {
    return fail_with(exit.error(), &session, parsed.options.has("verbose"), outside.terminal);
  }
  return *exit;
}

}  // namespace

int run(const std::vector<std::string>& arguments, Outside& outside) {
  if (arguments.size() == 1 && arguments.front() == "--version") {
    return run({"version", "--client"}, outside);
  }
  const auto parsed = parse(all_commands(), arguments);
  if (!parsed) {
    return static_cast<int>(fail_with(parsed.error(), nullptr, false, outside.terminal));
  }
  if (parsed->help || parsed->command == nullptr) {
    outside.terminal.out(help_text(*parsed));
    return static_cast<int>(Exit::done);
  }
  return static_cast<int>(run_parsed(*parsed, outside));
}

}  // namespace skerry::cli
