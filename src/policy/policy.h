#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "document/charter.h"
#include "document/workload.h"

namespace skerry::policy {

inline constexpr ErrorCode ceiling_exceeded{"ceiling"};

/// One thing in a workload that a policy is about.
struct Finding {
  /// The service's name; empty where it is about a volume.
  std::string service = {};
  /// "services.web.privileged", "volumes.data.driver_opts"
  std::string field = {};
  /// One lower-case clause.
  std::string why = {};

  friend bool operator==(const Finding&, const Finding&) = default;
};

/// Everything in which a workload goes beyond a ceiling, in the workload's order. Pure.
std::vector<Finding> violations(const document::Workload& workload,
                                const document::Ceiling& ceiling);

/// The first violation as an error with code `ceiling`, its message naming how many more there are.
Status check(const document::Workload& workload, const document::Ceiling& ceiling);

/// What gives a workload power over its host: privileged, added capabilities, host paths (also
/// those a volume's options bind), other volume drivers. Shown as warnings when an admin applies
/// them.
std::vector<Finding> risks(const document::Workload& workload);

}  // namespace skerry::policy
