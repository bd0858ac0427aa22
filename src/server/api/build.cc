#include "server/api/build.h"

#include <algorithm>

#include "compose/compile.h"
#include "document/codec.h"
#include "document/workload.h"
#include "document/workload_check.h"
#include "policy/policy.h"
#include "resource/resources.h"
#include "resource/yaml.h"
#include "trust/admit.h"
#include "trust/sign.h"

namespace skerry::api {

namespace {

constexpr std::string_view inside = "spec.compose: ";

constexpr ErrorCode release_too_large{"release_too_large"};
/// Of a release's payload; its signature stands beside it in an envelope.
constexpr std::size_t release_bytes_max = trust::envelope_bytes_max - 1024;

std::vector<compose::Variable> variables_of(const v1::StackSpec& spec) {
  std::vector<compose::Variable> variables;
  for (const v1::Variable& variable : spec.variables()) {
    auto found = std::ranges::find(variables, variable.name(), &compose::Variable::name);
    if (found == variables.end()) {
      found = variables.insert(variables.end(), {.name = variable.name()});
    }
    found->value = variable.value();
    found->by_site = found->by_site || variable.has_selector();
  }
  return variables;
}

v1::Warning warning_of(const Error& error) {
  v1::Warning warning;
  warning.set_code(std::string(error.code.name));
  warning.set_field_path(error.field_path);
  warning.set_line(error.at.line);
  warning.set_column(error.at.column);
  warning.set_message(error.message);
  return warning;
}

/// What gives power over a host is applied, and said. The place of each is looked up again, for a
/// workload knows of no text.
void add_risks(const document::Workload& workload,
               const resource::ReadOptions& source,
               std::string_view text,
               std::vector<v1::Warning>& warnings) {
  const std::vector<policy::Finding> findings = policy::risks(workload);
  if (findings.empty()) {
    return;
  }
  const Result<resource::Node> root = resource::read_one_yaml(text, source);
  for (const policy::Finding& finding : findings) {
    const resource::Mark at = root ? resource::node_at(*root, finding.field).at : resource::Mark{};
    warnings.push_back(warning_of({.code = {"host_power"},
                                   .message = finding.why,
                                   .field_path = std::string(inside) + finding.field,
                                   .at = {.line = at.line, .column = at.column}}));
  }
}

Error unfit(const document::Release& release, ErrorCode code, const std::string& why) {
  return {.kind = ErrorKind::invalid,
          .code = code,
          .message = "stack " + release.stack + ": " + why,
          .field_path = "spec.compose"};
}

/// What every site will ask of the release: a Compose file may say more, with its variables, than a
/// site reads.
Status check_readable(const document::Release& release, std::string_view payload) {
  if (payload.size() > release_bytes_max) {
    return fail(unfit(release,
                      release_too_large,
                      "its release has " + std::to_string(payload.size()) + " bytes and may have " +
                          std::to_string(release_bytes_max)));
  }
  const auto read = document::decode<document::Release>(document::encode(release));
  const Status checked = read ? document::check(read->workload) : Status(fail(read.error()));
  if (!checked && checked.error().code == document::too_large) {
    return fail(unfit(release, release_too_large, checked.error().message));
  }
  return checked ? Status() : fail(unfit(release, checked.error().code, checked.error().message));
}

}  // namespace

Build build(const v1::Stack& stack, const Crypto& crypto, const BuildSource& source) {
  const std::string& text = stack.spec().compose();
  const resource::ReadOptions reading{
      .origin = {.at = {.line = source.line, .column = source.column}, .indent = source.indent}};
  compose::CompileOutput output = compose::compile({.text = text,
                                                    .source = reading,
                                                    .stack = stack.metadata().name(),
                                                    .variables = variables_of(stack.spec())});
  Build built;
  for (Error& error : output.errors) {
    error.field_path.insert(0, inside);
    built.errors.push_back(std::move(error));
  }
  for (Error& warning : output.warnings) {
    warning.field_path.insert(0, inside);
    built.warnings.push_back(warning_of(warning));
  }
  if (output.workload) {
    add_risks(*output.workload, reading, text, built.warnings);
    const document::Release release{.stack = stack.metadata().name(),
                                    .workload = *std::move(output.workload)};
    std::string payload = trust::release_payload(release);
    if (const Status readable = check_readable(release, payload); !readable) {
      built.errors.push_back(readable.error());
      return built;
    }
    built.payload = std::move(payload);
    built.release = crypto.sha256(built.payload);
  }
  return built;
}

}  // namespace skerry::api
