#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/error.h"
#include "server/gateway/gateway.h"
#include "sim/sim_random.h"
#include "sim/timeline.h"

namespace skerry::sim {

/// Ends of a connection.
enum class End : std::uint8_t { agent, server };

/// One site's way to the server.
struct Road {
  bool is_cut = false;
  std::chrono::milliseconds delay_max{200};
};

class Network;

/// A byte stream between an agent and the server, with the agent's identity already proved. In
/// order and without loss while it lives, as TCP; cut at any byte, and known to be so only later.
class Stream final : public gateway::Connection {
 public:
  Stream(Network& network, std::size_t agent, const PublicKey& key)
      : network_(network), agent_(agent), key_(key) {}

  // The server's end.
  Status send(std::string_view bytes) override;

  [[nodiscard]] std::size_t queued() const override { return 0; }

  void finish() override;

  [[nodiscard]] std::size_t agent() const { return agent_; }

  [[nodiscard]] const PublicKey& key() const { return key_; }

  /// The gateway's name for it; 0 before it has one.
  gateway::Gateway::Number number = 0;
  /// Which ends still listen.
  std::array<bool, 2> is_open{true, true};
  /// Bytes no longer arrive; nobody may know yet.
  bool is_broken = false;
  /// Nothing of one direction arrives before what was sent earlier.
  std::array<Instant, 2> busy_until{};

 private:
  Network& network_;
  std::size_t agent_;
  PublicKey key_;
};

/// What the network tells the two sides.
struct NetworkEnds {
  std::function<void(std::shared_ptr<Stream>)> on_accept;
  std::function<void(std::size_t agent, Stream&)> on_open;
  std::function<void(Stream&, End to, std::string bytes)> on_bytes;
  std::function<void(Stream&, End to)> on_closed;
  std::function<bool()> is_server_up;
  /// A hostile relay's hand on what goes down to a site.
  std::function<std::string(std::size_t agent, std::string bytes)> tamper;
};

class Network {
 public:
  Network(Timeline& timeline, std::uint64_t seed, std::size_t agents, NetworkEnds ends)
      : timeline_(timeline), random_(seed), ends_(std::move(ends)), roads_(agents) {}

  /// An agent dials; it hears of it through the ends.
  std::shared_ptr<Stream> dial(std::size_t agent, const PublicKey& key);
  void send(Stream& stream, End from, std::string_view bytes);
  /// One end goes; the other hears of it later.
  void close(Stream& stream, End from);
  /// The bytes on their way are lost and both ends hear of it, each in its own time.
  void break_stream(Stream& stream);

  [[nodiscard]] Road& road(std::size_t agent) { return roads_[agent]; }

  /// The newest stream of an agent.
  [[nodiscard]] std::shared_ptr<Stream> stream(std::size_t agent);

  std::chrono::milliseconds delay(std::size_t agent);

  std::shared_ptr<Stream> find(const Stream& stream);

 private:
  void deliver(const std::shared_ptr<Stream>& stream, End from, std::string bytes);
  void tell_closed(const std::shared_ptr<Stream>& stream, End to, std::chrono::milliseconds after);
  void forget_closed();

  Timeline& timeline_;
  SimRandom random_;
  NetworkEnds ends_;
  std::vector<Road> roads_;
  std::vector<std::shared_ptr<Stream>> streams_;
};

}  // namespace skerry::sim
