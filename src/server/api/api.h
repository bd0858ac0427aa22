#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "document/report.h"
#include "net/exchange.h"
#include "server/store/change.h"
#include "server/store/reader.h"
#include "trust/keys.h"

namespace skerry::api {

/// Whether a site's agent has a session now.
struct Presence {
  bool connected = false;
  /// When it was last heard; the epoch where it was not since the start.
  WallTime last_seen = {};
};

/// What the API needs from outside; all of it outlives the API.
struct Environment {
  /// Used on the API's own thread alone: not shared with anybody.
  store::Reader* reader = nullptr;
  /// Hands a change to the store's writer. Called on the API's thread; `done` may be called on any,
  /// also after the API has stopped.
  std::function<Status(store::Change change, store::Done done)> submit = {};
  /// For releases (author) and charters (enrol, assign); what is kept elsewhere cannot be done
  /// here.
  const trust::KeyRing* keys = nullptr;
  /// See charters::Signers.
  bool brings_planner = false;
  /// Names the root key; given with each enrolment token.
  Digest root_key = {};
  Crypto* crypto = nullptr;  // Used on the API's threads: must allow that.
  const Clock* clock = nullptr;
  Random* random = nullptr;  // The same.
  const Log* log = nullptr;
  /// How often a watch without news shows that it lives.
  std::chrono::milliseconds beat = std::chrono::seconds(15);
  /// Called on the API's thread.
  std::function<Presence(store::SiteNumber site)> presence = {};
  /// Why the planner holds a site, or a stack of it, back. Called on the API's thread, as the next.
  std::function<std::optional<document::Reason>(store::SiteNumber site)> held = {};
  /// Why no site is told anything new of a stack.
  std::function<std::optional<std::string>(const std::string& stack)> unreadable = {};
  /// The revision up to which the planner has told every site what follows from it; nothing where
  /// none is waited for.
  std::function<std::uint64_t()> planned = {};
  /// Stacks that sites run, that a restored store does not have and nobody has decided on.
  std::function<std::set<std::string, std::less<>>()> unknown_stacks = {};
  /// Whether the process does its work, for /readyz; nothing where it always does.
  std::function<bool()> ready = {};
  /// More lines for /metrics, in Prometheus' text format.
  std::function<std::string()> metrics = {};
  std::string version = {};
  /// "host:port" where agents come, for the enrolment command; may be empty.
  std::string site_address = {};
};

/// The public API: requests in, answers out, everything through the store.
///
/// Two threads: one reads the store, decides and answers; the other only hashes passwords. Wiring:
///
///   auto api = api::Api::start(environment);
///   auto server = net::Server::start(key, options, api->handler(), log);   // after the API
///   …  after each commit:  api->wake();
///   …  server->stop(); api->stop();                                        // in this order
class Api {
 public:
  static Result<std::unique_ptr<Api>> start(const Environment& environment);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;
  /// Stops.
  ~Api();

  /// For the HTTP server.
  net::Handler handler();

  /// The store has changed: watches look at once. From any thread; cheap. Without it they look once
  /// a second.
  void wake();

  /// Ends watches and both threads. What is still asked is answered with 500 by the HTTP server.
  void stop();

 private:
  class Core;

  explicit Api(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
};

}  // namespace skerry::api
