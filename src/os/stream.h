#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/event_loop.h"
#include "os/lifeline.h"
#include "os/transport.h"

namespace skerry::os {

/// What a stream tells its owner, from the event loop and never from inside a call of the owner.
/// Each of these may destroy the stream.
class StreamHandler {
 public:
  StreamHandler() = default;
  StreamHandler(const StreamHandler&) = delete;
  StreamHandler& operator=(const StreamHandler&) = delete;
  virtual ~StreamHandler() = default;

  /// The handshake is done and the peer's key was accepted; a plain stream's `peer` is empty.
  virtual void on_open(const StreamPeer& /*peer*/) {}

  /// Some bytes, as they came; valid during the call.
  virtual void on_bytes(std::string_view bytes) = 0;

  /// All that was queued has gone to the kernel. Comes only after something had to be queued.
  virtual void on_drained() {}

  /// The last call, exactly once, unless the owner destroys the stream before: it is over.
  /// `connection_closed` is an orderly end; anything else is not.
  virtual void on_closed(const Error& reason) = 0;
};

struct StreamOptions {
  /// From the creation of the stream to its `on_open`.
  std::chrono::milliseconds handshake = std::chrono::seconds(10);
  /// From `finish` until the peer must have taken everything and hung up.
  std::chrono::milliseconds linger = std::chrono::seconds(5);
  /// Bytes that may wait to be sent.
  std::size_t queue_max = std::size_t{1024} * 1024;
};

/// A byte stream on a connected socket in the event loop, plain or TLS: made by `open_plain_stream`
/// and `TlsContext::open`.
///
/// It reads as soon as it exists, and holds no buffer while nothing is under way. It has no read
/// deadline of its own: how long a peer may be silent is the protocol's to say.
/// Destroying it cuts the connection at once.
class Stream {
 public:
  static Result<std::unique_ptr<Stream>> create(EventLoop& loop,
                                                Descriptor socket,
                                                std::unique_ptr<Transport> transport,
                                                StreamHandler& handler,
                                                const StreamOptions& options);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();

  /// Sends all of `bytes`, or queues what the kernel does not take, or takes nothing: `queue_full`
  /// where they do not fit (wait for `on_drained`), `connection_closed` after `finish` or the end.
  /// Before `on_open` bytes are queued.
  Status send(std::string_view bytes);

  /// Sends what is queued, ends the stream in order, and drops what still comes in. `on_closed`
  /// follows when the peer has hung up too, or `linger` has passed.
  void finish();

  enum class Reading : std::uint8_t { on, off };
  /// Off pushes back on the peer through TCP, for a reader that cannot keep up. While off, the end
  /// of the connection is noticed only by sending.
  void set_reading(Reading reading);

  /// Bytes that wait to be sent.
  [[nodiscard]] std::size_t queued() const { return queue_.size() - queue_sent_; }

  /// Memory for sending: those bytes, and at most as many again that were sent before them.
  [[nodiscard]] std::size_t held() const { return queue_.size(); }

 private:
  enum class State : std::uint8_t { handshaking, refusing, open, finishing, closed };

  Stream(EventLoop& loop,
         Descriptor socket,
         std::unique_ptr<Transport> transport,
         StreamHandler& handler,
         const StreamOptions& options);
  void on_ready(Readiness ready);
  void shake_hands();
  void refuse(Error reason);
  void drop_input();
  void flush();
  void drop_sent();
  void read_some();
  void handle_read(const Io& io, std::string_view bytes);
  std::size_t write_now(std::string_view bytes);
  void update_interest();
  void close_later(Error reason);
  void close(const Error& reason);

  EventLoop& loop_;
  StreamHandler& handler_;
  Descriptor socket_;
  std::unique_ptr<Transport> transport_;
  Lifeline lifeline_;
  Watch watch_;
  Timer
      timer_;  // Of the handshake, then of lingering, then of a close that must come from the loop.
  std::unique_ptr<Error> refusal_;  // Why, while refusing.
  std::string queue_;
  std::size_t queue_sent_ = 0;
  std::size_t queue_max_;
  std::chrono::milliseconds linger_;
  State state_ = State::handshaking;
  Reading reading_ = Reading::on;
  bool wants_write_ = true;  // The transport does; at first so that the handshake begins.
};

/// A stream of the bytes as they are, for a unix socket.
Result<std::unique_ptr<Stream>> open_plain_stream(EventLoop& loop,
                                                  Descriptor socket,
                                                  StreamHandler& handler,
                                                  const StreamOptions& options);

}  // namespace skerry::os
