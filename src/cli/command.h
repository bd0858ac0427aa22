#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/exit.h"

namespace skerry::cli {

struct Outside;
class Session;

/// One option of a command, as help, parser, completion and reference page know it.
struct Flag {
  std::string_view names = {};  // "-f,--file"; the last one is its key without the dashes.
  std::string_view value = {};  // "FILE"; empty for a switch.
  std::string_view help = {};
  std::string_view choices = {};  // "table|json"; empty takes any value.
  bool repeats = false;
};

/// The words of a command that are no options.
struct Positional {
  std::string_view name = {};  // "KIND"
  enum class Count : std::uint8_t { one, at_most_one };
  Count count = Count::one;
};

struct Example {
  std::string_view line = {};  // Without "skerry" in front.
  std::string_view says = {};
};

/// What was given on the command line, checked against the command's flags and positionals.
class Options {
 public:
  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }

  /// The value, the last one where it repeats; `otherwise` where it was not given.
  [[nodiscard]] std::string get(std::string_view key, std::string_view otherwise = {}) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view key) const;

  void set(std::string_view key, std::vector<std::string> values);

 private:
  [[nodiscard]] const std::vector<std::string>* find(std::string_view key) const;

  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

/// Everything one run of a command has.
struct Invocation {
  const Options& options;
  Outside& outside;
  Session& session;
};

/// One command. The table of all of them is what help, parser, completion and
/// docs/user/cli-reference.md come from.
struct Command {
  std::string_view path = {};  // "token create"
  std::string_view summary = {};
  std::span<const Example> examples = {};
  std::span<const Positional> positionals = {};
  std::span<const Flag> flags = {};
  std::string_view exits = {};  // What its exit codes mean beyond the common table.
  Result<Exit> (*run)(const Invocation& invocation) = nullptr;
  bool hidden = false;
};

/// The option's key: "file" of "-f,--file".
std::string_view key_of(const Flag& flag);

/// Every command, in the order of the help.
std::span<const Command> all_commands();

/// What every command takes.
std::span<const Flag> common_flags();

}  // namespace skerry::cli
