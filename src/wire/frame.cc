#include "wire/frame.h"

namespace skerry::wire {
namespace {

/// A length fits in four bytes of seven bits, as does a channel.
constexpr std::size_t varint_bytes_max = 4;

struct Varint {
  std::uint32_t value = 0;
  std::size_t bytes = 0;
};

void append_varint(std::string& out, std::size_t value) {
  while (value >= 0x80U) {
    out += static_cast<char>((value & 0x7FU) | 0x80U);
    value >>= 7U;
  }
  out += static_cast<char>(value);
}

tl::unexpected<Error> bad(const char* message) {
  return fail({.kind = ErrorKind::invalid, .code = bad_frame, .message = message});
}

Result<std::optional<Varint>> read_varint(std::string_view bytes) {
  Varint varint;
  for (std::size_t i = 0; i < varint_bytes_max; ++i) {
    if (i == bytes.size()) {
      return std::optional<Varint>();
    }
    const auto byte = static_cast<unsigned char>(bytes[i]);
    varint.value |= (byte & 0x7FU) << (7U * i);
    varint.bytes = i + 1;
    if ((byte & 0x80U) == 0) {
      // One value, one encoding: a last byte of zero says nothing.
      return byte == 0 && i > 0 ? bad("a length or channel is longer than it need be")
                                : Result<std::optional<Varint>>(varint);
    }
  }
  return bad("a length or channel has too many bytes");
}

}  // namespace

void append_frame(std::string& out,
                  std::uint32_t channel,
                  std::uint8_t kind,
                  std::string_view body) {
  std::string head;
  append_varint(head, channel);
  head += static_cast<char>(kind);
  append_varint(out, head.size() + body.size());
  out += head;
  out += body;
}

void FrameReader::feed(std::string_view bytes) {
  buffer_.erase(0, taken_);
  taken_ = 0;
  buffer_ += bytes;
}

Result<std::optional<Frame>> FrameReader::next() {
  if (taken_ == buffer_.size()) {
    std::string().swap(buffer_);  // One that is assigned an empty string keeps its memory.
    taken_ = 0;
    return std::optional<Frame>();
  }
  const std::string_view rest = std::string_view(buffer_).substr(taken_);
  SKERRY_TRY(const std::optional<Varint> length, read_varint(rest));
  if (!length) {
    return std::optional<Frame>();
  }
  if (length->value > bytes_max_) {
    return bad("a frame is longer than this link allows");
  }
  if (rest.size() - length->bytes < length->value) {
    return std::optional<Frame>();
  }
  const std::string_view content = rest.substr(length->bytes, length->value);
  SKERRY_TRY(const std::optional<Varint> channel, read_varint(content));
  if (!channel || channel->bytes == content.size()) {
    return bad("a frame ends before its kind");
  }
  taken_ += length->bytes + length->value;
  return std::optional<Frame>(Frame{.channel = channel->value,
                                    .kind = static_cast<std::uint8_t>(content[channel->bytes]),
                                    .body = content.substr(channel->bytes + 1)});
}

}  // namespace skerry::wire
