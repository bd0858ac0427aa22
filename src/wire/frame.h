#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace skerry::wire {

inline constexpr ErrorCode bad_frame{"bad_frame"};

/// The unit of the link: `length | channel | kind | body`. Length and channel are varints, length
/// counts what follows it. Channel 0 carries control; others are tunnels.
struct Frame {
  std::uint32_t channel = 0;
  std::uint8_t kind = 0;
  /// Valid until the reader is fed or asked again.
  std::string_view body = {};
};

/// The longest body of any message: a release of 1 MiB with its envelope.
inline constexpr std::size_t frame_bytes_max = 1024 * 1024 + 64 * 1024;

void append_frame(std::string& out,
                  std::uint32_t channel,
                  std::uint8_t kind,
                  std::string_view body);

/// Cuts a byte stream into frames. A length is checked before anything is allocated for it, and
/// nothing is held once all that came was taken: there are many readers, and most are idle.
class FrameReader {
 public:
  /// @param bytes_max  the longest frame taken; smaller for a peer that is not known yet
  explicit FrameReader(std::size_t bytes_max = frame_bytes_max) : bytes_max_(bytes_max) {}

  void set_bytes_max(std::size_t bytes_max) { bytes_max_ = bytes_max; }

  void feed(std::string_view bytes);
  /// The next whole frame, nothing where more bytes are needed, or an error after which the stream
  /// is of no use.
  Result<std::optional<Frame>> next();

  /// Memory for what has come.
  [[nodiscard]] std::size_t held() const { return buffer_.capacity(); }

 private:
  std::size_t bytes_max_;
  std::string buffer_;
  std::size_t taken_ = 0;
};

}  // namespace skerry::wire
