#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "base/text.h"
#include "cli/agent_socket.h"
#include "cli/exit.h"
#include "cli/outside.h"
#include "cli/run.h"
#include "cli/tty_terminal.h"
#include "client/https_transport.h"
#include "os/system_clock.h"
#include "os/system_random.h"

namespace {

using skerry::cli::ServerAddress;

std::optional<std::string> variable(std::string_view name) {
  // One thread reads the environment, and nobody changes it.
  const char* value = std::getenv(std::string(name).c_str());  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

skerry::Result<std::unique_ptr<skerry::client::Transport>> connect(const ServerAddress& server) {
  const auto pin = skerry::parse_digest(server.pin);
  if (!pin) {
    return skerry::fail(skerry::cli::usage(
        "the key of " + server.url + " is not known: there is no --pin and no SKERRY_PIN",
        "skerry login " + server.url + " --pin HEXDIGEST, as skerryd prints it when it starts"));
  }
  return skerry::client::connect_https(server.url, *pin);
}

}  // namespace

int main(int argc, char** argv) {
  skerry::cli::end_on_interrupt();
  skerry::cli::TtyTerminal terminal;
  skerry::os::SystemClock clock;
  skerry::os::SystemRandom random;
  skerry::cli::Outside outside{
      .terminal = terminal,
      .clock = clock,
      .random = random,
      .variable = variable,
      .connect = connect,
      .ask_agent = skerry::cli::ask_agent,
      .pause = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }};
  return skerry::cli::run(std::vector<std::string>(argv + 1, argv + argc), outside);
}
