// What local hands say to an agent's socket, and what the command line hears there: the first byte
// chooses whose ear it is. Bytes that are understood are the only ones that say it.
#include "fuzz.h"
#include "wire/frame.h"
#include "wire/local.h"

namespace skerry::wire {
namespace {

using fuzz::require;

/// As the agent's socket has it.
constexpr std::size_t request_bytes_max = 1024;

void hear(std::string_view bytes, bool is_agent) {
  FrameReader reader(is_agent ? request_bytes_max : frame_bytes_max);
  reader.feed(bytes);
  for (;;) {
    const Result<std::optional<Frame>> frame = reader.next();
    if (!frame || !*frame) {
      return;
    }
    std::string again;
    append_frame(again, 0, (*frame)->kind, (*frame)->body);
    if (is_agent) {
      const auto request = decode_local_request((*frame)->kind, (*frame)->body);
      require(!request || encode_local(*request) == again);
    } else {
      const auto reply = decode_local_reply((*frame)->kind, (*frame)->body);
      require(!reply || encode_local(*reply) == again);
    }
  }
}

fuzz::Seeds seeds() {
  return {{"status", "A" + encode_local(LocalRequest{.verb = "status"})},
          {"floor", "A" + encode_local(LocalRequest{.verb = "floor"})},
          {"reply", "B" + encode_local(LocalReply{.json = "{\"floor\":\"1.7\"}"})},
          {"refused",
           "B" + encode_local(LocalReply{.code = "unknown_verb", .message = "no such verb"})}};
}

}  // namespace
}  // namespace skerry::wire

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  skerry::fuzz::offer_seeds(skerry::wire::seeds());
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size != 0) {
    skerry::wire::hear(skerry::fuzz::view_of(data + 1, size - 1), data[0] % 2 == 1);
  }
  return 0;
}
