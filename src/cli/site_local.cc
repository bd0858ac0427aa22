#include "cli/groups.h"
#include "cli/outside.h"
#include "cli/table.h"
#include "cli/words.h"
#include "resource/json.h"
#include "resource/write.h"

namespace skerry::cli {
namespace {

constexpr std::string_view socket_default = "/run/skerry/agent.sock";
constexpr resource::ReadLimits reply_limits{.bytes_max = 2 * 1024UL * 1024UL,
                                            .nodes_max = 1'000'000};

std::string socket_of(const Invocation& invocation) {
  const std::string variable = invocation.outside.variable("SKERRY_SOCKET").value_or("");
  return invocation.options.get("socket", variable.empty() ? socket_default : variable);
}

/// Twelve digits tell digests and containers apart; all of them are in `--json`.
std::string shortened(std::string_view text) {
  constexpr std::string_view algorithm = "sha256:";
  const std::string_view digits =
      text.starts_with(algorithm) ? text.substr(algorithm.size()) : text;
  if (digits.size() != 64 ||
      digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    return printable(text);
  }
  return digits.find_first_not_of('0') == std::string_view::npos
             ? "-"
             : std::string(text.substr(0, text.size() - 52));
}

/// A value on one line: a scalar as it is, a mapping as "key: value" pairs.
std::string cell(const resource::Node* node) {
  if (node == nullptr || (!node->is_scalar() && node->items.empty())) {
    return "-";
  }
  if (!node->is_mapping()) {
    return node->is_scalar() ? printable(node->text) : printable(resource::write_json(*node));
  }
  std::string pairs;
  for (std::size_t i = 0; i < node->keys.size(); ++i) {
    pairs += (i == 0 ? "" : ", ") + printable(node->keys[i].text) + ": " + cell(&node->items[i]);
  }
  return pairs;
}

bool is_table(const resource::Node& node) {
  return node.is_sequence() && !node.items.empty() && node.items.front().is_mapping();
}

std::string text_at(const resource::Node& node, std::string_view key) {
  const resource::Node* value = node.get(key);
  return value == nullptr || !value->is_scalar() ? "" : printable(value->text);
}

/// Reasons are sentences, and never cut.
std::string reasons_of(const resource::Node& list) {
  std::string out;
  for (const resource::Node& item : list.items) {
    out += "  " + text_at(item, "subject") + ": " + text_at(item, "code") + ": " +
           text_at(item, "message") + "\n";
  }
  return out;
}

/// How wide the screen is, and what stands for what it has no room for.
struct Screen {
  std::size_t width = 0;
  std::string_view ellipsis = {};
};

/// A list of mappings as a table, its columns the scalars of the first.
std::string table_of(const resource::Node& list, const Screen& screen) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < list.items.front().keys.size(); ++i) {
    if (list.items.front().items[i].is_scalar()) {
      keys.push_back(printable(list.items.front().keys[i].text));
    }
  }
  Table table(keys);
  for (const resource::Node& item : list.items) {
    std::vector<std::string> row;
    for (const std::string& key : keys) {
      const resource::Node* value = item.get(key);
      const bool empty = value == nullptr || !value->is_scalar() || value->text.empty();
      row.push_back(empty ? "-" : shortened(value->text));
    }
    table.add(std::move(row));
  }
  return table.text(screen.width, screen.ellipsis);
}

/// The list, and below it what its items hold lists of: "web reasons" of the service web.
std::string tables_of(const std::string& owner,
                      const std::string& key,
                      const resource::Node& list,
                      const Screen& screen) {
  const bool are_reasons = list.items.front().get("subject") != nullptr;
  std::string out =
      "\n" + owner + key + ":\n" + (are_reasons ? reasons_of(list) : table_of(list, screen));
  for (const resource::Node& item : list.items) {
    const std::string path = owner + text_at(item, "name") + " ";
    for (std::size_t i = 0; i < item.keys.size(); ++i) {
      if (is_table(item.items[i])) {
        out += tables_of(path, printable(item.keys[i].text), item.items[i], screen);
      }
    }
  }
  return out;
}

/// Scalars as "key: value" lines, then each list of mappings as a table of its own.
std::string readable(const resource::Node& root, const Screen& screen) {
  if (is_table(root)) {
    return table_of(root, screen);
  }
  std::string lines;
  std::string tables;
  for (std::size_t i = 0; i < root.keys.size(); ++i) {
    const std::string name = printable(root.keys[i].text);
    if (is_table(root.items[i])) {
      tables += tables_of("", name, root.items[i], screen);
      continue;
    }
    std::string label = name + ":";
    label.resize(std::max<std::size_t>(label.size() + 1, 18), ' ');
    lines += label + cell(&root.items[i]) + "\n";
  }
  return lines + tables;
}

Result<Exit> ask(const Invocation& invocation, std::string_view verb) {
  SKERRY_TRY(const std::string json, invocation.outside.ask_agent(socket_of(invocation), verb));
  Terminal& terminal = invocation.outside.terminal;
  const auto node = resource::read_json(json, {.limits = reply_limits});
  if (invocation.options.has("json") || !node) {
    terminal.out(json.ends_with('\n') ? json : json + "\n");
    return Exit::done;
  }
  const std::string text = readable(
      *node,
      {.width = terminal.width(), .ellipsis = invocation.options.has("ascii") ? "..." : "…"});
  terminal.out(text.empty() ? std::string(verb) + ": done\n" : text);
  return Exit::done;
}

}  // namespace

Result<Exit> run_site_status(const Invocation& invocation) {
  return ask(invocation, "status");
}

Result<Exit> run_site_floor(const Invocation& invocation) {
  return ask(invocation, "floor");
}

Result<Exit> run_site_journal(const Invocation& invocation) {
  return ask(invocation, "journal");
}

Result<Exit> run_site_spool(const Invocation& invocation) {
  return ask(invocation, "spool");
}

Result<Exit> run_site_pause(const Invocation& invocation) {
  return ask(invocation, "pause");
}

Result<Exit> run_site_resume(const Invocation& invocation) {
  return ask(invocation, "resume");
}

Result<Exit> run_site_rekey(const Invocation& invocation) {
  return ask(invocation, "rekey");
}

}  // namespace skerry::cli
