#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "resource/schema.h"

namespace skerry::cli {

/// A kind as people type it; `usage_error` with the nearest known word.
Result<const resource::Kind*> kind_from(std::string_view word);

/// "stack/web", or a kind and a name apart.
struct Reference {
  const resource::Kind* kind = nullptr;
  std::string name = {};  // Empty where only a kind was given.
};

Result<Reference> reference_from(std::string_view kind_or_both, std::string_view name);

/// The same where a name is needed.
Result<Reference> named_reference_from(std::string_view kind_or_both, std::string_view name);

/// "stack/web": how an object is named in what is shown.
std::string reference_text(const resource::Kind& kind, std::string_view name);

}  // namespace skerry::cli
