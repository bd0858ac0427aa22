#include "resource/selector.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <tuple>

#include "resource/codes.h"
#include "resource/names.h"
#include "resource/selector_parser.h"
#include "skerry/api/v1/meta.pb.h"

namespace skerry::resource {
namespace {

using api::v1::LabelRequirement;
using Operator = Requirement::Operator;

/// A decimal number and nothing else.
std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  const bool digits = text.find_first_not_of("-.0123456789") == std::string_view::npos;
  return whole && digits ? std::optional(value) : std::nullopt;
}

Error selector_error(ErrorCode code, std::string path, std::string message) {
  return {.kind = ErrorKind::invalid,
          .code = code,
          .message = std::move(message),
          .field_path = std::move(path)};
}

std::optional<Operator> operator_of(LabelRequirement::Operator op) {
  switch (op) {
    case LabelRequirement::IN:
      return Operator::in;
    case LabelRequirement::NOT_IN:
      return Operator::not_in;
    case LabelRequirement::EXISTS:
      return Operator::exists;
    case LabelRequirement::DOES_NOT_EXIST:
      return Operator::does_not_exist;
    case LabelRequirement::GT:
      return Operator::greater;
    case LabelRequirement::LT:
      return Operator::less;
    default:
      return std::nullopt;
  }
}

LabelRequirement::Operator operator_of(Operator op) {
  switch (op) {
    case Operator::in:
      return LabelRequirement::IN;
    case Operator::not_in:
      return LabelRequirement::NOT_IN;
    case Operator::exists:
      return LabelRequirement::EXISTS;
    case Operator::does_not_exist:
      return LabelRequirement::DOES_NOT_EXIST;
    case Operator::greater:
      return LabelRequirement::GT;
    case Operator::less:
      return LabelRequirement::LT;
  }
  return LabelRequirement::UNSPECIFIED;
}

std::string joined(const std::vector<std::string>& values) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    text += (i == 0 ? "" : ",") + values[i];  // The first value may be empty.
  }
  return text;
}

std::string to_text(const Requirement& requirement) {
  const std::string& key = requirement.key;
  const std::string first = requirement.values.empty() ? "" : requirement.values.front();
  const bool one = requirement.values.size() == 1;
  switch (requirement.op) {
    case Operator::in:
      return one ? key + "=" + first : key + " in (" + joined(requirement.values) + ")";
    case Operator::not_in:
      return one ? key + "!=" + first : key + " notin (" + joined(requirement.values) + ")";
    case Operator::exists:
      return key;
    case Operator::does_not_exist:
      return "!" + key;
    case Operator::greater:
      return key + ">" + first;
    case Operator::less:
      return key + "<" + first;
  }
  return key;
}

}  // namespace

bool Requirement::matches(const std::string* value) const {
  const auto among = [&] { return std::ranges::binary_search(values, *value); };
  switch (op) {
    case Operator::in:
      return value != nullptr && among();
    case Operator::not_in:
      return value == nullptr || !among();
    case Operator::exists:
      return value != nullptr;
    case Operator::does_not_exist:
      return value == nullptr;
    case Operator::greater:
    case Operator::less:
      break;
  }
  const std::optional<double> number = value == nullptr ? std::nullopt : number_in(*value);
  return number && (op == Operator::greater ? *number > bound : *number < bound);
}

Result<Requirement> checked_requirement(Requirement requirement) {
  if (const std::string_view problem = label_key_problem(requirement.key); !problem.empty()) {
    return fail(selector_error(bad_label, "key", "the key " + std::string(problem)));
  }
  for (std::size_t i = 0; i < requirement.values.size(); ++i) {
    const std::string_view problem = label_value_problem(requirement.values[i]);
    if (!problem.empty()) {
      return fail(selector_error(
          bad_label, "values[" + std::to_string(i) + "]", "the value " + std::string(problem)));
    }
  }
  const Operator op = requirement.op;
  const std::size_t count = requirement.values.size();
  const bool set = op == Operator::in || op == Operator::not_in;
  const bool compared = op == Operator::greater || op == Operator::less;
  if (set && count == 0) {
    return fail(selector_error(bad_selector, "values", "In and NotIn need at least one value"));
  }
  if (!set && !compared && count != 0) {
    return fail(selector_error(bad_selector, "values", "Exists and DoesNotExist take no values"));
  }
  if (compared) {
    const std::optional<double> bound =
        count == 1 ? number_in(requirement.values.front()) : std::nullopt;
    if (!bound) {
      return fail(selector_error(bad_selector, "values", "Gt and Lt need exactly one number"));
    }
    requirement.bound = *bound;
  }
  std::ranges::sort(requirement.values);
  const auto twins = std::ranges::unique(requirement.values);
  requirement.values.erase(twins.begin(), twins.end());
  return requirement;
}

Selector::Selector(std::vector<Requirement> requirements) : requirements_(std::move(requirements)) {
  // One order for equal selectors, however they were written.
  std::ranges::sort(requirements_, [](const Requirement& a, const Requirement& b) {
    return std::tie(a.key, a.op, a.values) < std::tie(b.key, b.op, b.values);
  });
}

Result<Selector> Selector::create(const api::v1::LabelSelector& message) {
  std::vector<Requirement> requirements;
  for (const auto& [key, value] : message.match_labels()) {
    Result<Requirement> checked =
        checked_requirement({.key = key, .op = Operator::in, .values = {value}});
    if (!checked) {
      checked.error().field_path = "matchLabels." + key;
      return fail(std::move(checked).error());
    }
    requirements.push_back(*std::move(checked));
  }
  for (int i = 0; i < message.match_expressions_size(); ++i) {
    const LabelRequirement& expression = message.match_expressions(i);
    const std::string path = "matchExpressions[" + std::to_string(i) + "].";
    const std::optional<Operator> op = operator_of(expression.operator_());
    if (!op) {
      return fail(selector_error(bad_selector, path + "operator", "an operator is needed"));
    }
    Result<Requirement> checked =
        checked_requirement({.key = expression.key(),
                             .op = *op,
                             .values = {expression.values().begin(), expression.values().end()}});
    if (!checked) {
      checked.error().field_path.insert(0, path);
      return fail(std::move(checked).error());
    }
    requirements.push_back(*std::move(checked));
  }
  return Selector(std::move(requirements));
}

Result<Selector> Selector::parse(std::string_view text) {
  SKERRY_TRY(std::vector<Requirement> requirements, SelectorParser(text).parse());
  return Selector(std::move(requirements));
}

bool Selector::matches(const Labels& labels) const {
  return std::ranges::all_of(requirements_, [&](const Requirement& requirement) {
    const auto found = labels.find(requirement.key);
    return requirement.matches(found == labels.end() ? nullptr : &found->second);
  });
}

std::string Selector::to_string() const {
  std::string text;
  for (const Requirement& requirement : requirements_) {
    text += (text.empty() ? "" : ",") + to_text(requirement);
  }
  return text;
}

void Selector::fill(api::v1::LabelSelector& message) const {
  for (const Requirement& requirement : requirements_) {
    LabelRequirement& expression = *message.add_match_expressions();
    expression.set_key(requirement.key);
    expression.set_operator_(operator_of(requirement.op));
    expression.mutable_values()->Add(requirement.values.begin(), requirement.values.end());
  }
}

}  // namespace skerry::resource
