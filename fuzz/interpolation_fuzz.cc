// Any text as a template: what is read says the same when it is written out and read again, and
// never grows beyond its cap.
#include "fuzz.h"
#include "resource/interpolate.h"

namespace skerry::resource {
namespace {

using fuzz::require;

constexpr std::size_t bytes_max = 4096;

std::string written(const Template& parts) {
  std::string text;
  for (const TemplatePart& part : parts) {
    text += part.source;
    for (const char c : part.literal) {
      text += c == '$' ? "$$" : std::string(1, c);
    }
  }
  return text;
}

bool same(const Template& a, const Template& b) {
  if (a.size() != b.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].literal != b[i].literal || a[i].name != b[i].name || a[i].op != b[i].op ||
        !same(a[i].argument, b[i].argument)) {
      return false;
    }
  }
  return true;
}

void try_expansion(const Template& parts, const Lookup& lookup) {
  const Result<Expansion> expansion = expand(parts, lookup, bytes_max);
  require(expansion ? expansion->text.size() <= bytes_max
                    : expansion.error().code == variable_required ||
                          expansion.error().code == expansion_too_large);
}

}  // namespace
}  // namespace skerry::resource

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry::resource;  // NOLINT(google-build-using-namespace): one function.
  const skerry::Result<Template> parts = parse_template(skerry::fuzz::view_of(data, size));
  if (!parts) {
    return 0;
  }
  const skerry::Result<Template> again = parse_template(written(*parts));
  require(again && same(*parts, *again));
  try_expansion(*parts, [](std::string_view) { return std::nullopt; });
  try_expansion(*parts, [](std::string_view) { return std::optional<std::string>(""); });
  try_expansion(*parts, [](std::string_view name) { return std::optional<std::string>(name); });
  const bool has_any = !find_variable(*parts, [](std::string_view) { return true; }).empty();
  for (const TemplatePart& part : *parts) {
    require(part.name.empty() || (has_any && is_variable_name(part.name)));
  }
  return 0;
}
