#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/http.h"

namespace skerry::net {

class Mailbox;

/// One request, and the way to answer it. All of it may be used from any thread.
///
/// Held by a shared_ptr because it goes from the server's thread to the handler's and through
/// callbacks. Where the last holder lets go of one that was never answered, it is answered with
/// 500, and a stream is ended. Once the peer is gone everything here does nothing.
class Exchange {
 public:
  /// How the server finds the way back: the connection, and which of its requests this is.
  struct Address {
    std::uint64_t connection = 0;
    std::uint64_t request = 0;
  };

  Exchange(std::shared_ptr<Mailbox> mailbox, Address address, RequestHead head);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange();

  [[nodiscard]] const RequestHead& head() const { return head_; }

  using BodyDone = std::function<void(std::string body)>;

  /// Reads the body, which nobody does before: decide first who may send one. A body that is too
  /// large, too slow or not well-formed is refused by the server itself, and `done` never called.
  ///
  /// @param done  on the server's thread; must not block
  void read_body(std::size_t size_max, BodyDone done);

  /// Answers. Only the first answer counts. A body that was not read closes the connection.
  void reply(Response response);

  /// Answers with a body that comes in pieces and ends by `end`. `response.body` is the first one.
  /// To HEAD the head is the whole answer.
  void begin_stream(Response response);
  /// The peer is cut off where it does not take more than the server queues; look at `queued`.
  void send(std::string bytes);
  void end();

  /// Bytes given to `send` that the kernel has not taken yet.
  [[nodiscard]] std::size_t queued() const { return pending_ + in_stream_; }

  /// The peer has hung up, or was cut off.
  [[nodiscard]] bool gone() const { return gone_; }

 private:
  friend class Connection;

  std::shared_ptr<Mailbox> mailbox_;  // Outlives the server for those who answer too late.
  Address address_;
  RequestHead head_;
  std::atomic<bool> answered_{false};
  std::atomic<bool> streaming_{false};
  std::atomic<bool> gone_{false};
  std::atomic<std::size_t> pending_{0};
  std::atomic<std::size_t> in_stream_{0};
};

/// Called on the server's thread once a request's head is there; must not block.
using Handler = std::function<void(std::shared_ptr<Exchange> exchange)>;

}  // namespace skerry::net
