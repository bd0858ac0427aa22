#include "reconcile/restart.h"

#include <algorithm>

namespace skerry::reconcile {

using document::Service;

namespace {

constexpr std::chrono::seconds backoff_max{300};

/// Exit codes from here on say "128 + signal".
constexpr std::uint32_t signal_base = 128;

Restarting after_failure(const Service& service, std::uint64_t restarts) {
  switch (service.restart) {
    case Service::Restart::no:
      return Restarting::leave_failed;
    case Service::Restart::on_failure:
      return service.restart_retries_max != 0 && restarts >= service.restart_retries_max
                 ? Restarting::leave_failed
                 : Restarting::after_backoff;
    case Service::Restart::always:
    case Service::Restart::unless_stopped:
    case Service::Restart::unspecified:
      break;
  }
  return Restarting::after_backoff;
}

Restarting after_success(const Service& service) {
  const bool ends_here = service.one_shot || service.restart == Service::Restart::no ||
                         service.restart == Service::Restart::on_failure;
  return ends_here ? Restarting::leave : Restarting::after_backoff;
}

}  // namespace

Ending ending(const ObservedContainer& container) {
  if (container.stopped_by_hand) {
    return Ending::by_hand;
  }
  if (container.exit_code == 0) {
    return Ending::success;
  }
  return container.exit_code > signal_base ? Ending::signal : Ending::failure;
}

Restarting restarting(const Service& service, Ending ending, std::uint64_t restarts) {
  switch (ending) {
    case Ending::by_hand:
      return Restarting::at_once;
    case Ending::success:
      return after_success(service);
    case Ending::failure:
    case Ending::signal:
      break;
  }
  return after_failure(service, restarts);
}

std::chrono::seconds backoff(std::uint32_t failures) {
  if (failures == 0) {
    return std::chrono::seconds{0};
  }
  const std::uint32_t doublings = std::min<std::uint32_t>(failures - 1, 9);
  return std::min(backoff_max, std::chrono::seconds{std::int64_t{1} << doublings});
}

std::chrono::seconds repair_delay(std::uint32_t repairs) {
  constexpr std::uint32_t immediate_repairs_max = 3;
  return repairs < immediate_repairs_max ? std::chrono::seconds{0}
                                         : backoff(repairs - immediate_repairs_max + 1);
}

Instant restart_due(const ObservedContainer& container, const Memory& memory, Instant now) {
  if (!container.stopped_at) {
    return now;
  }
  const bool was_good =
      container.started_at && *container.stopped_at - *container.started_at >= good_run;
  return *container.stopped_at + (was_good ? std::chrono::seconds{0} : backoff(memory.failures));
}

}  // namespace skerry::reconcile
