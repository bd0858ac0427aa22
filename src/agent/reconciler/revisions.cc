#include <algorithm>

#include "agent/reconciler/reconciler.h"

/// How a stack moves from one revision to the next: stage, apply, good, or given up (D7).
namespace skerry::agent {

using document::Event;
using reconcile::DesiredStack;

namespace {

constexpr std::uint32_t steps_per_service = 8;

reconcile::Pins to_map(const std::vector<ImagePin>& pins) {
  reconcile::Pins map;
  for (const auto& pin : pins) {
    map.insert_or_assign(pin.reference, pin.image_id);
  }
  return map;
}

std::vector<ImagePin> to_list(const reconcile::Pins& pins) {
  std::vector<ImagePin> list;
  for (const auto& [reference, image_id] : pins) {
    list.push_back({reference, image_id});
  }
  return list;
}

const PinnedRevision* current_revision(const StackRecord& record) {
  if (record.applying) {
    return &*record.applying;
  }
  return record.good ? &*record.good : nullptr;
}

}  // namespace

Revision Reconciler::wanted_revision(const Stack& stack) {
  return {.release = stack.assignment.release, .slot_values = stack.assignment.slot_values};
}

std::optional<DesiredStack> Reconciler::fill_revision(Stack& stack,
                                                      const PinnedRevision& pinned,
                                                      bool settled) {
  const auto release = journal_.release(stack.assignment.name, pinned.revision.release);
  if (!release) {
    const bool is_coming = release.error().kind == ErrorKind::unavailable;
    stack.obstacle = {.code = is_coming ? "ReleaseMissing" : "ReleaseRefused",
                      .subject = "release " + short_name(pinned.revision.release),
                      .message = is_coming ? "it has not arrived yet" : to_string(release.error())};
    return {};
  }
  document::StackAssignment assignment = stack.assignment;
  assignment.release = pinned.revision.release;
  assignment.slot_values = pinned.revision.slot_values;
  const auto pins = to_map(pinned.pins);
  auto filled = reconcile::fill(crypto_, {**release, assignment, pins});
  if (!filled) {
    stack.obstacle = {.code = "ReleaseRefused",
                      .subject = "release " + short_name(pinned.revision.release),
                      .message = to_string(filled.error())};
    return {};
  }
  filled->settled = settled;
  return *std::move(filled);
}

void Reconciler::refresh_current(Stack& stack) {
  stack.current.reset();
  if (const auto* revision = current_revision(stack.record)) {
    stack.current = fill_revision(stack, *revision, !stack.record.applying.has_value());
  }
}

/// Fills what is not filled yet: after a new manifest, after a release arrived, after a change of
/// phase.
void Reconciler::refresh(Stack& stack) {
  stack.obstacle.reset();
  const auto* revision = current_revision(stack.record);
  if (revision != nullptr && !stack.current) {
    refresh_current(stack);
  }
  const Revision wanted = wanted_revision(stack);
  const bool is_current = revision != nullptr && revision->revision == wanted;
  stack.is_staging = !is_current && stack.record.quarantined != wanted;
  if (!stack.is_staging) {
    stack.wanted.reset();
  } else if (!stack.wanted) {
    // Pins are inherited: a tag that moved does not change what an unrelated edit runs.
    std::vector<ImagePin> pins = revision == nullptr ? std::vector<ImagePin>() : revision->pins;
    if (stack.record.good && stack.record.good->revision == wanted) {
      pins = stack.record.good->pins;
    }
    stack.wanted = fill_revision(stack, {wanted, std::move(pins)}, false);
  }
}

/// Pins for all images of the wanted revision; nothing while one is not at hand.
std::optional<reconcile::Pins> Reconciler::resolve(const Stack& stack) const {
  reconcile::Pins pins;
  const auto& observed = runtime_.observed();
  for (const auto& service : stack.wanted->services) {
    std::string id;
    for (const auto& image : observed.images) {
      const bool is_it = service.image_id.empty() ? image.reference == service.spec.image
                                                  : image.id == service.image_id;
      id = is_it ? image.id : id;
    }
    if (id.empty()) {
      return {};
    }
    // What runs with this very configuration keeps its image, also when its tag has moved since:
    // a site whose ledger was lost must not be restarted by that.
    for (const auto& container : observed.containers) {
      const bool is_same = container.stack == stack.assignment.name &&
                           container.service == service.spec.name &&
                           container.config_hash == service.config_hash;
      id = is_same && service.image_id.empty() && !container.image_id.empty() ? container.image_id
                                                                              : id;
    }
    pins.insert_or_assign(service.spec.image, std::move(id));
  }
  return pins;
}

void Reconciler::begin_applying(Stack& stack, const reconcile::Pins& pins, Instant now) {
  auto& record = stack.record;
  const Revision wanted = wanted_revision(stack);
  if (record.good && record.good->revision == wanted) {
    record.applying.reset();  // Back to what is known to be good.
    record.attempts = 0;
  } else {
    record.applying = PinnedRevision{wanted, to_list(pins)};
    record.attempts = 1;
  }
  journal_.put(record);
  stack.steps = 0;
  stack.applying_since = now;
  stack.healthy_since.reset();
  stack.is_staging = false;
  stack.wanted.reset();
  refresh_current(stack);
}

void Reconciler::give_up(Stack& stack, const std::string& why) {
  auto& record = stack.record;
  record.quarantined = record.applying->revision;
  record.quarantine_reason = why;
  record.applying.reset();
  record.attempts = 0;
  journal_.put(record);
  stack.applying_since.reset();
  emit(Event::Class::change,
       {.code = "release_quarantined",
        .stack = stack.assignment.name,
        .object = "release " + short_name(record.quarantined->release),
        .message = why});
  refresh_current(stack);
  refresh(stack);
}

/// A deed of the revision being applied failed. Without a good revision to return to it is tried
/// for ever, with back-off: nothing better could be run.
void Reconciler::count_attempt(Stack& stack, const std::string& why) {
  auto& record = stack.record;
  if (!record.applying || !record.good) {
    return;
  }
  if (record.attempts >= options_.attempts_max) {
    give_up(stack, why);
    return;
  }
  ++record.attempts;
  journal_.put(record);
}

/// Moves the stack to its next phase, if it is time. A first release is tried for ever here too.
bool Reconciler::advance(Stack& stack, Instant now) {
  auto& record = stack.record;
  if (record.applying && record.good && record.attempts > options_.attempts_max) {
    give_up(stack, "the agent did not survive applying it");
  }
  if (stack.is_staging && stack.wanted) {
    if (const auto pins = resolve(stack)) {
      begin_applying(stack, *pins, now);
    }
  }
  if (!record.applying || !stack.current) {
    return false;
  }
  if (!stack.applying_since) {
    stack.applying_since = now;
  }
  const reconcile::Desired alone{.stacks = {*stack.current}};
  judge_health(stack, reconcile::status(alone, runtime_.observed(), memories_, now).front(), now);
  return true;
}

void Reconciler::judge_health(Stack& stack, const document::StackStatus& status, Instant now) {
  auto& record = stack.record;
  if (status.state != document::WorkloadState::healthy) {
    stack.healthy_since.reset();
    const Instant deadline = *stack.applying_since + options_.healthy_deadline;
    const std::size_t steps_max =
        options_.steps_max + steps_per_service * stack.current->services.size();
    if (record.good && (now >= deadline || stack.steps > steps_max)) {
      give_up(stack,
              status.reasons.empty() ? "it did not become healthy in time"
                                     : status.reasons.back().message);
    } else if (record.good) {
      wake_by(deadline);
    }
    return;
  }
  stack.healthy_since = stack.healthy_since.value_or(now);
  const Instant proven = *stack.healthy_since + options_.health_window;
  if (now < proven) {
    wake_by(proven);
    return;
  }
  record.good = record.applying;
  record.applying.reset();
  record.attempts = 0;
  record.quarantined.reset();
  record.quarantine_reason.clear();
  std::erase_if(record.completed, [&](const CompletedService& entry) {
    const auto& services = stack.current->services;
    return std::none_of(services.begin(), services.end(), [&](const auto& service) {
      return service.spec.name == entry.service;
    });
  });
  journal_.put(record);
  stack.current->settled = true;
  stack.applying_since.reset();
  emit(Event::Class::change,
       {.code = "stack_healthy",
        .stack = stack.assignment.name,
        .object = "release " + short_name(record.good->revision.release)});
}

}  // namespace skerry::agent
