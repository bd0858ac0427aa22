// The agent: one per site. `enrol` joins a site to an installation, `run` keeps it as it shall be.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <unistd.h>

#include "agent_process.h"
#include "base/log.h"
#include "machine_facts.h"
#include "os/descriptor.h"
#include "os/directory_disk.h"
#include "os/socket_address.h"
#include "os/system_clock.h"

namespace {

using skerry::Error;
using skerry::ErrorKind;
using skerry::Result;
using skerry::Secret;
using skerry::Status;
using skerry::agent::ProcessOptions;

constexpr int exit_usage = 2;
constexpr int exit_cannot_start = 70;
constexpr std::size_t token_bytes_max = 512;

constexpr const char* usage =
    "usage: skerry-agent run   [--state DIR] [--docker SOCKET] [--socket PATH]\n"
    "       skerry-agent enrol --server HOST:PORT --root DIGEST [--name NAME] [--state DIR]\n"
    "                          [--docker SOCKET] [--token-file FILE]\n"
    "       skerry-agent --help | --version\n"
    "\n"
    "enrol takes the one-time token from --token-file, from $SKERRY_TOKEN, or from standard "
    "input;\n"
    "never as an argument, where every process of the machine could read it.\n";

/// "--name value" pairs; nothing where an argument is neither.
std::optional<std::map<std::string, std::string>> read_flags(
    const std::vector<std::string>& words) {
  std::map<std::string, std::string> flags;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    if (!words[i].starts_with("--") || i + 1 == words.size()) {
      return std::nullopt;
    }
    flags[words[i].substr(2)] = words[i + 1];
  }
  return flags;
}

std::string take(std::map<std::string, std::string>& flags,
                 const std::string& name,
                 const std::string& otherwise) {
  const auto found = flags.find(name);
  if (found == flags.end()) {
    return otherwise;
  }
  const std::string value = found->second;
  flags.erase(found);
  return value;
}

Result<Secret> read_secret(std::FILE* file) {
  char buffer[token_bytes_max];
  // One line, so that a token typed or pasted at a terminal needs no end of file behind it.
  std::string text(std::fgets(buffer, sizeof buffer, file) == nullptr ? "" : buffer);
  explicit_bzero(buffer, sizeof buffer);
  text.erase(text.find_last_not_of(" \r\n\t") + 1);
  if (text.empty()) {
    return skerry::fail(
        {.kind = ErrorKind::invalid, .code = {"token_missing"}, .message = "the token is empty"});
  }
  return Secret(std::move(text));
}

Result<Secret> read_token(const std::string& file_name) {
  if (!file_name.empty()) {
    std::FILE* file = std::fopen(file_name.c_str(), "re");
    if (file == nullptr) {
      return skerry::fail(skerry::os::system_error(errno, {"token_missing"}, "read " + file_name));
    }
    Result<Secret> token = read_secret(file);
    std::fclose(file);
    return token;
  }
  // The process has one thread. NOLINTBEGIN(concurrency-mt-unsafe)
  if (const char* token = std::getenv("SKERRY_TOKEN"); token != nullptr) {
    Secret secret{std::string(token)};
    unsetenv("SKERRY_TOKEN");
    return secret;
  }
  // NOLINTEND(concurrency-mt-unsafe)
  if (isatty(STDIN_FILENO) != 0) {
    std::fputs("Token: ", stderr);
  }
  return read_secret(stdin);
}

std::string parent(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

int complain(const Error& error) {
  std::fprintf(stderr, "error: %s\n", to_string(error).c_str());
  if (!error.hint.empty()) {
    std::fprintf(stderr, "  next: %s\n", error.hint.c_str());
  }
  return exit_cannot_start;
}

/// What the command line asks for.
struct Command {
  ProcessOptions process = {};
  std::string token_file = {};
};

Result<skerry::agent::Enrolment> read_enrolment(std::map<std::string, std::string>& flags) {
  skerry::agent::Enrolment enrolment{.name = take(flags, "name", skerry::agent::host_name())};
  const std::string server = take(flags, "server", "");
  const std::string root = take(flags, "root", "");
  if (server.empty() || root.empty()) {
    return skerry::fail({.kind = ErrorKind::invalid,
                         .code = {"flag_missing"},
                         .message = "enrol needs --server HOST:PORT and --root DIGEST"});
  }
  SKERRY_CHECK(skerry::os::parse_endpoint(server, skerry::agent::default_server_port));
  SKERRY_TRY(enrolment.root, skerry::parse_digest(root));
  enrolment.servers = {server};
  return enrolment;
}

/// Reads and checks all of it, so that a wrong flag changes nothing on the machine.
Result<Command> read_command(const std::string& verb, std::map<std::string, std::string> flags) {
  Command command;
  ProcessOptions& process = command.process;
  process.state_directory = take(flags, "state", process.state_directory);
  process.docker_socket = take(flags, "docker", process.docker_socket);
  process.local_socket = take(flags, "socket", process.local_socket);
  if (verb == "enrol") {
    SKERRY_TRY(process.enrolment, read_enrolment(flags));
    command.token_file = take(flags, "token-file", "");
  }
  if (!flags.empty()) {
    return skerry::fail({.kind = ErrorKind::invalid,
                         .code = {"unknown_flag"},
                         .message = "unknown flag --" + flags.begin()->first});
  }
  return command;
}

Status prepare(Command& command) {
  SKERRY_CHECK(skerry::os::make_directories(command.process.state_directory));
  SKERRY_CHECK(skerry::os::make_directories(parent(command.process.local_socket)));
  if (command.process.enrolment) {
    SKERRY_TRY(command.process.token, read_token(command.token_file));
  }
  return {};
}

int run(Command command) {
  const skerry::os::SystemClock clock;
  const skerry::Log log(clock, skerry::standard_error_sink());
  if (const Status ready = prepare(command); !ready) {
    return complain(ready.error());
  }
  auto process = skerry::agent::AgentProcess::create(command.process, log.for_room("agent"));
  if (!process) {
    return complain(process.error());
  }
  const int exit_code = (*process)->run();
  if (command.process.enrolment && exit_code == 0) {
    std::puts(
        "This machine has joined.\n"
        "  next: systemctl start skerry-agent, or without systemd: skerry-agent run");
  }
  return exit_code;
}

/// Nothing where the first word is a command.
std::optional<int> answer(const std::vector<std::string>& words) {
  const std::string first = words.empty() ? "" : words[0];
  if (first == "run" || first == "enrol") {
    return std::nullopt;
  }
  if (first == "--version" || first == "version") {
    std::printf("skerry-agent %s\n", SKERRY_VERSION);
    return 0;
  }
  if (first == "--help" || first == "-h" || first == "help") {
    std::fputs(usage, stdout);
    return 0;
  }
  if (!first.empty()) {
    std::fprintf(stderr, "error: there is no command \"%s\"\n", first.c_str());
  }
  std::fputs(usage, stderr);
  return exit_usage;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (const auto done = answer(words)) {
    return *done;
  }
  const auto flags = read_flags({words.begin() + 1, words.end()});
  if (!flags) {
    std::fputs(usage, stderr);
    return words.back() == "--help" || words.back() == "-h" ? 0 : exit_usage;
  }
  Result<Command> command = read_command(words[0], *flags);
  if (!command) {
    std::fprintf(stderr, "error: %s\n%s", to_string(command.error()).c_str(), usage);
    return exit_usage;
  }
  return run(*std::move(command));
}
