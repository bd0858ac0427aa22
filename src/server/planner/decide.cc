#include "server/planner/decide.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "server/planner/fit.h"

namespace skerry::planner {

namespace {

using document::Manifest;
using document::StackAssignment;

const StackAssignment* find_stack(const Manifest& manifest, std::string_view name) {
  const auto found = std::ranges::find(manifest.stacks, name, &StackAssignment::name);
  return found == manifest.stacks.end() ? nullptr : &*found;
}

/// Keeps a stack that the site was told and that nothing can be said of now.
void keep(std::string_view name, const std::optional<Manifest>& told, Manifest& placed) {
  const StackAssignment* standing = told ? find_stack(*told, name) : nullptr;
  if (standing != nullptr && find_stack(placed, name) == nullptr) {
    placed.stacks.push_back(*standing);
  }
}

/// What a restored store says of a stack waits for a person: until then the site keeps it as it was
/// told, also where that is not at all. Returns the first stack of which the store says otherwise.
std::optional<std::string> keep_undecided(const World& world,
                                          const std::optional<Manifest>& told,
                                          Manifest& placed) {
  const auto is_undecided = [&](const StackAssignment& stack) {
    return world.is_undecided(stack.name);
  };
  Manifest kept;
  std::ranges::remove_copy_if(placed.stacks, std::back_inserter(kept.stacks), is_undecided);
  if (told) {
    std::ranges::copy_if(told->stacks, std::back_inserter(kept.stacks), is_undecided);
  }
  std::ranges::sort(kept.stacks, {}, &StackAssignment::name);
  const auto [here, there] = std::ranges::mismatch(placed.stacks, kept.stacks);
  std::optional<std::string> waiting;
  if (here != placed.stacks.end()) {
    waiting = here->name;
  }
  if (there != kept.stacks.end() && (!waiting || there->name < *waiting)) {
    waiting = there->name;
  }
  placed = std::move(kept);
  return waiting;
}

/// What the site is to run, and the stack that waits for a decision, where one does.
struct Wanted {
  Manifest manifest = {};
  std::optional<std::string> waiting = {};
};

Wanted wanted(const World& world, const place::Placement& placement, const Known& known) {
  Wanted result{.manifest = {.stacks = placement.stacks}};
  Manifest& manifest = result.manifest;
  if (world.is_restoring()) {
    result.waiting = keep_undecided(world, known.told, manifest);
  }
  for (const place::Refused& refused : placement.refused) {
    keep(refused.stack, known.told, manifest);
  }
  for (const auto& [name, reason] : world.unreadable()) {
    keep(name, known.told, manifest);
  }
  std::ranges::sort(manifest.stacks, {}, &StackAssignment::name);
  return result;
}

/// Whether the placed manifest is exactly what the site reports to run.
bool equals_report(const Manifest& placed, const document::Report& report) {
  return placed.stacks.size() == report.stacks.size() &&
         std::ranges::all_of(report.stacks, [&](const document::StackStatus& running) {
           const StackAssignment* stack = find_stack(placed, running.name);
           return stack != nullptr && stack->release == running.release;
         });
}

Decision hold(const Site& site, std::string code, std::string message) {
  return {.held = document::Reason{.code = std::move(code),
                                   .subject = "site " + site.view.name,
                                   .message = std::move(message)}};
}

/// The first manifest of the term is out; nothing else follows before the site has taken it.
Decision await_adoption(const Site& site, std::optional<Manifest> first) {
  Decision decision = hold(site, "Adopting", "the site has not taken what equals what it runs yet");
  decision.manifest = std::move(first);
  return decision;
}

/// The adoption rule: the first manifest of a new term equals what the site runs.
Decision adopt(const Site& site, const World& world, const Known& known, Manifest placed) {
  if (known.told && known.told_number.term == site.row.term) {
    const bool taken = known.report && known.report->accepted == known.told_number;
    return taken ? Decision{.adopted = true} : await_adoption(site, {});
  }
  if (!known.report && (world.is_restoring() || !known.told)) {
    return hold(site, "Adopting", "the site has not said yet what it runs");
  }
  if (known.report && known.told_number < known.report->accepted) {
    return hold(
        site,
        "Adopting",
        "the site runs a later manifest than this server knows of, and has not shown it yet");
  }
  if (known.told) {
    return await_adoption(site, known.told);
  }
  if (equals_report(placed, *known.report)) {
    return await_adoption(site, std::move(placed));
  }
  // No record of ours says what it was told, so taking it over would change what it runs.
  return hold(site,
              "AdoptionNeedsDecision",
              "the site runs something else than it would be told, and nothing here knows why");
}

}  // namespace

Decision decide(const Site& site, const World& world, const Known& known) {
  place::Placement placement = place::assign(world.stacks(), site.view, site.drift);
  auto [manifest, waiting] = wanted(world, placement, known);
  const bool fits = fit(manifest, known.told, placement.refused);
  const bool keeps_some =
      !placement.refused.empty() || !world.unreadable().empty() || world.is_restoring();
  if (known.told_is_unreadable && (site.row.adopting || keeps_some)) {
    // What stays as it was told cannot be said, and what is left out would be removed there.
    return hold(site, "ToldUnreadable", "what the site was told cannot be read back");
  }
  if (site.row.adopting) {
    return adopt(site, world, known, std::move(manifest));
  }
  Decision decision;
  if (waiting) {
    decision.held = document::Reason{
        .code = "RestoreUndecided",
        .subject = "stack " + *waiting,
        .message =
            "stays as this site was told it: this server was restored from a backup that "
            "says otherwise, and nobody has decided yet"};
  }
  if (!placement.refused.empty()) {
    const place::Refused& first = placement.refused.front();
    decision.held = document::Reason{
        .code = "PlacingFailed",
        .subject = "stack " + first.stack,
        .message = "cannot be placed at site " + site.view.name + ": " + first.why.message};
  }
  if (fits && (!known.told || known.told_number.term != site.row.term || *known.told != manifest)) {
    decision.manifest = std::move(manifest);
  }
  return decision;
}

}  // namespace skerry::planner
