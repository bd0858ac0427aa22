#pragma once

#include <string>
#include <vector>

#include "agent/runtime/docker/identity.h"
#include "agent/runtime/docker/json_filter.h"
#include "base/result.h"
#include "reconcile/state.h"

/// Reads the engine's lists and what it says of itself.
namespace skerry::agent::docker {

/// More objects of ours than this on one engine means a broken or lying engine.
inline constexpr std::size_t objects_max = 10'000;

/// The ids of GET /containers/json.
inline constexpr Wanted container_list_wanted{.members = "Id", .memory_max = list_memory_max};
Result<std::vector<std::string>> read_container_ids(JsonView reply);

inline constexpr Wanted network_wanted{
    .members = "Id,Name,Driver,Internal,Attachable,EnableIPv6,Options,Labels"};
inline constexpr Wanted network_list_wanted{.members = network_wanted.members,
                                            .memory_max = list_memory_max};
/// One element of GET /networks, or GET /networks/ID; `object_missing` where it is not ours.
Result<reconcile::ObservedNetwork> read_network(const Identity& identity, JsonView reply);
/// The networks of GET /networks that are ours, sorted by name.
Result<std::vector<reconcile::ObservedNetwork>> read_networks(const Identity& identity,
                                                              JsonView reply);

inline constexpr Wanted volume_wanted{.members =
                                          "Name,Labels{skerry.install,skerry.stack,skerry.volume}"};
inline constexpr Wanted volume_list_wanted{
    .members = "Volumes{Name,Labels{skerry.install,skerry.stack,skerry.volume}}",
    .memory_max = list_memory_max};
/// One element of GET /volumes, or GET /volumes/NAME; `object_missing` where it is not ours.
Result<reconcile::ObservedVolume> read_volume(const Identity& identity, JsonView reply);
Result<std::vector<reconcile::ObservedVolume>> read_volumes(const Identity& identity,
                                                            JsonView reply);

/// Oldest Engine API we speak: Docker 20.10.
inline constexpr unsigned api_minor_min = 41;

inline constexpr Wanted version_wanted{.members = "ApiVersion,MinAPIVersion"};
/// The version to speak with an engine, as in a path: "v1.41". The oldest we know that it still
/// takes, so that a new engine answers as an old one does.
///
/// @param reply  of GET /version
/// @return       `runtime_too_old` where it knows nothing new enough
Result<std::string> read_api_version(JsonView reply);

inline constexpr Wanted engine_identity_wanted{.members = "ID,DockerRootDir"};
/// What tells one engine from another behind the same socket: GET /info's own id and its data
/// directory. An engine whose disk is not mounted answers with an empty list and another of these.
Result<std::string> read_engine_identity(JsonView reply);

/// The engine's own words in an error reply, {"message": "…"}, or the bytes themselves where it is
/// no JSON; cut to what people can read.
std::string read_error_message(std::string_view body);

}  // namespace skerry::agent::docker
