#include "cli/documents.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "cli/compose_file.h"
#include "cli/exit.h"
#include "cli/words.h"
#include "compose/compile.h"
#include "resource/json.h"
#include "resource/names.h"
#include "resource/resources.h"
#include "resource/yaml.h"
#include "skerry/api/v1/stack.pb.h"

namespace skerry::cli {
namespace {

constexpr std::size_t files_max = 10'000;
constexpr std::size_t file_bytes_max = 64 * 1024UL * 1024UL;  // Of all documents of one file.

namespace fs = std::filesystem;

struct Source {
  std::string file = {};
  std::string text = {};
};

Error cannot_read(const std::string& file, std::string_view why) {
  return {.kind = ErrorKind::invalid,
          .code = file_failed,
          .message = "cannot read " + file + "\n" + std::string(why)};
}

bool is_ours(const fs::path& path) {
  const auto end = path.extension();
  return end == ".yaml" || end == ".yml" || end == ".json";
}

template <class Iterator>
Result<std::vector<std::string>> files_of(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  for (Iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (at->is_regular_file(error) && is_ours(at->path())) {
      files.push_back(at->path().string());
    }
    if (files.size() > files_max) {
      return fail(cannot_read(directory, "it holds more than 10000 files"));
    }
  }
  if (error) {
    return fail(cannot_read(directory, error.message()));
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) {
    return fail(cannot_read(directory, "there is no .yaml, .yml or .json file in it"));
  }
  return files;
}

Result<Source> read_file(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::error_code error;
  if (!stream || fs::is_directory(file, error)) {
    return fail(
        cannot_read(file, fs::exists(file, error) ? "it is not readable" : "there is none"));
  }
  Source source{.file = file};
  std::string block(65'536, '\0');
  while (stream.read(block.data(), static_cast<std::streamsize>(block.size())) ||
         stream.gcount() > 0) {
    source.text.append(block, 0, static_cast<std::size_t>(stream.gcount()));
    if (source.text.size() > file_bytes_max) {
      return fail(cannot_read(file, "it is larger than 64 MiB"));
    }
  }
  return source;
}

Result<std::vector<std::string>> files_named(const std::string& name, bool recursive) {
  std::error_code error;
  if (!fs::is_directory(name, error)) {
    return std::vector<std::string>{name};
  }
  return recursive ? files_of<fs::recursive_directory_iterator>(name)
                   : files_of<fs::directory_iterator>(name);
}

Result<std::vector<Source>> read_sources(const Options& options, Outside& outside) {
  if (!options.has("file")) {
    return fail(usage("which file?", "-f FILE, a directory, or - for standard input"));
  }
  std::vector<Source> sources;
  for (const std::string& name : options.all("file")) {
    if (name == "-") {
      SKERRY_TRY(std::string text, outside.terminal.read_input());
      sources.push_back({.file = "-", .text = std::move(text)});
      continue;
    }
    SKERRY_TRY(const auto files, files_named(name, options.has("recursive")));
    for (const std::string& file : files) {
      SKERRY_TRY(Source source, read_file(file));
      sources.push_back(std::move(source));
    }
  }
  return sources;
}

Result<resource::Node> read_node(const Document& document) {
  if (document.is_json) {
    return resource::read_json(document.bytes, {});
  }
  // A Compose file may bear tags of its own; whether they are right is not asked here.
  static constexpr std::string_view compose_tags[] = {"!reset", "!override"};
  return resource::read_one_yaml(document.bytes, {.tags = compose_tags});
}

std::string text_at(const resource::Node* node, std::string_view key) {
  const resource::Node* value = node == nullptr ? nullptr : node->get(key);
  return value != nullptr && value->is_scalar() ? value->text : std::string();
}

Error misses(const Document& document, const resource::Node& node, std::string_view what) {
  return placed({.kind = ErrorKind::invalid,
                 .code = bad_input,
                 .message = document.file + " holds an object without " + std::string(what),
                 .at = {.line = node.at.line, .column = node.at.column}},
                document);
}

Error unknown_kind(const Document& document, const resource::Node& root) {
  const resource::Node& at = *root.get("kind");
  return placed({.kind = ErrorKind::invalid,
                 .code = bad_input,
                 .message = "there is no kind \"" + at.text + "\" that can be applied",
                 .at = {.line = at.at.line, .column = at.at.column},
                 .hint = "kinds to apply: Stack, Site, EnrollmentToken, User, ApiToken"},
                document);
}

/// Said here, because no path of the server can have such a name in it.
Error bad_name(const Document& document, const resource::Node& name, std::string_view problem) {
  return placed({.kind = ErrorKind::invalid,
                 .code = bad_input,
                 .message = "the name \"" + printable(name.text) + "\" " + std::string(problem),
                 .field_path = "metadata.name",
                 .at = {.line = name.at.line, .column = name.at.column}},
                document);
}

Status name_document(Document& document, const resource::Node& root) {
  if (root.get("kind") == nullptr || !root.get("kind")->is_scalar()) {
    return fail(misses(document, root, "kind"));
  }
  document.kind = resource::kind_named(text_at(&root, "kind"));
  if (document.kind == nullptr || document.kind->read_only) {
    return fail(unknown_kind(document, root));
  }
  const resource::Node* metadata = root.get("metadata");
  document.name = text_at(metadata, "name");
  if (document.name.empty()) {
    return fail(misses(document, root, "metadata.name"));
  }
  const std::string_view problem = resource::name_problem(document.name);
  return problem.empty() ? Status() : fail(bad_name(document, *metadata->get("name"), problem));
}

Result<Document> understand(Document document, const ComposeTarget& target) {
  auto root = read_node(document);
  if (!root) {
    Error error = std::move(root).error();
    const std::string said = error.message;
    error.message = document.file + " is not readable: " + said;
    return fail(placed(std::move(error), document));
  }
  if (is_compose(*root)) {
    return stack_around(document.bytes, document.file, target);
  }
  SKERRY_CHECK(name_document(document, *root));
  return document;
}

/// One a name, as the server compiles them: the last value, and whether any differs by site.
std::vector<compose::Variable> variables_of(const api::v1::StackSpec& spec) {
  std::vector<compose::Variable> variables;
  for (const auto& variable : spec.variables()) {
    auto found = std::ranges::find(variables, variable.name(), &compose::Variable::name);
    if (found == variables.end()) {
      found = variables.insert(variables.end(), {.name = variable.name()});
    }
    found->value = variable.value();
    found->by_site = found->by_site || variable.has_selector();
  }
  return variables;
}

/// What the Compose file of a stack is refused for, at its place in the stack's text.
std::vector<Error> compile_errors(const resource::Resource& resource) {
  const auto& stack = static_cast<const api::v1::Stack&>(*resource.message);
  const resource::Node& text = resource::node_at(resource.node, "spec.compose");
  const compose::CompileInput input{.text = stack.spec().compose(),
                                    .source = {.origin = resource::origin_of(text)},
                                    .stack = stack.metadata().name(),
                                    .variables = variables_of(stack.spec())};
  std::vector<Error> errors = compose::compile(input).errors;
  for (Error& error : errors) {
    error.field_path = "spec.compose: " + error.field_path;
  }
  return errors;
}

bool is_separator(std::string_view line) {
  return line == "---" || line.starts_with("--- ") || line.starts_with("---\t") ||
         line.starts_with("---\r");
}

bool is_blank(std::string_view line) {
  const std::size_t at = line.find_first_not_of(" \t\r");
  return at == std::string_view::npos || line[at] == '#';
}

}  // namespace

std::vector<Part> split_documents(std::string_view text) {
  std::vector<Part> parts;
  Part part;
  std::size_t part_begin = 0;
  std::int64_t lines = 0;
  bool has_content = false;
  bool has_separator = false;
  const auto end_part = [&](std::size_t end) {
    part.bytes = text.substr(part_begin, end - part_begin);
    if (has_content) {
      parts.push_back(part);
    }
    part_begin = end;
    part.lines_before = lines;
    has_content = false;
  };
  for (std::size_t begin = 0; begin < text.size(); ++lines) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    // What stands before the first `---` without being content (comments, directives) stays.
    if (is_separator(line)) {
      if (has_content || has_separator) {
        end_part(begin);
      }
      has_separator = true;
    }
    const std::string_view content = is_separator(line) ? line.substr(3) : line;
    has_content = has_content || (!is_blank(content) && !content.starts_with('%'));
    begin = end + 1;
  }
  end_part(text.size());
  return parts;
}

Result<std::vector<Document>> read_documents(const Options& options, Outside& outside) {
  const ComposeTarget target{.stack = options.get("stack"), .sites = options.all("sites")};
  SKERRY_TRY(const auto sources, read_sources(options, outside));
  std::vector<Document> documents;
  for (const Source& source : sources) {
    const bool is_json = source.file.ends_with(".json");
    const std::vector<Part> parts =
        is_json ? std::vector<Part>{{.bytes = source.text}} : split_documents(source.text);
    for (const Part& part : parts) {
      Document document{.bytes = std::string(part.bytes),
                        .is_json = is_json,
                        .file = source.file,
                        .lines_before = part.lines_before};
      SKERRY_TRY(Document understood, understand(std::move(document), target));
      documents.push_back(std::move(understood));
    }
  }
  if (documents.empty()) {
    return fail({.kind = ErrorKind::invalid,
                 .code = bad_input,
                 .message = "there is nothing to apply: no file holds an object"});
  }
  return documents;
}

Error placed(Error error, const Document& document) {
  error.at.file = document.file;
  const std::int64_t line = error.at.line + document.lines_before;
  const std::int64_t column = error.at.column + document.columns_before;
  // A line that the stack around a Compose file added is in no file.
  error.at.line = error.at.line != 0 && line > 0 ? static_cast<std::uint32_t>(line) : 0;
  error.at.column = error.at.line != 0 && column > 0 ? static_cast<std::uint32_t>(column) : 0;
  return error;
}

std::vector<Error> check(const Document& document) {
  resource::Problems problems;
  const auto syntax = document.is_json ? resource::Syntax::json : resource::Syntax::yaml;
  const auto resources = resource::read_resources(document.bytes, {}, syntax, problems);
  std::vector<Error> errors = problems.list();
  if (errors.empty() && document.kind->name == "Stack") {
    errors = compile_errors(resources.front());
  }
  for (Error& error : errors) {
    error = placed(std::move(error), document);
  }
  return errors;
}

}  // namespace skerry::cli
