#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/runtime/docker/engine_client.h"
#include "agent/runtime/docker/identity.h"
#include "agent/runtime/docker/inspect_reader.h"
#include "base/clock.h"
#include "base/result.h"
#include "reconcile/state.h"

namespace skerry::agent::docker {

/// What is known of the engine's objects that are ours: filled by a whole scan, then kept true one
/// object at a time.
///
/// A scan vouches for its lists (D6): whatever was known and is not listed any more is asked for
/// once more by its id, and is gone only where the engine says so of it alone.
class EngineView {
 public:
  using Done = std::function<void(Status)>;

  EngineView(EngineClient& client, const Clock& clock, Identity identity);

  /// Reads everything anew. Only one at a time. After a failure `complete` is false.
  void scan(Done done);
  /// Reads one object anew; one that is gone, or not ours, is forgotten. That is no failure.
  void refresh_container(const std::string& id, Done done);
  void refresh_network(const std::string& id, Done done);
  void refresh_volume(const std::string& name, Done done);
  void refresh_images(const Done& done);

  void watch_images(std::vector<std::string> references) { watched_ = std::move(references); }

  /// What an event says of a container besides that it changed.
  void on_container_event(const std::string& id, std::string_view action);

  /// Stops that begin now are the agent's own, until it starts the container again.
  void stop_is_ours(const std::string& id) { ours_.insert(id); }

  void start_is_ours(const std::string& id) { ours_.erase(id); }

  /// The engine does not answer any more. Its own going down also stops containers, which is
  /// nobody's hand.
  void engine_is_down();

  [[nodiscard]] bool complete() const { return complete_; }

  [[nodiscard]] bool knows_container(const std::string& id) const { return found_.contains(id); }

  /// Null where it is not known.
  [[nodiscard]] const FoundContainer* container(const std::string& id) const;
  /// All config files that containers have mounted; nothing where one container cannot be read.
  [[nodiscard]] std::optional<std::set<std::string, std::less<>>> config_files() const;
  [[nodiscard]] reconcile::Observed snapshot() const;

 private:
  struct Known {
    FoundContainer found = {};
    reconcile::Fields image_fields = {};
    std::optional<Instant> started_at = {};
    std::optional<Instant> stopped_at = {};
    /// When somebody else sent a signal, and when it was seen to stop for it.
    std::optional<Instant> killed_at = {};
    std::optional<Instant> stopped_by_hand_at = {};
  };

  /// A whole scan under way.
  struct Scan {
    Done done = {};
    std::size_t pending = 0;
    Status outcome = {};
  };

  void on_identity(Result<Json> reply);
  void on_container_list(Result<Json> reply);
  void on_network_list(Result<Json> reply);
  void on_volume_list(Result<Json> reply);
  /// A part of the scan is over.
  void scanned(Status status);
  /// One more part of the scan.
  Done part();

  [[nodiscard]] Result<FoundContainer> read_found(const Result<Json>& reply) const;
  void refresh_core(const std::string& id, Error why, Done done);
  void on_container(const std::string& id,
                    std::uint64_t ticket,
                    Result<FoundContainer> found,
                    Done done);
  void add_container(FoundContainer found, std::uint64_t ticket, Done done);
  void keep(FoundContainer found, reconcile::Fields image_fields, std::uint64_t ticket);
  void refresh_image(const std::string& reference, Done done);
  [[nodiscard]] Instant instant_of(const std::string& engine_time) const;
  [[nodiscard]] std::string filters() const;

  EngineClient& client_;
  const Clock& clock_;
  Identity identity_;
  bool complete_ = false;
  std::optional<Scan> scan_;
  std::string engine_;
  std::map<std::string, Known, std::less<>> found_;
  std::map<std::string, reconcile::ObservedNetwork, std::less<>> networks_;
  std::map<std::string, reconcile::ObservedVolume, std::less<>> volumes_;
  std::vector<std::string> watched_;
  std::map<std::string, reconcile::ObservedImage, std::less<>> images_;
  /// What the images of our containers bring, by image id. An id's image never changes.
  std::map<std::string, reconcile::Fields, std::less<>> image_fields_;
  std::set<std::string, std::less<>> ours_;
  /// Replies may overtake each other: only one asked for later replaces one that is known.
  std::uint64_t last_ticket_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> tickets_;
};

}  // namespace skerry::agent::docker
