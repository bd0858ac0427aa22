#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/uplink/session.h"
#include "base/clock.h"
#include "base/random.h"

namespace skerry::agent {

inline constexpr ErrorCode link_timed_out{"link_timed_out"};

/// A connection being made or held; what the link needs of the network. The owner reports what it
/// says through `Link::on_…`. At most one connection exists.
class Connector {
 public:
  Connector() = default;
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;
  virtual ~Connector() = default;

  /// Starts connecting to a server, as the identity this agent holds.
  virtual void dial(const std::string& address) = 0;
  /// Sends on the open connection; `queue_full` means the peer does not read.
  virtual Status send(std::string_view bytes) = 0;
  /// Drops whatever there is; no `on_closed` follows.
  virtual void hang_up() = 0;
};

/// Keeps one session with one of the site's servers for as long as there is a network: dials, backs
/// off, and beats. A peer that went silent is noticed by the connection, which must have what it
/// sends acknowledged in time (TCP user timeout), and so within a beat and that timeout.
///
/// Driven by `step` and the `on_…` calls; sleeps otherwise.
class Link {
 public:
  struct Options {
    /// In this order; the next one is tried after a failure.
    std::vector<std::string> servers = {};
    Session::Self self = {};
    std::chrono::milliseconds back_off_first{1000};
    std::chrono::milliseconds back_off_max = std::chrono::minutes(5);
    /// A session that lived this long resets the back-off.
    std::chrono::seconds healthy_after{60};
    std::chrono::seconds beat{300};
  };

  Link(const Session::Outside& outside, Connector& connector, Random& random, Options options);

  /// @return  when to call again if nothing happens before; an error ends the process
  Result<std::optional<Instant>> step(Instant now);

  Status on_open(const PublicKey& server_key, Instant now);
  Status on_bytes(std::string_view bytes, Instant now);
  void on_closed(const Error& reason, Instant now);

  /// Ends what there is and dials at once: a new identity, or a person asked.
  void redial(Instant now);

  /// Nothing while there is no connection.
  [[nodiscard]] Session* session() { return session_ ? &*session_ : nullptr; }

  /// What sessions brought since the last call, also one that has ended meanwhile.
  Session::News take_news();

  /// Sends what the session has to say.
  Status flush(Instant now);

  [[nodiscard]] const std::optional<Error>& last_error() const { return last_error_; }

  /// How many connections and attempts have ended so far.
  [[nodiscard]] std::uint64_t ended() const { return ended_; }

  [[nodiscard]] bool is_steady() const {
    return session_ && session_->phase() == Session::Phase::steady;
  }

 private:
  void dial(Instant now);
  /// @param reason  by value: it may belong to the session that ends here
  void close(Error reason, Instant now);
  void drop_session();
  Status remember_failures();
  [[nodiscard]] bool is_unanswered() const;
  [[nodiscard]] std::chrono::milliseconds back_off();
  [[nodiscard]] std::chrono::milliseconds jittered(std::chrono::milliseconds hint);
  [[nodiscard]] std::chrono::seconds beat() const;
  [[nodiscard]] std::optional<Instant> wake_at() const;

  Session::Outside outside_;
  Connector* connector_;
  Random* random_;
  Options options_;
  std::optional<Session> session_;
  std::optional<Error> last_error_;
  std::uint64_t ended_ = 0;
  /// Of sessions that have ended.
  Session::News news_;
  bool dialling_ = false;
  std::size_t server_ = 0;
  std::uint64_t failures_ = 0;
  std::uint64_t failures_kept_ = 0;
  Instant dial_at_;
  Instant opened_at_;
  Instant sent_at_;
  /// While dialling: when to give up.
  Instant deadline_;
};

}  // namespace skerry::agent
