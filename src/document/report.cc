#include "document/report.h"

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

}  // namespace skerry::document
