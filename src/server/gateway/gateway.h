#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "server/gateway/site_session.h"

namespace skerry::gateway {

/// How the gateway reaches one peer. The owner of the socket implements it.
class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  virtual Status send(std::string_view bytes) = 0;
  /// Bytes that the peer has not taken yet. `Gateway::on_drained` follows when there are none left.
  [[nodiscard]] virtual std::size_t queued() const = 0;
  /// Sends what is queued and ends. `Gateway::on_closed` follows.
  virtual void finish() = 0;

  /// The peer is a site that belongs here.
  virtual void on_greeted() {}
};

/// All site links of one server.
///
/// Driven by `step` and the `on_…` calls, on one thread. It follows the store's cursors: when a
/// site's charter or manifest has changed it wakes that site's session alone.
class Gateway {
 public:
  using Number = std::uint64_t;

  explicit Gateway(Desk desk) : desk_(std::move(desk)) {}

  /// A peer has proved its key. Returns the number by which it is spoken of from now on.
  Number on_open(const PublicKey& key, std::string address, Connection& connection);
  void on_bytes(Number number, std::string_view bytes);

  /// The peer has taken all that was sent.
  void on_drained(Number number) { flush(number); }

  void on_closed(Number number);

  /// Follows the store and drops peers that went silent. To be called when the store has changed
  /// and at the returned time.
  Result<Instant> step(Instant now);

  /// Ends all sessions in order; peers come back after `retry_after_s`.
  void say_goodbye(std::uint32_t retry_after_s);

  struct Presence {
    bool connected = false;
    /// When it was last heard, by the wall; the epoch where it was not since the start.
    WallTime last_seen = {};

    friend bool operator==(const Presence&, const Presence&) = default;
  };

  /// What has changed of one site; `{}` where there is nothing to say of it any more.
  using PresenceChanged = std::function<void(store::SiteNumber site, const Presence& presence)>;

  [[nodiscard]] const std::map<store::SiteNumber, Presence>& presence() const { return presence_; }

  [[nodiscard]] std::size_t links() const { return peers_.size(); }

  /// Called after the presence has changed.
  void on_presence_changed(PresenceChanged callback) { presence_changed_ = std::move(callback); }

 private:
  struct Peer {
    std::shared_ptr<SiteSession> session;
    Connection* connection = nullptr;
    Instant heard_at = {};
    bool finishing = false;
  };

  void flush(Number number);
  void claim_site(Number number);
  void set_presence(store::SiteNumber site, const Presence& presence);
  Status follow_sites();
  Status follow_manifests();
  void refresh(store::SiteNumber site);
  void refresh_strangers(const Digest& key);
  void drop_silent(Instant now);
  [[nodiscard]] std::chrono::seconds silence_max(const Peer& peer) const;

  Desk desk_;
  std::map<Number, Peer> peers_;
  /// The one session of each site that has said hello.
  std::map<store::SiteNumber, Number> by_site_;
  std::map<store::SiteNumber, Presence> presence_;
  PresenceChanged presence_changed_;
  /// Peers that have not said hello, by the key they proved.
  std::set<std::pair<Digest, Number>> strangers_;
  Number last_number_ = 0;
  std::uint64_t sites_version_ = 0;
  std::uint64_t told_version_ = 0;
};

}  // namespace skerry::gateway
