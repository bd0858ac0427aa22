#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "cli/outside.h"
#include "resource/schema.h"

namespace skerry::cli {

/// One object as it stands in a file: the very bytes that are sent.
struct Document {
  const resource::Kind* kind = nullptr;
  std::string name = {};
  std::string bytes = {};
  bool is_json = false;
  std::string file = {};
  /// Where `bytes` stand in the file: what is added to a line of theirs, and to a column.
  std::int64_t lines_before = 0;
  std::int64_t columns_before = 0;
};

/// Cuts a YAML stream at its `---` lines and keeps every byte: put together again, the parts are
/// the text. A part without any content is left out.
struct Part {
  std::string_view bytes = {};
  std::int64_t lines_before = 0;
};

std::vector<Part> split_documents(std::string_view text);

/// Everything that `-f` names: files, directories (`*.yaml *.yml *.json`, with `-R` those below
/// too) and "-", in the order of names. A Compose file becomes a stack as `--stack` and `--sites`
/// say.
///
/// Only kind and name are looked at; what is right is for the server to say, or `check`.
Result<std::vector<Document>> read_documents(const Options& options, Outside& outside);

/// The same reading as the server's, without it: every problem with its place in the file.
std::vector<Error> check(const Document& document);

/// An error in a document's bytes at its place in the file.
Error placed(Error error, const Document& document);

}  // namespace skerry::cli
