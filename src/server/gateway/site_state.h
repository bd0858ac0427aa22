#pragma once

#include "document/report.h"
#include "skerry/api/v1/site.pb.h"

namespace skerry::gateway {

/// One word for a whole site, by the roll-up order of the console and the command line: Failed,
/// Degraded, Drifted, Pending, Healthy.
api::v1::SiteState::Word site_state(const document::Report& report);

}  // namespace skerry::gateway
