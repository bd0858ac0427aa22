#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "document/workload.h"
#include "reconcile/state.h"

namespace skerry::reconcile {

/// One deed at the runtime. Each is done when it is already so: creating what is there, starting
/// what runs, stopping what stands still, removing what is gone all succeed.
///
/// Deeds name what they are about by stack and key, so that a plan made
/// twice is the same plan.
struct Action {
  enum class Verb : std::uint8_t {
    pull_image,  // `key` is the reference; `id`, where given, the image id it has to be.
    create_network,
    create_volume,
    create_container,  // Made on all its networks, from `image_id` where that is known; not
                       // started.
    start_container,
    stop_container,      // Within the service's stop_grace_period, then killed.
    remove_container,    // All its volumes stay, the anonymous ones too.
    connect_network,     // Put `container` back on `network` of its stack.
    disconnect_network,  // Take it off a network it should not be on.
    update_container,    // Set limits and restart policy of `fields.h` in place.
    unpause_container,
    remove_network,
  };

  Verb verb = Verb::pull_image;
  std::string stack = {};
  /// Service, network or volume key; the image reference for a pull.
  std::string key = {};
  /// The runtime's id of what exists already. Empty for a start that follows a create in the same
  /// plan; owners plan again after each deed, so a driver never sees that.
  std::string id = {};
  /// connect and disconnect: the network's key; its name at the runtime where the stack has none.
  std::string network = {};
  /// Why, in words for an event: "exited with 137", "the configuration changed".
  std::string reason = {};
  /// Puts drift right, as opposed to work that the manifest asked for.
  bool is_repair = false;

  friend bool operator==(const Action&, const Action&) = default;
};

std::string to_string(Action::Verb verb);

/// Something the runtime said by itself or in answer.
struct RuntimeEvent {
  enum class Kind : std::uint8_t {
    up,        // It answers (again); `observed` is a whole first scan.
    down,      // It does not answer; workloads may well run on.
    changed,   // `observed` replaces what was known.
    finished,  // The action with `action` ended, `error` says how where it failed. `observed` shows
               // its outcome already, so that whoever plans next does not plan it again.
    progress,  // Pull progress of `action`, as text.
  };

  Kind kind = Kind::changed;
  std::uint64_t action = 0;
  Status error = {};
  std::string text = {};
};

/// A runtime driver: performs actions and keeps `observed` true by events and sparse scans.
///
/// Nothing blocks and nothing calls back: the owner's loop wakes the driver, then takes its events.
/// The driver owns filling in what only it knows (labels, names, image ids, merging the image's own
/// configuration) and decides ownership by the install id label alone.
class Runtime {
 public:
  Runtime() = default;
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  virtual ~Runtime() = default;

  /// What an action needs besides itself. Valid during `begin` alone. Both are null where an object
  /// of a stack that is no longer desired is removed; `service` also where it left its stack.
  struct Context {
    const DesiredStack* stack = nullptr;
    const DesiredService* service = nullptr;
  };

  /// Starts an action; a `finished` event with the returned number follows, always.
  virtual std::uint64_t begin(const Action& action, const Context& context) = 0;
  /// Newest whole view. Its address stays valid; its content changes only inside `take_events`.
  [[nodiscard]] virtual const Observed& observed() const = 0;
  /// References and image ids that `observed.images` shall tell about from now on; replaces the
  /// list given before. A `changed` event follows when they are known.
  virtual void watch_images(std::vector<std::string> references) = 0;
  /// Asks for a fresh whole scan; a `changed` or `down` event follows.
  virtual void scan() = 0;
  /// What was said since the last call, in order.
  virtual std::vector<RuntimeEvent> take_events() = 0;
};

}  // namespace skerry::reconcile
