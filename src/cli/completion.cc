#include "cli/completion.h"

#include <map>
#include <set>

namespace skerry::cli {
namespace {

/// The words that may follow each beginning of a command: "" has "token", "token" has "create".
std::map<std::string, std::set<std::string>> followers(std::span<const Command> commands) {
  std::map<std::string, std::set<std::string>> words;
  for (const Command& command : commands) {
    if (command.hidden) {
      continue;
    }
    const std::string path(command.path);
    for (std::size_t begin = 0; begin < path.size();) {
      const std::size_t end = std::min(path.find(' ', begin), path.size());
      words[path.substr(0, begin == 0 ? 0 : begin - 1)].insert(path.substr(begin, end - begin));
      begin = end + 1;
    }
    for (const auto flags : {command.flags, common_flags()}) {
      for (const Flag& flag : flags) {
        words[path].insert("--" + std::string(key_of(flag)));
      }
    }
  }
  return words;
}

}  // namespace

std::string completion_script(std::span<const Command> commands, bool is_zsh) {
  std::string out = is_zsh ? "autoload -U +X bashcompinit && bashcompinit\n" : "";
  out +=
      "_skerry() {\n"
      "  local path= i word\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    word=${COMP_WORDS[i]}\n"
      "    [[ $word == -* ]] && break\n"
      "    path=\"${path:+$path }$word\"\n"
      "  done\n"
      "  local words=\n"
      "  case \"$path\" in\n";
  const auto words = followers(commands);
  // The longest beginnings first: "token create x" is of "token create".
  for (auto at = words.rbegin(); at != words.rend(); ++at) {
    out += at->first.empty() ? "    \"\") words=\"" : "    \"" + at->first + "\"*) words=\"";
    for (const std::string& word : at->second) {
      out += word + " ";
    }
    out.pop_back();
    out += "\" ;;\n";
  }
  out +=
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
      "}\n"
      "complete -o default -F _skerry skerry\n";
  return out;
}

}  // namespace skerry::cli
