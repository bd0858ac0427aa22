#include "resource/validate.h"

#include <map>
#include <set>
#include <string>

#include "resource/codes.h"
#include "resource/resources.h"
#include "resource/selector.h"
#include "skerry/api/v1/stack.pb.h"

namespace skerry::resource {
namespace {

using api::v1::LabelSelector;
using api::v1::Stack;
using api::v1::Targets;

class Validator {
 public:
  Validator(const Node& node, std::string_view file, Problems& problems)
      : node_(node), file_(file), problems_(problems) {}

  void stack(const Stack& stack);

 private:
  void targets(const Targets& targets);
  void variables(const api::v1::StackSpec& spec);
  void selector(const LabelSelector& selector, const std::string& path);
  void error(ErrorCode code, std::string path, std::string message, std::string hint = "");

  const Node& node_;
  std::string_view file_;
  Problems& problems_;
};

void Validator::error(ErrorCode code, std::string path, std::string message, std::string hint) {
  const Mark mark = node_at(node_, path).at;
  problems_.add({.kind = ErrorKind::invalid,
                 .code = code,
                 .message = std::move(message),
                 .field_path = std::move(path),
                 .at = {.file = std::string(file_), .line = mark.line, .column = mark.column},
                 .hint = std::move(hint)});
}

void Validator::stack(const Stack& stack) {
  if (stack.spec().has_targets()) {
    targets(stack.spec().targets());
  }
  variables(stack.spec());
}

void Validator::targets(const Targets& targets) {
  if (!targets.has_selector() && targets.sites().empty()) {
    error(no_targets,
          "spec.targets",
          "needs a selector or a list of sites",
          "to run everywhere, write selector: {}");
  }
  if (targets.has_selector()) {
    selector(targets.selector(), "spec.targets.selector");
  }
  std::set<std::string_view> seen;
  for (int i = 0; i < targets.sites_size(); ++i) {
    if (!seen.insert(targets.sites(i)).second) {
      error(duplicate_item,
            "spec.targets.sites[" + std::to_string(i) + "]",
            "the site is already in the list");
    }
  }
}

void Validator::variables(const api::v1::StackSpec& spec) {
  std::set<std::string_view> everywhere;
  for (int i = 0; i < spec.variables_size(); ++i) {
    const api::v1::Variable& variable = spec.variables(i);
    const std::string path = "spec.variables[" + std::to_string(i) + "]";
    if (variable.has_selector()) {
      selector(variable.selector(), path + ".selector");
    } else if (!everywhere.insert(variable.name()).second) {
      error(duplicate_item,
            path + ".name",
            "the variable already has a value for every site",
            "give one of the two a selector");
    }
  }
}

void Validator::selector(const LabelSelector& selector, const std::string& path) {
  const Result<Selector> made = Selector::create(selector);
  // A bad key or value was already refused where it was read.
  if (!made && made.error().code == bad_selector) {
    error(bad_selector, path + "." + made.error().field_path, made.error().message);
  }
}

}  // namespace

void validate(const google::protobuf::Message& resource,
              const Node& node,
              std::string_view file,
              Problems& problems) {
  if (const auto* stack = dynamic_cast<const Stack*>(&resource)) {
    Validator(node, file, problems).stack(*stack);
  }
}

}  // namespace skerry::resource
