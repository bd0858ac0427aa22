#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "cli/outside.h"

namespace skerry::cli {

/// Keeps what is written and answers what is asked.
class FakeTerminal final : public Terminal {
 public:
  std::string written_out;
  std::string written_err;
  std::string input;
  std::deque<std::string> answers;
  std::size_t columns = 0;
  bool out_tty = false;
  bool in_tty = false;

  void out(std::string_view text) override { written_out += text; }

  void err(std::string_view text) override { written_err += text; }

  [[nodiscard]] bool out_is_tty() const override { return out_tty; }

  [[nodiscard]] bool in_is_tty() const override { return in_tty; }

  [[nodiscard]] std::size_t width() const override { return columns; }

  Result<std::string> read_input() override { return input; }

  Result<std::string> ask(std::string_view question) override {
    written_err += question;
    return next_answer();
  }

  Result<Secret> ask_secret(std::string_view question) override {
    written_err += question;
    return Secret(next_answer());
  }

  std::unique_ptr<Notice> notice_after(std::chrono::milliseconds /*delay*/,
                                       std::string_view /*text*/) override {
    return nullptr;
  }

 private:
  std::string next_answer() {
    if (answers.empty()) {
      return {};
    }
    std::string answer = answers.front();
    answers.pop_front();
    return answer;
  }
};

/// What a server was asked, and what it will answer.
struct FakeServer {
  struct Asked {
    std::string line = {};  // "GET /api/v1/sites".
    std::string content_type = {};
    std::string body = {};
    std::string token = {};
    std::string position = {};  // Where a watch goes on.
  };

  std::vector<Asked> asked = {};
  std::deque<Result<client::Reply>> replies = {};
  std::vector<ServerAddress> connected = {};
};

class FakeTransport final : public client::Transport {
 public:
  explicit FakeTransport(FakeServer& server) : server_(server) {}

  Result<client::Reply> send(const client::Request& request) override {
    FakeServer::Asked asked{.line = request.method + " " + request.target,
                            .body = request.body,
                            .token = std::string(request.token.reveal())};
    for (const auto& header : request.headers) {
      if (header.name == "Content-Type") {
        asked.content_type = header.value;
      } else if (header.name == "Last-Event-ID") {
        asked.position = header.value;
      }
    }
    server_.asked.push_back(std::move(asked));
    if (server_.replies.empty()) {
      return fail({.kind = ErrorKind::internal, .message = "a request too many"});
    }
    auto reply = server_.replies.front();
    server_.replies.pop_front();
    return reply;
  }

  Result<client::Reply> stream(const client::Request& request, const Take& take) override {
    SKERRY_TRY(client::Reply reply, send(request));
    if (reply.status == 200) {
      take(reply.body);
      reply.body.clear();
    }
    return reply;
  }

 private:
  FakeServer& server_;
};

/// Stands still until somebody waits.
class FakeClock final : public Clock {
 public:
  std::chrono::milliseconds passed{0};

  [[nodiscard]] Instant now() const override { return Instant{} + passed; }

  [[nodiscard]] WallTime wall() const override {
    // 2026-03-02T12:00:00Z, as in the cases.
    return WallTime{std::chrono::milliseconds{1'772'452'800'000}} + passed;
  }
};

class FakeRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (auto& byte : out) {
      byte = 0xAB;
    }
  }
};

/// A whole world for one command.
struct FakeWorld {
  FakeTerminal terminal = {};
  FakeServer server = {};
  FakeClock clock = {};
  FakeRandom random = {};
  std::map<std::string, std::string, std::less<>> variables = {};
  Result<std::string> agent_says = std::string("{}");
  std::vector<std::string> agent_asked = {};

  Outside outside() {
    return {.terminal = terminal,
            .clock = clock,
            .random = random,
            .variable = [this](std::string_view name) -> std::optional<std::string> {
              const auto found = variables.find(name);
              return found == variables.end() ? std::nullopt : std::optional(found->second);
            },
            .connect =
                [this](const ServerAddress& address) -> Result<std::unique_ptr<client::Transport>> {
              server.connected.push_back(address);
              return std::make_unique<FakeTransport>(server);
            },
            .ask_agent =
                [this](const std::string& socket, std::string_view verb) {
                  agent_asked.push_back(socket + " " + std::string(verb));
                  return agent_says;
                },
            .pause = [this](std::chrono::milliseconds time) { clock.passed += time; }};
  }

  /// Signed in to a server by the environment alone.
  void sign_in() {
    variables["SKERRY_SERVER"] = "https://edge.example:8443";
    variables["SKERRY_PIN"] = std::string(64, 'a');
    variables["SKERRY_TOKEN"] = "very-secret-token";
    variables["SKERRY_CONFIG"] = "/nonexistent/skerry.yaml";
  }
};

}  // namespace skerry::cli
