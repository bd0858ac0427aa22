#pragma once

#include "base/result.h"
#include "base/uuid.h"

namespace skerry::os {

/// The kernel's boot id: another one after every reboot, the same for every process until then.
Result<Uuid> read_boot_id();

}  // namespace skerry::os
