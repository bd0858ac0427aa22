#include "place/place.h"

#include <algorithm>
#include <utility>

#include "resource/interpolate.h"

namespace skerry::place {
namespace {

using document::DriftMode;
using document::StackAssignment;
using resource::Labels;

/// Of one slot: a config's text may hold it many times, so it stays far below a manifest's cap.
constexpr std::size_t value_bytes_max = 256UL * 1024UL;
/// Of all slots of a site: far more than a manifest holds, so that what is too much is known
/// without making all of it.
constexpr std::size_t site_bytes_max = 8UL * 1024UL * 1024UL;

constexpr std::string_view site_name = "SKERRY_SITE_NAME";
constexpr std::string_view label_prefix = "SKERRY_SITE_LABEL_";
constexpr std::string_view fact_prefix = "SKERRY_SITE_FACT_";

/// A label's key as a variable's name writes it.
std::string as_variable(std::string_view key) {
  std::string made(key);
  std::ranges::transform(made, made.begin(), [](char c) {
    if (c >= 'a' && c <= 'z') {
      return static_cast<char>(c - 'a' + 'A');
    }
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
  });
  return made;
}

std::optional<std::string> find_by_name(const Labels& labels, std::string_view name) {
  const std::string wanted = as_variable(name);
  for (const auto& [key, value] : labels) {
    if (as_variable(key) == wanted) {
      return value;
    }
  }
  return std::nullopt;
}

std::optional<std::string> find_variable(std::span<const Variable> variables,
                                         std::string_view name,
                                         const Labels& labels) {
  for (auto it = variables.rbegin(); it != variables.rend(); ++it) {
    if (it->name == name && it->selector.matches(labels)) {
      return it->value;
    }
  }
  return std::nullopt;
}

std::optional<std::string> look_up(std::string_view name,
                                   const SiteView& site,
                                   const Labels& labels,
                                   std::span<const Variable> variables) {
  if (name == site_name) {
    return site.name;
  }
  if (name.starts_with(label_prefix)) {
    return find_by_name(site.labels, name.substr(label_prefix.size()));
  }
  if (name.starts_with(fact_prefix)) {
    return find_by_name(site.facts, name.substr(fact_prefix.size()));
  }
  return find_variable(variables, name, labels);
}

DriftMode drift_of(const StackView& stack, DriftMode site) {
  if (stack.drift != DriftMode::unspecified) {
    return stack.drift;
  }
  return site != DriftMode::unspecified ? site : DriftMode::enforce;
}

/// Fills every slot of a stack, or says why one cannot be filled.
///
/// @param bytes_left  of the site's values; less what these take
Result<std::vector<std::string>> fill_slots(const StackView& stack,
                                            const SiteView& site,
                                            const Labels& labels,
                                            std::size_t& bytes_left,
                                            std::vector<Unset>& unset) {
  std::vector<std::string> values;
  values.reserve(stack.slots.size());
  for (const document::Slot& slot : stack.slots) {
    SKERRY_TRY(Evaluation made, evaluate(slot.expression, site, labels, stack.variables));
    if (made.value.size() > bytes_left) {
      return fail({.kind = ErrorKind::invalid,
                   .code = resource::expansion_too_large,
                   .message = "the values of the site's stacks are too large together"});
    }
    bytes_left -= made.value.size();
    for (std::string& name : made.unset) {
      Unset one{.stack = stack.name, .variable = std::move(name)};
      if (std::ranges::count(unset, one) == 0) {
        unset.push_back(std::move(one));
      }
    }
    values.push_back(std::move(made.value));
  }
  return values;
}

}  // namespace

Labels selectable(const SiteView& site) {
  Labels made = site.labels;
  for (const auto& [name, value] : site.facts) {
    // The prefix is the server's alone, so a label of the user's never hides a fact.
    made.insert_or_assign("skerry/" + name, value);
  }
  return made;
}

bool is_target(const Targets& targets, const SiteView& site, const Labels& labels) {
  return (targets.selector && targets.selector->matches(labels)) ||
         std::ranges::count(targets.sites, site.name) != 0;
}

Result<Evaluation> evaluate(std::string_view expression,
                            const SiteView& site,
                            const Labels& labels,
                            std::span<const Variable> variables) {
  SKERRY_TRY(const resource::Template parts, resource::parse_template(expression));
  const auto lookup = [&](std::string_view name) { return look_up(name, site, labels, variables); };
  SKERRY_TRY(resource::Expansion made, resource::expand(parts, lookup, value_bytes_max));
  return Evaluation{.value = std::move(made.text), .unset = std::move(made.unset)};
}

Placement assign(std::span<const StackView> stacks, const SiteView& site, DriftMode drift) {
  const Labels labels = selectable(site);
  Placement placement;
  std::size_t bytes_left = site_bytes_max;
  for (const StackView& stack : stacks) {
    if (!is_target(stack.targets, site, labels)) {
      continue;
    }
    Result<std::vector<std::string>> values =
        fill_slots(stack, site, labels, bytes_left, placement.unset);
    if (values) {
      placement.stacks.push_back({.name = stack.name,
                                  .release = stack.release,
                                  .slot_values = *std::move(values),
                                  .drift = drift_of(stack, drift)});
    } else {
      placement.refused.push_back({.stack = stack.name, .why = std::move(values).error()});
    }
  }
  std::ranges::sort(placement.stacks, {}, &StackAssignment::name);
  std::ranges::sort(placement.refused, {}, &Refused::stack);
  std::ranges::sort(placement.unset, {}, [](const Unset& u) {
    return std::pair(std::string_view(u.stack), std::string_view(u.variable));
  });
  return placement;
}

}  // namespace skerry::place
