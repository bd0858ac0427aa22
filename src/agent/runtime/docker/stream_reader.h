#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "agent/runtime/docker/json_filter.h"
#include "base/result.h"

/// Reads the engine's endless answers: JSON objects, one a line, in pieces of any size.
namespace skerry::agent::docker {

/// Puts lines together from pieces. A line longer than its cap is dropped and counted, and the next
/// one is read as usual.
class LineReader {
 public:
  explicit LineReader(std::size_t line_size_max) : line_size_max_(line_size_max) {}

  /// Calls `on_line` for each whole line that is not empty.
  void feed(std::string_view bytes, const std::function<void(std::string_view)>& on_line);
  /// The last line may lack its line feed.
  void end(const std::function<void(std::string_view)>& on_line);

  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  std::size_t line_size_max_;
  std::string line_ = {};
  bool dropping_ = false;
  std::uint64_t dropped_ = 0;
};

/// What the engine says happened. One event carries all labels of its container.
struct EngineEvent {
  enum class Type : std::uint8_t { other, container, network, volume, image };

  Type type = Type::other;
  /// "die", "kill", "health_status: unhealthy", …
  std::string action = {};
  /// Container, network: id; volume: name; image: reference or id.
  std::string id = {};
  /// network: the container that was connected or disconnected.
  std::string container = {};
  /// The install id it carries; networks and volumes show none in their events.
  std::string install = {};
};

inline constexpr std::size_t event_size_max = std::size_t{256} * 1024;

Result<EngineEvent> read_event(std::string_view line);

/// The `filters` of GET /events: the types and actions that matter. No label filter, for it would
/// hide networks, volumes and images, whose events carry none; and no exec_… actions, of which each
/// health check makes three.
std::string event_filters();

/// What a pull says as it goes. Its failure stands here, under a status of 200.
class PullReader {
 public:
  void feed(std::string_view bytes);
  void end();

  /// "image_pull_failed" with the engine's words, where it said so.
  [[nodiscard]] Status outcome() const;
  /// The newest line for people: "Downloading 4f4fb700ef54 [==>  ] 12MB/40MB"; empties it.
  std::string take_progress();

 private:
  void on_line(std::string_view line);

  LineReader lines_{std::size_t{64} * 1024};
  std::string progress_ = {};
  std::string error_ = {};
};

}  // namespace skerry::agent::docker
