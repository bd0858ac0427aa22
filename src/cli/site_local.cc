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

/// A value in one cell: a scalar as it is, all else as JSON.
std::string cell(const resource::Node* node) {
  if (node == nullptr) {
    return "-";
  }
  return printable(node->is_scalar() ? node->text : resource::write_json(*node));
}

bool is_table(const resource::Node& node) {
  return node.is_sequence() && !node.items.empty() && node.items.front().is_mapping();
}

/// A list of mappings as a table, its columns those of the first.
std::string table_of(const resource::Node& list, std::size_t width, std::string_view ellipsis) {
  std::vector<std::string> head;
  for (const resource::Node& key : list.items.front().keys) {
    head.push_back(printable(key.text));
  }
  Table table(head);
  for (const resource::Node& item : list.items) {
    std::vector<std::string> row;
    for (const resource::Node& key : list.items.front().keys) {
      row.push_back(cell(item.get(key.text)));
    }
    table.add(std::move(row));
  }
  return table.text(width, ellipsis);
}

/// Scalars as "key: value" lines, then each list of mappings as a table of its own.
std::string readable(const resource::Node& root, std::size_t width, std::string_view ellipsis) {
  if (is_table(root)) {
    return table_of(root, width, ellipsis);
  }
  std::string lines;
  std::string tables;
  for (std::size_t i = 0; i < root.keys.size(); ++i) {
    const std::string name = printable(root.keys[i].text);
    if (is_table(root.items[i])) {
      tables += "\n" + name + ":\n" + table_of(root.items[i], width, ellipsis);
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
  const std::string text =
      readable(*node, terminal.width(), invocation.options.has("ascii") ? "..." : "…");
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
