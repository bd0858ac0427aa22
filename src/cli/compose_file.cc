#include "cli/compose_file.h"

#include <algorithm>

#include "cli/exit.h"
#include "cli/written_form.h"
#include "resource/names.h"
#include "resource/selector.h"
#include "skerry/api/v1/stack.pb.h"

namespace skerry::cli {
namespace {

constexpr std::string_view indent = "    ";

bool is_selector(std::string_view text) {
  return text.find_first_of("=!<>,( ") != std::string_view::npos;
}

Status fill_targets(api::v1::Targets& targets, const std::vector<std::string>& sites) {
  for (const std::string& site : sites) {
    if (!is_selector(site)) {
      targets.add_sites(site);
      continue;
    }
    auto selector = resource::Selector::parse(site);
    if (!selector) {
      return fail(usage("--sites \"" + site + "\": " + selector.error().message,
                        "as in --sites 'type=store,region in (eu,us)'"));
    }
    if (targets.has_selector()) {
      return fail(usage("--sites takes one selector", "join them with a comma: a=1,b=2"));
    }
    selector->fill(*targets.mutable_selector());
  }
  return {};
}

/// The block's header keeps exactly the line feeds the text ends with.
std::string_view chomping(std::string_view text) {
  if (!text.ends_with('\n')) {
    return "-";
  }
  return text.ends_with("\n\n") || text == "\n" ? "+" : "";
}

std::string moved_right(std::string_view text) {
  std::string out;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    const std::string_view line = text.substr(begin, end - begin);
    out.append(line == "\n" ? "" : indent).append(line);
    begin = end;
  }
  return out;
}

/// Everything of the stack but its Compose file, which comes last.
std::string head_of(const api::v1::Stack& stack, std::string_view compose) {
  std::string head = written_form(stack);
  return head.append("  compose: |2").append(chomping(compose)).append("\n");
}

}  // namespace

bool is_compose(const resource::Node& root) {
  return root.is_mapping() && root.get("services") != nullptr && root.get("kind") == nullptr &&
         root.get("apiVersion") == nullptr;
}

Result<Document> stack_around(std::string_view compose,
                              const std::string& file,
                              const ComposeTarget& target) {
  if (target.stack.empty() || target.sites.empty()) {
    return fail(usage(file + " is a Compose file, and a stack needs a name and sites",
                      "skerry apply -f " + file + " --stack NAME --sites SELECTOR|NAME"));
  }
  if (const auto problem = resource::name_problem(target.stack); !problem.empty()) {
    return fail(usage("--stack \"" + target.stack + "\" " + std::string(problem)));
  }
  const resource::Kind* kind = resource::kind_named("Stack");
  const auto message = resource::make_resource(*kind);
  auto& stack = static_cast<api::v1::Stack&>(*message);
  stack.mutable_metadata()->set_name(target.stack);
  SKERRY_CHECK(fill_targets(*stack.mutable_spec()->mutable_targets(), target.sites));
  std::string bytes = head_of(stack, compose);
  const auto head_lines = std::count(bytes.begin(), bytes.end(), '\n');
  bytes += moved_right(compose);
  return Document{.kind = kind,
                  .name = target.stack,
                  .bytes = std::move(bytes),
                  .file = file,
                  .lines_before = -head_lines,
                  .columns_before = -static_cast<std::int64_t>(indent.size())};
}

}  // namespace skerry::cli
