#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "net/exchange.h"
#include "net/request_parser.h"
#include "net/server_tls.h"
#include "os/stream.h"

namespace skerry::net {

struct ConnectionLimits {
  /// For the handshake, and from the first byte of a head to its last.
  std::chrono::milliseconds head = std::chrono::seconds(10);
  std::chrono::milliseconds body = std::chrono::seconds(30);
  /// Between requests.
  std::chrono::milliseconds idle = std::chrono::seconds(60);
  /// For the handler.
  std::chrono::milliseconds answer = std::chrono::seconds(60);
  /// How long the peer may take nothing of what is queued for it.
  std::chrono::milliseconds stall = std::chrono::seconds(30);
  /// Bytes queued for the peer; a larger answer is a 500.
  std::size_t queue_max = std::size_t{16} * 1024 * 1024;
};

/// What the connections of one server share; outlives them.
struct ConnectionContext {
  os::EventLoop& loop;
  ServerTls& tls;
  const Clock& clock;
  ConnectionLimits limits;
  Handler handler;
  std::shared_ptr<Mailbox> mailbox;
  /// Takes the connection off the list, which destroys it.
  std::function<void(std::uint64_t connection)> remove;
  bool stopping = false;
};

/// One peer: requests come in one after the other, each answered before the next is looked at.
/// Private to the room; lives on the server's thread.
class Connection final : public os::StreamHandler {
 public:
  static Result<std::unique_ptr<Connection>> open(ConnectionContext& context,
                                                  std::uint64_t number,
                                                  os::Descriptor socket,
                                                  std::string peer);

  /// Ends as soon as nothing is under way.
  void wind_down();

  [[nodiscard]] const std::string& peer() const { return peer_; }

  // What an exchange asks for.
  void read_body(std::size_t size_max, Exchange::BodyDone done);
  void reply(const Response& response);
  void begin_stream(const Response& response);
  void send(std::string_view bytes);
  void end();
  /// So much of what was handed to `Exchange::send` has come here.
  void settle(std::size_t size);

  /// Whether this is the request under way; what is said about an earlier one comes too late.
  [[nodiscard]] bool serves(std::uint64_t request) const { return busy_ && request == requests_; }

  void on_open(const os::StreamPeer& peer) override;
  void on_bytes(std::string_view bytes) override;
  void on_drained() override;
  void on_closed(const Error& reason) override;

 private:
  enum class State : std::uint8_t { head, handling, body, streaming, closing };

  Connection(ConnectionContext& context, std::uint64_t number, std::string peer)
      : context_(context), number_(number), peer_(std::move(peer)) {}

  void go_on();
  void read_head();
  void start_exchange(ParsedHead parsed);
  void read_more_body();
  void refuse(const Error& error);
  void write(std::string_view bytes);
  void close();
  void cut();
  void let_go();
  void watch_stall();
  void check_stall(std::uint64_t taken_before);

  [[nodiscard]] std::uint64_t taken() const { return written_ - stream_->queued(); }

  void set_deadline(std::chrono::milliseconds patience, ErrorCode code, std::string_view message);

  ConnectionContext& context_;
  std::uint64_t number_;
  std::string peer_;
  std::unique_ptr<os::Stream> stream_;
  State state_ = State::head;
  std::string buffer_;
  os::Timer deadline_;
  os::Timer stall_;
  /// Bytes given to the stream so far.
  std::uint64_t written_ = 0;
  os::Timer cut_;
  // The request under way.
  ParsedHead request_;
  bool body_read_ = true;
  std::optional<BodyReader> body_;
  Exchange::BodyDone body_done_;
  bool busy_ = false;
  std::uint64_t requests_ = 0;
  std::weak_ptr<Exchange> exchange_;
};

}  // namespace skerry::net
