#include "cli/kinds.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "cli/exit.h"

namespace skerry::cli {

Result<const resource::Kind*> kind_from(std::string_view word) {
  if (const resource::Kind* kind = resource::kind_called(word)) {
    return kind;
  }
  std::vector<std::string> known;
  for (const resource::Kind& kind : resource::kinds()) {
    known.emplace_back(kind.plural);
  }
  const auto meant = nearest(word, known);
  std::string all;
  for (const std::string& one : known) {
    all += (all.empty() ? "" : ", ") + one;
  }
  return fail(usage("there is no kind \"" + std::string(word) + "\"",
                    meant ? "did you mean " + *meant + "?" : "one of: " + all));
}

Result<Reference> reference_from(std::string_view kind_or_both, std::string_view name) {
  const std::size_t slash = kind_or_both.find('/');
  if (slash != std::string_view::npos && !name.empty()) {
    return fail(usage("\"" + std::string(kind_or_both) + "\" names an object already",
                      "write KIND/NAME or KIND NAME"));
  }
  SKERRY_TRY(const resource::Kind* kind, kind_from(kind_or_both.substr(0, slash)));
  const std::string_view own =
      slash == std::string_view::npos ? name : kind_or_both.substr(slash + 1);
  return Reference{.kind = kind, .name = std::string(own)};
}

Result<Reference> named_reference_from(std::string_view kind_or_both, std::string_view name) {
  SKERRY_TRY(Reference reference, reference_from(kind_or_both, name));
  if (reference.name.empty()) {
    return fail(usage("which of the " + std::string(reference.kind->plural) + "?",
                      "write KIND/NAME or KIND NAME"));
  }
  return reference;
}

std::string reference_text(const resource::Kind& kind, std::string_view name) {
  std::string text(kind.name);
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text.append("/").append(name);
}

}  // namespace skerry::cli
