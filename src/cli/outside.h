#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "cli/terminal.h"
#include "client/transport.h"

namespace skerry::cli {

/// One server and how it is known.
struct ServerAddress {
  std::string url = {};  // "https://host:port"
  std::string pin = {};  // SHA-256 of the server's public key in hexadecimal; empty: by CA.
};

/// Everything a command meets that is not its own: so a test can stand in for all of it.
struct Outside {
  using Variable = std::function<std::optional<std::string>(std::string_view name)>;
  using Connect =
      std::function<Result<std::unique_ptr<client::Transport>>(const ServerAddress& server)>;
  /// The JSON that the agent behind a unix socket answers to a verb with.
  using AskAgent =
      std::function<Result<std::string>(const std::string& socket, std::string_view verb)>;

  Terminal& terminal;
  const Clock& clock;
  Random& random;
  Variable variable = {};  // Of the environment.
  Connect connect = {};
  AskAgent ask_agent = {};
  std::function<void(std::chrono::milliseconds)> pause = {};
};

}  // namespace skerry::cli
