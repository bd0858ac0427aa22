#include "document/report.h"

#include <algorithm>
#include <limits>

namespace skerry::document {

std::string_view to_string(WorkloadState state) {
  switch (state) {
    case WorkloadState::unspecified:
      return "Unknown";
    case WorkloadState::pending:
      return "Pending";
    case WorkloadState::pulling:
      return "Pulling";
    case WorkloadState::starting:
      return "Starting";
    case WorkloadState::healthy:
      return "Healthy";
    case WorkloadState::unhealthy:
      return "Unhealthy";
    case WorkloadState::failed:
      return "Failed";
    case WorkloadState::rolled_back:
      return "RolledBack";
    case WorkloadState::stopped:
      return "Stopped";
  }
  return "Unknown";
}

ReportNumber last_number(ReportNumber first, std::uint64_t count) {
  constexpr std::uint64_t seq_max = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t more = count > 0 ? count - 1 : 0;
  return {.start = first.start, .seq = first.seq + std::min(more, seq_max - first.seq)};
}

ReportNumber last_number(const Event& event) {
  return last_number(event.number, event.count);
}

}  // namespace skerry::document
