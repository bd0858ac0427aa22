#include "wire/messages.h"

#include "document/codec.h"

namespace skerry::wire {
namespace {

/// Tries the alternatives of `Message` from `index` on.
template <std::size_t index = 0>
Result<Message> decode_kind(const Frame& frame) {
  if constexpr (index == std::variant_size_v<Message>) {
    return fail({.kind = ErrorKind::invalid,
                 .code = bad_frame,
                 .message = "unknown message kind " + std::to_string(frame.kind)});
  } else {
    using T = std::variant_alternative_t<index, Message>;
    if (frame.kind != T::kind) {
      return decode_kind<index + 1>(frame);
    }
    SKERRY_TRY(T message, document::decode<T>(frame.body, {.bytes_max = frame_bytes_max}));
    return Message(std::move(message));
  }
}

}  // namespace

std::string encode_message(const Message& message) {
  std::string out;
  std::visit(
      [&out](const auto& value) { append_frame(out, 0, value.kind, document::encode(value)); },
      message);
  return out;
}

Result<Message> decode_message(const Frame& frame) {
  if (frame.channel != 0) {
    return fail({.kind = ErrorKind::invalid,
                 .code = bad_frame,
                 .message = "channel " + std::to_string(frame.channel) + " is not open"});
  }
  return decode_kind(frame);
}

}  // namespace skerry::wire
