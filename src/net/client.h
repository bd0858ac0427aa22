#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "net/http.h"
#include "os/socket_address.h"

namespace skerry::net {

struct ClientOptions {
  os::Endpoint server = {};
  /// SHA-256 of the server's 65-byte public key. It alone says that this is the server: there is no
  /// way to connect without it, and names and dates in certificates mean nothing.
  Digest server_key = {};
  /// For each address the name has, and for the handshake.
  std::chrono::milliseconds connect = std::chrono::seconds(10);
  /// From the request to the end of the answer.
  std::chrono::milliseconds answer = std::chrono::seconds(60);
  /// Longest silence within a streamed answer; the server's heartbeat comes every 15 s.
  std::chrono::milliseconds silence = std::chrono::seconds(45);
  /// Of an answer that is not streamed; a longer one ends with `body_too_large`.
  std::size_t body_max = std::size_t{64} * 1024 * 1024;
};

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";          // Path and query, already escaped.
  std::vector<Header> headers = {};  // `host`, `content-length`, `connection` are added.
  std::string body = {};
};

/// HTTPS requests to one pinned server, for a command-line program: it waits, and has no loop.
/// Keeps its connection between requests. One thread at a time.
class Client {
 public:
  /// Connects at the first request.
  explicit Client(ClientOptions options);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// Whatever status the server answers with is an answer. A request that a kept connection lost
  /// before any byte of the answer is sent once more where its method is GET or HEAD.
  ///
  /// @return `unreachable`, `server_key_differs`, or a code of os such as `timed_out`, `tls_failed`
  Result<Response> send(const ClientRequest& request);

  /// A piece of a body as it comes; false ends the stream without an error.
  using OnBytes = std::function<bool(std::string_view)>;

  /// The same for an answer without an end, such as a watch. Where the status is not 200 the whole
  /// answer is returned instead; else it returns at the end of the stream, without a body.
  Result<Response> stream(const ClientRequest& request, const OnBytes& on_bytes);

 private:
  class Connection;

  Result<Response> once(const ClientRequest& request, const OnBytes* on_bytes);

  ClientOptions options_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace skerry::net
