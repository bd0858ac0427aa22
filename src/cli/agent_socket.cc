#include "cli/agent_socket.h"

#include "cli/exit.h"
#include "os/unix_socket.h"
#include "wire/frame.h"
#include "wire/local.h"

namespace skerry::cli {
namespace {

constexpr std::chrono::seconds patience{10};
constexpr std::size_t block_bytes = 65'536;

Error no_agent(const std::string& socket, const Error& why) {
  Error error{.kind = why.kind,
              .code = why.code,
              .message = "cannot speak to the agent at " + socket + "\n" + why.message};
  error.hint = why.kind == ErrorKind::denied
                   ? "the socket is for root: sudo skerry site status"
                   : "run this on the site, and check that the agent runs there";
  return error;
}

Result<wire::LocalReply> read_reply(os::UnixClient& client) {
  wire::FrameReader reader;
  while (true) {
    SKERRY_TRY(const auto frame, reader.next());
    if (frame) {
      return wire::decode_local_reply(frame->kind, frame->body);
    }
    SKERRY_TRY(const std::string bytes, client.receive(block_bytes));
    if (bytes.empty()) {
      return fail({.kind = ErrorKind::unavailable,
                   .code = wire::bad_frame,
                   .message = "the agent ended the connection without an answer"});
    }
    reader.feed(bytes);
  }
}

Result<wire::LocalReply> exchange(const std::string& socket, std::string_view verb) {
  SKERRY_TRY(auto client, os::UnixClient::connect(socket, patience));
  SKERRY_CHECK(client.send(wire::encode_local(wire::LocalRequest{.verb = std::string(verb)})));
  return read_reply(client);
}

}  // namespace

Result<std::string> ask_agent(const std::string& socket, std::string_view verb) {
  auto reply = exchange(socket, verb);
  if (!reply) {
    return fail(no_agent(socket, reply.error()));
  }
  if (!reply->code.empty()) {
    return fail({.kind = ErrorKind::conflict,
                 .code = agent_refused,
                 .message = reply->message.empty() ? reply->code : reply->message});
  }
  return std::move(reply->json);
}

}  // namespace skerry::cli
