#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/runtime/docker/engine_client.h"
#include "agent/runtime/docker/stream_reader.h"
#include "base/clock.h"
#include "base/result.h"

namespace skerry::agent::docker {

/// The path and query that fetch an image.
///
/// @param reference  "name", "name:tag", "name@sha256:…" or "name:tag@sha256:…", where the digest
///                   wins
/// @return           `image_pull_failed` for an image id, which no registry knows
Result<std::string> pull_path(std::string_view reference);

/// One pull under way. Its failures come in the stream, under a status of 200, or as a status.
class Pull {
 public:
  struct Callbacks {
    std::function<void(std::string)> progress = {};
    /// The last call, never from inside `begin`.
    std::function<void(Status)> done = {};
  };

  Pull(const Clock& clock, Callbacks callbacks);

  Status begin(EngineClient& client, std::string_view reference);

 private:
  void on_bytes(std::string_view bytes);
  void on_end(Status status);

  const Clock& clock_;
  Callbacks callbacks_;
  PullReader reader_;
  unsigned status_ = 0;
  std::string refusal_ = {};
  std::optional<Instant> last_progress_ = {};
  os::HttpCall call_;
};

}  // namespace skerry::agent::docker
