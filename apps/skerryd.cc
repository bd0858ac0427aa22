// The control plane: API, planner, site gateway, over one embedded store.
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <sys/stat.h>

#include "audit_command.h"
#include "backup_command.h"
#include "base/log.h"
#include "os/system_clock.h"
#include "server_process.h"

namespace {

/// As in docs/user/cli-reference.md; CLI11 has codes of its own for each kind of mistake.
constexpr int exit_usage = 2;

}  // namespace

int main(int argc, char** argv) {
  skerry::server::ServerOptions options;
  CLI::App app("skerryd, the control plane of Skerry", "skerryd");
  app.set_version_flag("--version", SKERRY_VERSION);
  app.add_option("--data", options.data_directory, "Directory of the store and the keys")
      ->capture_default_str();
  app.add_option("--listen", options.listen, "Address of sites and of the API")
      ->capture_default_str();
  app.add_option("--listen-api", options.listen_api, "A second address, for the API alone");
  app.add_option(
      "--site-address", options.site_address, "host:port at which sites reach this server");
  app.add_option("--beat", options.beat_s, "Seconds between a silent site's beats")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  const skerry::server::BackupCommand backup(app, options.data_directory);
  app.add_flag("--accept-lost-store",
               options.accept_lost_store,
               "Begin a new store where that of these keys is gone: numbers start over, and every "
               "site must be enrolled anew");
  std::string heads;
  CLI::App& audit = *app.add_subcommand("audit", "Look at the audit chain");
  audit.require_subcommand(1)->fallthrough();
  CLI::App& verify = *audit.add_subcommand(
      "verify", "Walk the chain from its first row; 1 where a row does not hold");
  verify.fallthrough();
  verify.add_option(
      "--heads", heads, "Signed heads to hold it against: a log of skerryd, or - for stdin");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Asking for help or the version comes this way too.
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  // The store holds hashes of tokens and what users wrote: nobody else's to read, whatever
  // directory it is given.
  ::umask(0077);

  if (verify.parsed()) {
    return skerry::server::verify_audit({.data_directory = options.data_directory, .heads = heads});
  }
  const skerry::os::SystemClock clock;
  const skerry::Log log(clock, skerry::standard_error_sink());
  if (const std::optional<int> done = backup.run(log)) {
    return *done;
  }
  auto process = skerry::server::ServerProcess::create(options, log.for_room("server"));
  if (!process) {
    log.error("cannot_start",
              {{"why", to_string(process.error())}, {"next", process.error().hint}});
    return 70;
  }
  return (*process)->run();
}
