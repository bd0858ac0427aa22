#include "compose/compile.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "compose/fields.h"
#include "compose/parts.h"

namespace skerry::compose {
namespace {

using document::Workload;
using resource::Node;

/// `name` is read before everything and `services` after it, since services refer to the rest.
void pass_over(Reader&, const Value&, Workload&) {}

void read_version(Reader& reader, const Value& value, Workload&) {
  reader.warn(obsolete, value, "`version` has no meaning any more", "remove it");
}

void read_networks_of(Reader& reader, const Value& value, Workload&) {
  read_networks(reader, value);
}

void read_volumes_of(Reader& reader, const Value& value, Workload&) {
  read_volumes(reader, value);
}

void read_configs_of(Reader& reader, const Value& value, Workload&) {
  read_configs(reader, value);
}

constexpr Field<Workload> first_fields[] = {
    {"name", &pass_over},
    {"services", &pass_over},
    {"version", &read_version},
    {"networks", &read_networks_of},
    {"volumes", &read_volumes_of},
    {"configs", &read_configs_of},
    {"include", nullptr, "put all of it into one file"},
    {"models", nullptr, "remove it"},
    {"secrets", nullptr, "mount a file of the site, until secrets are there"},
};

bool is_project_name(std::string_view name) {
  const auto is_lower = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= 63 && is_lower(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return is_lower(c) || c == '_' || c == '-'; });
}

void read_project(Reader& reader, const Value& root, const CompileInput& input) {
  constexpr std::string_view rule =
      "lower-case letters, digits, and after the first one also _ and -; at most 63";
  reader.scope.project = input.stack;
  bool named = false;
  for (std::size_t i = 0; i < root.size(); ++i) {
    const Value entry = root[i];
    if (entry.key() == "name" && !entry.is_null()) {
      named = true;
      reader.scope.project = reader.string(entry).value_or("");
      if (!reader.has_errors() && !is_project_name(reader.scope.project)) {
        reader.error(invalid_value,
                     entry,
                     "'" + reader.scope.project + "' is not a project name",
                     std::string(rule));
      }
    }
  }
  if (!named && !is_project_name(input.stack)) {
    reader.error(invalid_value,
                 root,
                 "the stack's name '" + std::string(input.stack) + "' is not a project name",
                 "give the file a `name:` of " + std::string(rule));
  }
}

void read_root(Reader& reader, const Value& root, const CompileInput& input, Workload& workload) {
  if (!reader.is_mapping(root)) {
    return;
  }
  read_project(reader, root, input);
  read_fields<Workload>(reader, root, first_fields, workload);
  bool found = false;
  for (std::size_t i = 0; i < root.size(); ++i) {
    if (root[i].key() == "services") {
      const Value services = root[i];
      found = true;
      read_services(reader, services, workload);
    }
  }
  if (!found) {
    reader.error(missing_field, root, "the file has no services");
  }
  workload.project = reader.scope.project;
  if (!reader.has_errors()) {
    settle_declarations(reader, workload);
  }
}

/// As a reader of the file meets them, rather than as we do.
void sort_by_place(std::vector<Error>& problems) {
  std::ranges::sort(problems, {}, [](const Error& problem) {
    return std::tie(problem.at.line, problem.at.column, problem.field_path, problem.message);
  });
}

Result<Node> read_tree(const CompileInput& input) {
  SKERRY_TRY(Node root, resource::read_one_yaml(input.text, input.source));
  SKERRY_CHECK(resource::expand_merges(root, input.source));
  return root;
}

}  // namespace

CompileOutput compile(const CompileInput& input) {
  const Result<Node> root = read_tree(input);
  if (!root) {
    return {.errors = {root.error()}};
  }
  Reader reader(input);
  Workload workload;
  read_root(reader, Value(*root), input, workload);
  reader.settle_slots(workload);
  CompileOutput output = reader.take_output();
  sort_by_place(output.errors);
  sort_by_place(output.warnings);
  if (output.errors.empty()) {
    output.workload = std::move(workload);
  }
  return output;
}

}  // namespace skerry::compose
