#pragma once

#include <string>
#include <vector>

#include "agent/runtime/docker/identity.h"
#include "agent/runtime/docker/json.h"
#include "base/result.h"
#include "reconcile/state.h"

/// Reads the engine's lists and what it says of itself.
namespace skerry::agent::docker {

/// More objects of ours than this on one engine means a broken or lying engine.
inline constexpr std::size_t objects_max = 10'000;

/// The ids of GET /containers/json.
Result<std::vector<std::string>> read_container_ids(JsonView reply);

/// One element of GET /networks, or GET /networks/ID; `object_missing` where it is not ours.
Result<reconcile::ObservedNetwork> read_network(const Identity& identity, JsonView reply);
/// The networks of GET /networks that are ours, sorted by name.
Result<std::vector<reconcile::ObservedNetwork>> read_networks(const Identity& identity,
                                                              JsonView reply);

/// One element of GET /volumes, or GET /volumes/NAME; `object_missing` where it is not ours.
Result<reconcile::ObservedVolume> read_volume(const Identity& identity, JsonView reply);
Result<std::vector<reconcile::ObservedVolume>> read_volumes(const Identity& identity,
                                                            JsonView reply);

/// Oldest Engine API we speak: Docker 20.10.
inline constexpr unsigned api_minor_min = 41;

/// The version to speak with an engine, as in a path: "v1.41". The oldest we know that it still
/// takes, so that a new engine answers as an old one does.
///
/// @param reply  of GET /version
/// @return       `runtime_too_old` where it knows nothing new enough
Result<std::string> read_api_version(JsonView reply);

/// What tells one engine from another behind the same socket: GET /info's own id and its data
/// directory. An engine whose disk is not mounted answers with an empty list and another of these.
Result<std::string> read_engine_identity(JsonView reply);

/// The engine's own words in an error reply, {"message": "…"}, or the bytes themselves where it is
/// no JSON; cut to what people can read.
std::string read_error_message(std::string_view body);

}  // namespace skerry::agent::docker
