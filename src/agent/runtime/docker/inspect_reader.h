#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/runtime/docker/identity.h"
#include "agent/runtime/docker/json_filter.h"
#include "base/clock.h"
#include "base/result.h"
#include "reconcile/state.h"

/// Reads what the engine shows of its containers and images. The engine's replies are foreign: what
/// must be there and is not gives an `Error`, all else its default.
namespace skerry::agent::docker {

/// One container as GET /containers/ID/json shows it.
struct FoundContainer {
  /// All but `image_fields`, `stopped_by_hand` and the two instants, which an inspection alone
  /// cannot tell.
  reconcile::ObservedContainer observed = {};
  /// Runtime names of the networks it is on.
  std::vector<std::string> networks = {};
  /// The names of the config files it has mounted.
  std::vector<std::string> config_files = {};
  /// As the engine wrote them: they name one start and one stop. Empty where it never happened.
  std::string started_at = {};
  std::string finished_at = {};
  /// How long the engine waits between the stop signal and the kill.
  std::chrono::seconds stop_timeout = std::chrono::seconds(10);
};

/// What `read_container` takes of its reply.
inline constexpr Wanted container_wanted{
    .members =
        "Id,Name,Image,RestartCount,"
        "State{Status,ExitCode,Error,OOMKilled,StartedAt,FinishedAt,Health{Status,Log}},"
        "Config{Hostname,Entrypoint,Cmd,Env,Labels,Healthcheck,User,WorkingDir,StopSignal,"
        "StopTimeout},"
        "HostConfig{PortBindings,Binds,Mounts,Tmpfs,LogConfig,RestartPolicy,NanoCpus,Memory,"
        "MemoryReservation,PidsLimit,CapAdd,CapDrop,Privileged,ReadonlyRootfs,Init,ExtraHosts},"
        "NetworkSettings{Networks{*{Aliases,IPAMConfig}}}"};
/// What tells whose a container is and whether it runs, and nothing that a file or an image may
/// fill: for one of which `container_wanted` is too much.
inline constexpr Wanted container_core_wanted{
    .members =
        "Id,Name,Image,RestartCount,"
        "State{Status,ExitCode,OOMKilled,StartedAt,FinishedAt,Health{Status}},"
        "Config{StopTimeout,Labels{skerry.install,skerry.stack,skerry.service,skerry.config,"
        "com.docker.compose.project}}"};

/// @return  `runtime_reply_invalid` without an id or a known state; `object_missing` where it does
///          not carry our install id and so is none of ours
Result<FoundContainer> read_container(const Identity& identity, JsonView reply);

/// An image as GET /images/NAME/json shows it.
struct FoundImage {
  std::string id = {};
  /// The first registry digest, empty where the image came from no registry.
  std::string repo_digest = {};
  std::vector<std::string> entrypoint = {};
  /// What it brings to a container, in the names of the field list.
  reconcile::Fields fields = {};
};

/// What `read_image` takes of its reply.
inline constexpr Wanted image_wanted{
    .members =
        "Id,RepoDigests,Config{Entrypoint,Cmd,Env,Labels,Healthcheck,User,WorkingDir,"
        "StopSignal}"};
/// Which image it is, and nothing that whoever built it may fill.
inline constexpr Wanted image_name_wanted{.members = "Id,RepoDigests"};
Result<FoundImage> read_image(JsonView reply);

/// The wall time of an engine's timestamp ("2026-03-02T14:02:07.123456789Z"); nothing for the zero
/// time and whatever is no timestamp.
std::optional<WallTime> read_time(std::string_view text);

}  // namespace skerry::agent::docker
