// Any text as a Compose file: it is compiled or refused with places and codes, within its caps; and
// what is compiled keeps its invariants and reads back from its own bytes.
#include "compose/compile.h"
#include "document/codec.h"
#include "document/workload_check.h"
#include "fuzz.h"
#include "resource/interpolate.h"

namespace skerry::compose {
namespace {

using fuzz::require;

void check(const std::vector<Error>& problems) {
  for (const Error& problem : problems) {
    require(!problem.code.name.empty() && problem.at.line != 0);
  }
}

void check(const document::Workload& workload) {
  require(document::check(workload).has_value());
  for (const document::Slot& slot : workload.slots) {
    require(resource::parse_template(slot.expression).has_value());
  }
  const std::string bytes = document::encode(workload);
  const Result<document::Workload> again = document::decode<document::Workload>(bytes);
  require(again ? document::encode(*again) == bytes : again.error().code == document::too_large);
}

}  // namespace
}  // namespace skerry::compose

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry;
  static const std::vector<compose::Variable> variables = {
      {.name = "TAG", .value = "1.2"}, {.name = "EMPTY"}, {.name = "PER_SITE", .by_site = true}};
  const compose::CompileOutput output = compose::compile({.text = fuzz::view_of(data, size),
                                                          .source = {.file = "compose.yaml"},
                                                          .stack = "shop",
                                                          .variables = variables});
  fuzz::require(output.workload.has_value() == output.errors.empty());
  fuzz::require(output.errors.size() <= compose::errors_max &&
                output.warnings.size() <= compose::warnings_max);
  compose::check(output.errors);
  compose::check(output.warnings);
  if (output.workload) {
    compose::check(*output.workload);
  }
  return 0;
}
