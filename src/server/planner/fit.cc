#include "server/planner/fit.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "document/codec.h"
#include "trust/admit.h"
#include "trust/judge.h"

namespace skerry::planner {

namespace {

using document::Manifest;
using document::StackAssignment;

constexpr ErrorCode manifest_too_large{"manifest_too_large"};

/// Less what stands around the stacks: headers, a signature, the proof of a batch.
constexpr std::size_t bytes_max = trust::envelope_bytes_max - 4096;
constexpr std::size_t elements_max = document::DecodeLimits{}.elements_max - 100;

/// What an encoded string or message needs besides its bytes, and then some.
constexpr std::size_t frame_bytes = 8;

/// What stacks take of a manifest's caps, never less than they do once encoded.
struct Cost {
  std::size_t bytes = 0;
  std::size_t elements = 0;
  std::size_t stacks = 0;

  Cost& operator+=(const Cost& other) {
    bytes += other.bytes;
    elements += other.elements;
    stacks += other.stacks;
    return *this;
  }

  Cost& operator-=(const Cost& other) {
    bytes -= other.bytes;
    elements -= other.elements;
    stacks -= other.stacks;
    return *this;
  }

  [[nodiscard]] bool fits() const {
    return bytes <= bytes_max && elements <= elements_max && stacks <= trust::stacks_max;
  }

  /// In bytes, with each element at its share of the cap.
  [[nodiscard]] std::size_t weight() const { return bytes + elements * (bytes_max / elements_max); }
};

Cost cost_of(const StackAssignment& stack) {
  Cost cost{.bytes = stack.name.size() + sizeof stack.release + 4 * frame_bytes,
            .elements = 3 + stack.slot_values.size(),
            .stacks = 1};
  for (const std::string& value : stack.slot_values) {
    cost.bytes += value.size() + frame_bytes;
  }
  return cost;
}

Cost cost_of(const Manifest& manifest) {
  Cost total;
  for (const StackAssignment& stack : manifest.stacks) {
    total += cost_of(stack);
  }
  return total;
}

/// A stack that takes more than it took in what the site was told.
struct Growth {
  std::size_t index = 0;
  const StackAssignment* standing = nullptr;
  Cost cost = {};
  Cost cost_before = {};

  [[nodiscard]] bool is_growth() const { return cost.weight() > cost_before.weight(); }

  [[nodiscard]] std::size_t size() const { return cost.weight() - cost_before.weight(); }
};

/// The largest first.
std::vector<Growth> growth_of(const Manifest& manifest, const std::optional<Manifest>& told) {
  std::map<std::string_view, const StackAssignment*> standing;
  if (told) {
    for (const StackAssignment& stack : told->stacks) {
      standing.emplace(stack.name, &stack);
    }
  }
  std::vector<Growth> all;
  for (std::size_t index = 0; index < manifest.stacks.size(); ++index) {
    const auto found = standing.find(manifest.stacks[index].name);
    const StackAssignment* before = found == standing.end() ? nullptr : found->second;
    const Growth growth{.index = index,
                        .standing = before,
                        .cost = cost_of(manifest.stacks[index]),
                        .cost_before = before == nullptr ? Cost{} : cost_of(*before)};
    if (growth.is_growth()) {
      all.push_back(growth);
    }
  }
  std::ranges::sort(all, [](const Growth& one, const Growth& other) {
    return std::pair(other.size(), one.index) < std::pair(one.size(), other.index);
  });
  return all;
}

}  // namespace

bool fit(Manifest& manifest,
         const std::optional<Manifest>& told,
         std::vector<place::Refused>& refused) {
  Cost total = cost_of(manifest);
  if (total.fits()) {
    return true;
  }
  for (const Growth& growth : growth_of(manifest, told)) {
    StackAssignment& stack = manifest.stacks[growth.index];
    refused.push_back({.stack = stack.name,
                       .why = {.kind = ErrorKind::invalid,
                               .code = manifest_too_large,
                               .message = "with its values the site's manifest would be larger "
                                          "than a site reads (1 MiB, 50000 values)"}});
    (total -= growth.cost) += growth.cost_before;
    stack = growth.standing == nullptr ? StackAssignment{} : *growth.standing;
    if (total.fits()) {
      break;
    }
  }
  std::erase_if(manifest.stacks, [](const StackAssignment& stack) { return stack.name.empty(); });
  return total.fits();
}

std::size_t bytes_of(const Manifest& manifest) {
  return cost_of(manifest).bytes;
}

}  // namespace skerry::planner
