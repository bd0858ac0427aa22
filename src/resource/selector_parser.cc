#include "resource/selector_parser.h"

#include "resource/codes.h"

namespace skerry::resource {
namespace {

using Operator = Requirement::Operator;

/// As many as a selector in a file may have, matchLabels and matchExpressions together.
constexpr std::size_t requirements_max = 128;

}  // namespace

Result<std::vector<Requirement>> SelectorParser::parse() {
  std::vector<Requirement> requirements;
  skip_spaces();
  if (at_ == text_.size()) {
    return requirements;
  }
  do {
    const std::size_t begin = at_;
    SKERRY_TRY(Requirement unchecked, requirement());
    Result<Requirement> checked = checked_requirement(std::move(unchecked));
    if (!checked) {
      at_ = begin;
      return error(checked.error().message);
    }
    if (requirements.size() == requirements_max) {
      return error("more than " + std::to_string(requirements_max) + " conditions");
    }
    requirements.push_back(*std::move(checked));
  } while (take(","));
  if (at_ != text_.size()) {
    return error("expected \",\" or the end");
  }
  return requirements;
}

Result<Requirement> SelectorParser::requirement() {
  Requirement requirement;
  const bool negated = take("!");
  requirement.key = word();
  if (requirement.key.empty()) {
    return error("expected the name of a label");
  }
  if (negated) {
    requirement.op = Operator::does_not_exist;
    return requirement;
  }
  SKERRY_CHECK(operation(requirement));
  return requirement;
}

Status SelectorParser::operation(Requirement& requirement) {
  if (take("!=")) {
    requirement.op = Operator::not_in;
  } else if (take("==") || take("=")) {
    requirement.op = Operator::in;
  } else if (take(">")) {
    requirement.op = Operator::greater;
  } else if (take("<")) {
    requirement.op = Operator::less;
  } else {
    return values(requirement);
  }
  requirement.values.emplace_back(word());
  return {};
}

Status SelectorParser::values(Requirement& requirement) {
  const std::size_t begin = at_;
  const std::string_view name = word();
  if (name.empty()) {
    requirement.op = Operator::exists;
    return {};
  }
  if (name != "in" && name != "notin") {
    at_ = begin;
    return error("expected =, !=, >, <, in or notin");
  }
  requirement.op = name == "in" ? Operator::in : Operator::not_in;
  if (!take("(")) {
    return error("expected \"(\"");
  }
  do {
    requirement.values.emplace_back(word());
  } while (take(","));
  if (!take(")")) {
    return error("expected \",\" or \")\"");
  }
  return {};
}

bool SelectorParser::take(std::string_view token) {
  if (!text_.substr(at_).starts_with(token)) {
    return false;
  }
  at_ += token.size();
  skip_spaces();
  return true;
}

std::string_view SelectorParser::word() {
  const std::size_t end = std::min(text_.find_first_of(" \t,!=<>()", at_), text_.size());
  const std::string_view word = text_.substr(at_, end - at_);
  at_ = end;
  skip_spaces();
  return word;
}

void SelectorParser::skip_spaces() {
  at_ = std::min(text_.find_first_not_of(" \t", at_), text_.size());
}

tl::unexpected<Error> SelectorParser::error(std::string message) const {
  return fail({.kind = ErrorKind::invalid,
               .code = bad_selector,
               .message = std::move(message),
               .at = {.line = 1, .column = static_cast<std::uint32_t>(at_ + 1)},
               .hint = "write for instance app=web,tier!=db,region in (eu,us),!gpu"});
}

}  // namespace skerry::resource
