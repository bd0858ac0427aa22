#pragma once

#include "document/report.h"

namespace skerry::agent {

/// The report as it may be sent: long texts are cut, and what does not fit into a message is left
/// out, differences first, then services, then whole stacks. A condition "ReportCut" counts it.
///
/// Without a bound, one configuration file as a difference would make a message that the server
/// refuses, in every session again.
document::Report bounded(document::Report report);

}  // namespace skerry::agent
