#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/outside.h"
#include "client/client.h"

namespace skerry::cli {

/// Which server this run speaks to and as whom: from options, environment and settings, in that
/// order. Nothing is read or connected before a command asks.
class Session {
 public:
  Session(const Options& options, Outside& outside) : options_(options), outside_(outside) {}

  /// A client that is signed in; `not_signed_in` where there is no context or no token.
  Result<client::Client*> client();
  /// A client for a server before there is a token.
  Result<client::Client*> client_of(const ServerAddress& server);
  /// A client for a token that is not kept yet.
  Result<client::Client*> client_with(const ServerAddress& server, const Secret& token);

  /// Where settings are kept, and what they are.
  Result<std::string> path() const { return config_path(outside_.variable); }

  Result<Config> config() const;

  /// The context in use, with what options and environment say put over it.
  Result<Context> context() const;
  /// Its name; empty where none is named.
  Result<std::string> context_name() const;

  /// For reports: what was spoken to, and what it said when it refused. Empty before.
  [[nodiscard]] const std::string& server_url() const { return url_; }

  [[nodiscard]] const client::Refusal* refusal() const;

 private:
  const Options& options_;
  Outside& outside_;
  std::string url_;
  std::unique_ptr<client::Transport> transport_;
  std::unique_ptr<client::Client> client_;
};

}  // namespace skerry::cli
