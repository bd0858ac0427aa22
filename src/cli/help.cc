#include "cli/help.h"

#include <algorithm>

namespace skerry::cli {
namespace {

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size() + 2, width), ' ');
  return text;
}

std::string usage_line(const Command& command) {
  std::string out = "skerry " + std::string(command.path);
  for (const Positional& positional : command.positionals) {
    const std::string name(positional.name);
    out += positional.count == Positional::Count::one ? " " + name : " [" + name + "]";
  }
  return out + (command.flags.empty() ? "" : " [options]");
}

std::string flag_words(const Flag& flag) {
  std::string out(flag.names);
  if (const auto comma = out.find(','); comma != std::string::npos) {
    out.insert(comma + 1, " ");
  }
  if (!flag.value.empty()) {
    out.append(" ").append(flag.choices.empty() ? flag.value : flag.choices);
  }
  return out;
}

std::string flag_lines(std::span<const Flag> flags) {
  std::string out;
  for (const Flag& flag : flags) {
    out.append("  ").append(padded(flag_words(flag), 30)).append(flag.help).append("\n");
  }
  return out;
}

std::string command_lines(std::span<const Command> commands, std::string_view prefix) {
  std::string out;
  for (const Command& command : commands) {
    if (!command.hidden && command.path.starts_with(prefix)) {
      out.append("  ").append(padded(std::string(command.path), 18));
      out.append(command.summary).append("\n");
    }
  }
  return out;
}

std::string example_lines(const Command& command, std::string_view indent) {
  std::string out;
  for (const Example& example : command.examples) {
    out.append(indent).append("# ").append(example.says).append("\n");
    out.append(indent).append("skerry ").append(example.line).append("\n");
  }
  return out;
}

constexpr std::string_view exit_table =
    "| code | meaning |\n|---|---|\n"
    "| 0 | done, or the answer is yes |\n"
    "| 1 | it ran well and the answer is no: a difference was found, a condition does not hold |\n"
    "| 2 | the command line is wrong |\n"
    "| 3 | the named thing does not exist |\n"
    "| 4 | not signed in, or not allowed |\n"
    "| 5 | somebody else changed it first |\n"
    "| 6 | the input is wrong |\n"
    "| 7 | it did not happen in time |\n"
    "| 8 | some of it worked and some did not |\n"
    "| 9 | the server cannot be reached, or is not the pinned one |\n"
    "| 10 | the server failed |\n"
    "| 130 | interrupted |\n"
    "| 141 | the reader of the output went away |\n";

constexpr std::string_view page_head =
    "# The command line\n\n"
    "This page is `skerry help --markdown`; a test holds it to that. Results go to standard output "
    "and everything\nelse to standard error. `-o json` is the API's object, indented.\n\n"
    "## Settings\n\n"
    "Contexts (a server, its pinned key, a token) are kept in "
    "`$XDG_CONFIG_HOME/skerry/config.yaml`, "
    "else\n`~/.config/skerry/config.yaml`, with mode 0600; a file others may read is refused.\n\n"
    "| variable | instead of |\n|---|---|\n"
    "| `SKERRY_CONFIG` | the path of the settings file |\n"
    "| `SKERRY_CONTEXT` | `--context` |\n"
    "| `SKERRY_SERVER` | `--server`; with `SKERRY_PIN` and `SKERRY_TOKEN` no context is needed |\n"
    "| `SKERRY_PIN` | the pinned key of the context |\n"
    "| `SKERRY_TOKEN` | the token of the context |\n"
    "| `SKERRY_SOCKET` | `--socket` of `skerry site` |\n"
    "| `NO_COLOR`, `TERM=dumb` | `--color never` |\n\n"
    "## Errors\n\n"
    "An error says what is wrong, why where that is known, and what to do next; `-v` adds the "
    "server's code and\nrequest id. Errors in a file name its line and column.\n\n"
    "## Exit codes\n\n";

std::string section_of(const Command& command) {
  std::string out = "### skerry " + std::string(command.path) + "\n\n";
  out.append(command.summary).append(".\n\n```\n");
  out.append(usage_line(command)).append("\n```\n\n");
  if (!command.examples.empty()) {
    out.append("```sh\n").append(example_lines(command, "")).append("```\n\n");
  }
  if (!command.flags.empty()) {
    out.append("| option | |\n|---|---|\n");
    for (const Flag& flag : command.flags) {
      std::string words = flag_words(flag);
      for (std::size_t at = words.find('|'); at != std::string::npos;
           at = words.find('|', at + 2)) {
        words.insert(at, "\\");
      }
      out.append("| `").append(words).append("` | ").append(flag.help).append(" |\n");
    }
    out += "\n";
  }
  if (!command.exits.empty()) {
    out.append("Exit codes: ").append(command.exits).append(".\n\n");
  }
  return out;
}

}  // namespace

std::string help_of_all(std::span<const Command> commands) {
  return "skerry runs containers at many places at once.\n\nFirst steps:\n"
         "  skerry login https://server:8443     sign in\n"
         "  skerry token create --site           let a site join\n"
         "  skerry apply -f stack.yaml           run something there\n"
         "  skerry get sites                     see how it goes\n\nCommands:\n" +
         command_lines(commands, "") + "\nOptions of every command:\n" +
         flag_lines(common_flags()) + "\nMore of one: skerry COMMAND --help\n";
}

std::string help_of_group(std::span<const Command> commands, std::string_view group) {
  return "Commands:\n" + command_lines(commands, std::string(group) + " ");
}

std::string help_of(const Command& command) {
  std::string out(command.summary);
  out += ".\n\n";
  if (!command.examples.empty()) {
    out += "Examples:\n" + example_lines(command, "  ") + "\n";
  }
  out += "Usage:\n  " + usage_line(command) + "\n";
  if (!command.flags.empty()) {
    out += "\nOptions:\n" + flag_lines(command.flags);
  }
  out += "\nOptions of every command:\n" + flag_lines(common_flags());
  if (!command.exits.empty()) {
    out.append("\nExit codes: ").append(command.exits).append(".\n");
  }
  return out;
}

std::string reference_page(std::span<const Command> commands) {
  std::string out(page_head);
  out.append(exit_table).append("\n## Options of every command\n\n| option | |\n|---|---|\n");
  for (const Flag& flag : common_flags()) {
    std::string words = flag_words(flag);
    for (std::size_t at = words.find('|'); at != std::string::npos; at = words.find('|', at + 2)) {
      words.insert(at, "\\");
    }
    out.append("| `").append(words).append("` | ").append(flag.help).append(" |\n");
  }
  out += "\n## Commands\n\n";
  for (const Command& command : commands) {
    if (!command.hidden) {
      out += section_of(command);
    }
  }
  out.resize(out.find_last_not_of('\n') + 2);
  return out;
}

}  // namespace skerry::cli
