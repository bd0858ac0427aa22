#pragma once

#include <functional>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/event_loop.h"
#include "os/unix_address.h"

namespace skerry::agent::docker {

/// An engine that says what a test tells it to: the reply of each path, and events.
class FakeEngine {
 public:
  struct Reply {
    unsigned status = 200;
    std::string body = {};
  };

  FakeEngine(os::EventLoop& loop, const std::string& path) : loop_(loop) {
    auto listener = os::listen_unix(path, 0600);
    EXPECT_TRUE(listener);
    listener_ = *std::move(listener);
    watch_ = *loop_.watch(listener_.get(), {.readable = true}, [this](os::Readiness) { accept(); });
  }

  /// By the path without version and query: "/info". Others are answered with 404.
  std::map<std::string, Reply, std::less<>> replies;

  /// First lines of all requests, as they came.
  std::vector<std::string> requests;

  void event(std::string line) {
    line += "\n";
    for (auto& connection : connections_) {
      if (connection.has_events) {
        send(connection, line);
      }
    }
  }

  /// As a killed engine does.
  void drop_connections() { connections_.clear(); }

 private:
  struct Connection {
    os::Descriptor socket = {};
    os::Watch watch = {};
    std::string input = {};
    bool has_events = false;
  };

  static void send(const Connection& connection, const std::string& bytes) {
    // Room for all of it, for who reads it is in the same thread.
    const int room = 1 << 20;
    ::setsockopt(connection.socket.get(), SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
    const auto sent = ::send(connection.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    EXPECT_EQ(sent, static_cast<ssize_t>(bytes.size()));
  }

  void accept() {
    auto& connection = connections_.emplace_back();
    connection.socket = os::Descriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    connection.watch = *loop_.watch(connection.socket.get(),
                                    {.readable = true},
                                    [this, &connection](os::Readiness) { receive(connection); });
  }

  void receive(Connection& connection) {
    char bytes[4096];
    const auto size = ::read(connection.socket.get(), bytes, sizeof bytes);
    if (size <= 0) {
      connections_.remove_if([&](const Connection& other) { return &other == &connection; });
      return;
    }
    connection.input.append(bytes, static_cast<std::size_t>(size));
    const auto end = connection.input.find("\r\n\r\n");
    if (end != std::string::npos) {
      const auto line = connection.input.substr(0, connection.input.find("\r\n"));
      connection.input.erase(0, end + 4);
      answer(connection, line);
    }
  }

  /// "GET /v1.41/info?x HTTP/1.1" -> "/info"
  static std::string path_of(std::string_view line) {
    auto path = line.substr(line.find(' ') + 1);
    path = path.substr(0, path.find_first_of(" ?"));
    return std::string(path.starts_with("/v1.") ? path.substr(path.find('/', 1)) : path);
  }

  void answer(Connection& connection, const std::string& line) {
    requests.push_back(line);
    const auto path = path_of(line);
    if (path == "/events") {
      connection.has_events = true;
      return send(connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
    }
    const auto found = replies.find(path);
    const auto reply = found == replies.end() ? Reply{.status = 404, .body = "{}"} : found->second;
    send(connection,
         "HTTP/1.1 " + std::to_string(reply.status) + " X\r\nContent-Length: " +
             std::to_string(reply.body.size()) + "\r\n\r\n" + reply.body);
  }

  os::EventLoop& loop_;
  os::Descriptor listener_;
  os::Watch watch_;
  std::list<Connection> connections_;
};

}  // namespace skerry::agent::docker
