// What the peer of a site link sends. The first byte says in pieces of which size it comes; however
// it is cut, it holds the same frames, and frame and message have no other bytes than these.
#include <algorithm>
#include <vector>

#include "fuzz.h"
#include "wire/frame.h"
#include "wire/messages.h"

namespace skerry::wire {
namespace {

using fuzz::require;

struct Read {
  /// All frames, written again.
  std::string bytes = {};
  bool ended = false;

  friend bool operator==(const Read&, const Read&) = default;
};

void try_message(const Frame& frame, std::string_view bytes) {
  const Result<Message> message = decode_message(frame);
  if (message) {
    require(encode_message(*message) == bytes);
  }
}

Read read_in_pieces(std::string_view bytes, std::size_t piece) {
  Read read;
  FrameReader reader;
  while (!bytes.empty() && !read.ended) {
    reader.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      const Result<std::optional<Frame>> frame = reader.next();
      read.ended = !frame;
      if (!frame || !*frame) {
        break;
      }
      std::string again;
      append_frame(again, (*frame)->channel, (*frame)->kind, (*frame)->body);
      try_message(**frame, again);
      read.bytes += again;
    }
  }
  return read;
}

fuzz::Seeds seeds() {
  AgentHello hello{.protocol = 1, .agent_version = "0.1.0", .start = 7, .boot_id = "b"};
  hello.floor = {.term = 1, .seq = 9};
  const std::vector<std::pair<std::string, Message>> messages = {
      {"hello", hello},
      {"server_hello", ServerHello{.protocol = 1, .time_ms = 1, .event = {1, 2}, .beat_s = 300}},
      {"trust_request", TrustRequest{.version = 300}},
      {"document", Document{.envelope = "an envelope"}},
      {"enrol",
       EnrolRequest{
           .token = "ske_0", .name = "shop", .facts = {{.name = "arch", .value = "amd64"}}}},
      {"want", Want{.digests = {Digest{}, Digest{}}}},
      {"events",
       EventBatch{.events = {{.number = {.start = 1, .seq = 2}, .code = "gap", .count = 3}}}},
      {"report",
       ReportMessage{.report = {.number = {.start = 1, .seq = 1},
                                .stacks = {{.name = "pos", .services = {{.name = "web"}}}}}}},
      {"bye", Bye{.code = "revoked", .retry_after_s = 60}}};
  fuzz::Seeds seeds;
  std::string all;
  for (const auto& [name, message] : messages) {
    seeds[name] = "\x06" + encode_message(message);
    all += encode_message(message);
  }
  seeds["session"] = "\x20" + encode_message(Beat{}) + all + encode_message(TrustEnd{});
  return seeds;
}

}  // namespace
}  // namespace skerry::wire

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  skerry::fuzz::offer_seeds(skerry::wire::seeds());
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry::wire;  // NOLINT(google-build-using-namespace): one function.
  if (size == 0) {
    return 0;
  }
  const std::string_view bytes = skerry::fuzz::view_of(data + 1, size - 1);
  const Read whole = read_in_pieces(bytes, std::max<std::size_t>(bytes.size(), 1));
  require(whole == read_in_pieces(bytes, std::size_t{data[0]} + 1));
  require(bytes.starts_with(whole.bytes));
  return 0;
}
