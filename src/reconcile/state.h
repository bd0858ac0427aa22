#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "document/manifest.h"
#include "document/workload.h"

/// What a site shall run and what it does run, in words that every runtime shares.
namespace skerry::reconcile {

/// Field name to value, both as people read them: {"environment.MODE", "live"}. The names and how
/// each value is written are the versioned field list of `fields.h`; drift is the difference of
/// two.
using Fields = std::map<std::string, std::string, std::less<>>;

/// A service whose slots are filled, ready to be made.
struct DesiredService {
  document::Service spec = {};
  /// Hash over the field list, kept as a label at the runtime; another hash means recreation.
  std::string config_hash = {};
  /// The wanted values of the field list.
  Fields fields = {};
  /// The id at this runtime that `spec.image` is pinned to for this revision; the container is made
  /// from it, so that a tag that moves changes nothing. Empty until the image is first at hand.
  std::string image_id = {};
};

struct DesiredStack {
  std::string name = {};
  Digest release = {};
  document::DriftMode drift = document::DriftMode::enforce;
  /// This revision has been healthy here. From then on a difference is drift, which report mode
  /// leaves alone; before, it is work that is still to be done.
  bool settled = false;
  std::string project = {};
  std::vector<DesiredService> services = {};
  std::vector<document::Network> networks = {};
  std::vector<document::Volume> volumes = {};
  std::vector<document::Config> configs = {};
};

struct Desired {
  std::vector<DesiredStack> stacks = {};
  /// Revisions that wait for their images: these are fetched, nothing else of them is touched (D7).
  std::vector<DesiredStack> staging = {};
  /// Stacks whose removal was committed from an accepted manifest that leaves them out (D6).
  /// Nothing else is ever removed.
  std::vector<std::string> removals = {};
};

enum class ContainerState : std::uint8_t { created, running, paused, restarting, exited, dead };
enum class Health : std::uint8_t { none, starting, healthy, unhealthy };

/// A container that carries this agent's install id, as last seen.
struct ObservedContainer {
  std::string id = {};
  std::string name = {};
  /// It is called as the driver calls what it makes. Labels can be copied, as by a committed image;
  /// a name is held by one container alone.
  bool has_own_name = false;
  std::string stack = {};
  std::string service = {};
  std::string config_hash = {};
  ContainerState state = ContainerState::created;
  Health health = Health::none;
  /// The runtime's own words on the last failed health check or start.
  std::string message = {};
  std::uint32_t exit_code = 0;
  /// The runtime was told to stop or kill it; as far as the runtime's events show. A driver may
  /// count the agent's own stops too: what the agent stopped for good it removes next.
  bool stopped_by_hand = false;
  std::uint64_t restarts = 0;
  std::string image_id = {};
  /// When it last stopped running, by the agent's own monotonic clock.
  std::optional<Instant> stopped_at = {};
  std::optional<Instant> started_at = {};
  /// The found values of the field list, all of them: also what came from the image.
  Fields fields = {};
  /// Why `fields` could not be read, in words; then nothing is known of them and nothing is put
  /// right. Empty where they were.
  std::string unread = {};
  /// What the container's image itself says, in the same names (`fields.h`: entrypoint, command,
  /// environment, labels, healthcheck, user, working_dir, stop_signal). What a service leaves open
  /// is wanted as the image has it.
  Fields image_fields = {};
};

struct ObservedNetwork {
  std::string id = {};
  std::string name = {};
  std::string stack = {};
  std::string key = {};
  /// The found values of the network fields of `fields.h`.
  Fields fields = {};
};

struct ObservedVolume {
  std::string name = {};
  std::string stack = {};
  std::string key = {};
};

/// An image at hand, once for each reference that was asked for.
struct ObservedImage {
  /// As asked for: "name:tag", "name@sha256:…", or an image id.
  std::string reference = {};
  std::string id = {};
  /// "name@sha256:…", empty where it came from no registry.
  std::string repo_digest = {};
};

struct Observed {
  /// False while the runtime does not answer or a list is not whole: then nothing is done at all.
  /// A driver says true only for lists it can vouch for: an answer that is suddenly empty is asked
  /// for twice.
  bool complete = false;
  std::vector<ObservedContainer> containers = {};
  std::vector<ObservedNetwork> networks = {};
  std::vector<ObservedVolume> volumes = {};
  std::vector<ObservedImage> images = {};
};

}  // namespace skerry::reconcile
