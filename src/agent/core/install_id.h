#pragma once

#include "base/clock.h"
#include "base/disk.h"
#include "base/random.h"
#include "base/uuid.h"

namespace skerry::agent {

inline constexpr ErrorCode install_id_lost{"install_id_lost"};

/// The id that marks at the runtime what this agent made: its file, else the ledger's copy, which
/// `Agent` keeps. Made where this site has run nothing yet; `install_id_lost` where it has and both
/// are gone, for under a new id everything would be made a second time. Nothing else may have the
/// ledger open.
Result<Uuid> open_install_id(Disk& disk, Random& random, const Clock& clock);

}  // namespace skerry::agent
