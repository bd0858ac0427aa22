#pragma once

#include <string>

#include "base/result.h"
#include "os/descriptor.h"

namespace skerry::os {

/// A unix socket that is listening at `path`, connected and non-blocking. Connecting to one never
/// waits: it succeeds, or fails with `connect_failed`.
///
/// @return  `denied` where the socket's mode keeps us out; `exhausted` while the listener's backlog
///          is full (try again soon); `unavailable` for all else, a missing socket too
Result<Descriptor> connect_unix(const std::string& path);

/// Binds and listens at `path` with this mode. A socket file left over by a dead process is
/// replaced; any other file is not. The caller makes sure that no live process listens there.
Result<Descriptor> listen_unix(const std::string& path, unsigned mode);

}  // namespace skerry::os
