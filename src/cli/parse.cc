#include "cli/parse.h"

#include <algorithm>
#include <deque>
#include <optional>

#include <CLI/CLI.hpp>

#include "base/text.h"

namespace skerry::cli {
namespace {

/// The common flag an argument names, with or without "=value"; nullptr where it is none.
const Flag* common_flag(std::string_view argument) {
  const std::string_view name = argument.substr(0, argument.find('='));
  for (const Flag& flag : common_flags()) {
    const auto names = split(flag.names, ',');
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      return &flag;
    }
  }
  return nullptr;
}

/// The words of the command, and where they stand, with common flags before and between them.
struct Words {
  std::vector<std::string> words = {};
  std::vector<std::size_t> at = {};
};

Words leading_words(const std::vector<std::string>& arguments) {
  Words found;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!argument.starts_with('-')) {
      found.words.push_back(argument);
      found.at.push_back(i);
      continue;
    }
    const Flag* flag = common_flag(argument);
    if (flag == nullptr) {
      break;
    }
    const bool takes_next = !flag->value.empty() && argument.find('=') == std::string::npos;
    i += takes_next ? 1 : 0;
  }
  return found;
}

std::string joined(const std::vector<std::string>& words, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out.append(i == 0 ? "" : " ").append(words[i]);
  }
  return out;
}

const Command* command_at(std::span<const Command> commands, std::string_view path) {
  const auto found = std::find_if(
      commands.begin(), commands.end(), [&](const Command& one) { return one.path == path; });
  return found == commands.end() ? nullptr : &*found;
}

bool is_group(std::span<const Command> commands, std::string_view path) {
  const std::string prefix = std::string(path) + " ";
  return std::any_of(commands.begin(), commands.end(), [&](const Command& one) {
    return one.path.starts_with(prefix);
  });
}

/// The words that may stand after `group`, or first where it is empty.
std::vector<std::string> next_words(std::span<const Command> commands, std::string_view group) {
  const std::string prefix = group.empty() ? "" : std::string(group) + " ";
  std::vector<std::string> words;
  for (const Command& command : commands) {
    if (!command.hidden && command.path.starts_with(prefix)) {
      const auto rest = command.path.substr(prefix.size());
      words.emplace_back(rest.substr(0, rest.find(' ')));
    }
  }
  return words;
}

Error unknown_command(std::span<const Command> commands,
                      std::string_view group,
                      const std::string& word) {
  const auto meant = nearest(word, next_words(commands, group));
  const std::string prefix = group.empty() ? "skerry " : "skerry " + std::string(group) + " ";
  return usage("there is no command \"" + prefix + word + "\"",
               meant ? prefix + *meant : prefix + "--help");
}

/// The option values as CLI11 fills them: in a deque, because it keeps their addresses.
struct Slots {
  struct Slot {
    std::string_view key = {};
    std::string value = {};
    std::vector<std::string> values = {};  // Of what repeats, instead.
    bool given = false;
    CLI::Option* option = nullptr;
  };

  std::deque<Slot> all = {};
};

void add_flag(CLI::App& app, const Flag& flag, Slots& slots) {
  auto& slot = slots.all.emplace_back();
  slot.key = key_of(flag);
  const std::string names(flag.names);
  if (flag.value.empty()) {
    slot.option = app.add_flag(names, slot.given);
    return;
  }
  slot.option = flag.repeats ? app.add_option(names, slot.values)->allow_extra_args(false)
                             : app.add_option(names, slot.value);
  if (!flag.choices.empty()) {
    std::vector<std::string> choices;
    for (const auto choice : split(flag.choices, '|')) {
      choices.emplace_back(choice);
    }
    slot.option->check(CLI::IsMember(choices));
  }
}

void add_positional(CLI::App& app, const Positional& positional, Slots& slots) {
  auto& slot = slots.all.emplace_back();
  slot.key = positional.name;
  slot.option = app.add_option(std::string(positional.name), slot.value);
  slot.option->required(positional.count == Positional::Count::one);
}

std::vector<std::string> flag_words(const Command& command) {
  std::vector<std::string> words;
  for (const auto flags : {command.flags, common_flags()}) {
    for (const Flag& flag : flags) {
      words.push_back("--" + std::string(key_of(flag)));
    }
  }
  return words;
}

bool takes_files(const Command& command) {
  return std::any_of(command.flags.begin(), command.flags.end(), [](const Flag& flag) {
    return key_of(flag) == "file";
  });
}

/// CLI11's own words, with the nearest known option where one is not known.
Error wrong_options(const Command& command, const CLI::ParseError& error, const CLI::App& app) {
  const std::string help = "skerry " + std::string(command.path) + " --help";
  const auto left = app.remaining();
  if (left.empty()) {
    return usage(error.what(), help);
  }
  const std::string& word = left.front();
  if (!word.starts_with('-')) {
    return usage(
        "\"" + word + "\" is one word too many",
        takes_files(command) ? "skerry " + std::string(command.path) + " -f " + word : help);
  }
  const auto meant = nearest(word.substr(0, word.find('=')), flag_words(command));
  return usage("there is no option " + word, meant ? "did you mean " + *meant + "?" : help);
}

Result<Options> parse_options(const Command& command, std::vector<std::string> arguments) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  Slots slots;
  for (const auto flags : {command.flags, common_flags()}) {
    for (const Flag& flag : flags) {
      add_flag(app, flag, slots);
    }
  }
  for (const Positional& positional : command.positionals) {
    add_positional(app, positional, slots);
  }
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back.
  try {
    app.parse(std::move(arguments));
    if (!app.remaining().empty()) {
      return fail(wrong_options(command, CLI::ExtrasError(app.remaining()), app));
    }
  } catch (const CLI::ParseError& error) {
    return fail(wrong_options(command, error, app));
  }
  Options options;
  for (const auto& slot : slots.all) {
    if (slot.option->count() > 0) {
      options.set(slot.key, slot.values.empty() ? std::vector{slot.value} : slot.values);
    }
  }
  return options;
}

/// The longest command the words begin with, and how many of them it took.
std::pair<const Command*, std::size_t> find_command(std::span<const Command> commands,
                                                    const std::vector<std::string>& words) {
  for (std::size_t count = std::min<std::size_t>(words.size(), 3); count > 0; --count) {
    if (const Command* command = command_at(commands, joined(words, count))) {
      return {command, count};
    }
  }
  return {nullptr, 0};
}

bool wants_help(const std::vector<std::string>& arguments) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  return std::any_of(arguments.begin(), end, [](const std::string& argument) {
    return argument == "--help" || argument == "-h";
  });
}

/// No command: the help of a group or of everything, or a word that is wrong.
Result<Parsed> parse_group(std::span<const Command> commands,
                           const std::vector<std::string>& words) {
  std::string group;
  for (const std::string& word : words) {
    const std::string path = group.empty() ? word : group + " " + word;
    if (!is_group(commands, path)) {
      return fail(unknown_command(commands, group, word));
    }
    group = path;
  }
  return Parsed{.group = group, .help = true};
}

/// `skerry help get` is `skerry get --help`.
Result<Parsed> parse_help(std::span<const Command> commands,
                          const std::vector<std::string>& words) {
  if (const Command* command = find_command(commands, words).first) {
    return Parsed{.command = command, .help = true};
  }
  return parse_group(commands, words);
}

/// Where no command is named, nobody else says that an option is not known.
Status only_common_flags(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument.starts_with('-') && common_flag(argument) == nullptr) {
      return fail(usage("there is no option " + argument, "skerry --help"));
    }
  }
  return {};
}

}  // namespace

Result<Parsed> parse(std::span<const Command> commands, const std::vector<std::string>& arguments) {
  const Words leading = leading_words(arguments);
  if (leading.words.size() > 1 && leading.words.front() == "help") {
    return parse_help(commands, {leading.words.begin() + 1, leading.words.end()});
  }
  const auto [command, count] = find_command(commands, leading.words);
  if (command == nullptr) {
    SKERRY_CHECK(only_common_flags(arguments));
    return parse_group(commands, leading.words);
  }
  Parsed parsed{.command = command, .help = wants_help(arguments)};
  if (parsed.help) {
    return parsed;
  }
  std::vector<std::string> rest = arguments;
  for (std::size_t i = count; i > 0; --i) {
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(leading.at[i - 1]));
  }
  SKERRY_TRY(parsed.options, parse_options(*command, std::move(rest)));
  return parsed;
}

}  // namespace skerry::cli
