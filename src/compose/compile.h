#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/workload.h"
#include "resource/yaml.h"

/// A Compose file compiled, once, to a `document::Workload`. Pure: equal inputs give equal bytes,
/// and no variable ever comes from a process environment.
namespace skerry::compose {

/// One of the stack's variables.
struct Variable {
  std::string name = {};
  /// Ignored where the variable differs by site.
  std::string value = {};
  /// Some value of it has a selector, so it is known only per site.
  bool by_site = false;
};

struct CompileInput {
  std::string_view text = {};
  /// The file's name and, for a file inside a stack's `compose: |` block, where that stands, so
  /// that positions are those of the outer file.
  resource::ReadOptions source = {};
  /// The project's name where the file has no `name:`.
  std::string_view stack = {};
  std::vector<Variable> variables = {};
};

struct CompileOutput {
  /// There if and only if there are no errors.
  std::optional<document::Workload> workload = {};
  /// In the order of the file, the first `errors_max` found; each with position, field path and a
  /// stable code.
  std::vector<Error> errors = {};
  /// What the author should know, in the order of the file; the first `warnings_max` found.
  std::vector<Error> warnings = {};
};

inline constexpr std::size_t errors_max = 20;
inline constexpr std::size_t warnings_max = 100;

CompileOutput compile(const CompileInput& input);

}  // namespace skerry::compose
