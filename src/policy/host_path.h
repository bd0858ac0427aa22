#pragma once

#include <string>
#include <string_view>

#include "document/workload.h"

namespace skerry::policy {

/// An absolute path without "." , ".." and doubled slashes, by its text alone.
std::string normalise(std::string_view path);

/// What a container can do with this path of its host: "it is the runtime's socket, which is root
/// on the host". "it is a path of the host" where nothing sharper is known.
std::string_view danger_of(std::string_view path);

/// Whether the volume's options make its driver mount something of the host. Only memory and known
/// network file systems are believed not to.
bool binds_host(const document::Volume& volume);

}  // namespace skerry::policy
