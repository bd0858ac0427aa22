#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/documents.h"
#include "resource/yaml.h"

namespace skerry::cli {

/// Whether a document is a Compose file rather than a resource.
bool is_compose(const resource::Node& root);

struct ComposeTarget {
  std::string stack = {};
  /// Each a site's name or, where it holds an operator, a selector.
  std::vector<std::string> sites = {};
};

/// A stack around a Compose file, whose bytes stand in it as they are, each line moved to the
/// right.
Result<Document> stack_around(std::string_view compose,
                              const std::string& file,
                              const ComposeTarget& target);

}  // namespace skerry::cli
