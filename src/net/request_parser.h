#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

/// Reading requests from bytes, without a socket. Stricter than RFC 9112 wherever the leniency it
/// allows has let two readers see two different requests: what is ambiguous is refused, and the
/// connection closed.
namespace skerry::net {

inline constexpr std::size_t head_size_max = std::size_t{16} * 1024;
inline constexpr std::size_t headers_max = 100;

/// How a body is delimited.
struct BodyFraming {
  enum class Kind : std::uint8_t { none, sized, chunked };

  Kind kind = Kind::none;
  std::uint64_t size = 0;  // Where sized; never 0.

  friend bool operator==(const BodyFraming&, const BodyFraming&) = default;
};

struct ParsedHead {
  RequestHead head = {};  // Without the peer.
  BodyFraming framing = {};
  bool keep_alive = true;
  bool expects_continue = false;
};

/// Where the head at the front of `bytes` ends, its empty line included; 0 where it is not all here
/// yet. Refuses as early as it can tell: `head_too_large`, or `bad_request` for a bare line feed or
/// another control byte.
Result<std::size_t> find_head_end(std::string_view bytes);

/// @param text  exactly one head, its empty line included
/// @return      `bad_request`, `not_implemented`, `version_unsupported`, `expectation_failed`
Result<ParsedHead> parse_head(std::string_view text);

/// Collects one body.
class BodyReader {
 public:
  /// @param size_max  of the body; a longer one is `body_too_large`, before it is read where its
  ///                  size is announced
  static Result<BodyReader> create(const BodyFraming& framing, std::size_t size_max);

  /// Takes what belongs to the body off the front of `bytes`, and returns how much that was. Once
  /// `complete` it takes nothing.
  Result<std::size_t> feed(std::string_view bytes);

  [[nodiscard]] bool complete() const { return state_ == State::complete; }

  [[nodiscard]] std::string take() { return std::move(body_); }

 private:
  enum class State : std::uint8_t { data, chunk_size, chunk_end, last_end, complete };

  BodyReader(const BodyFraming& framing, std::size_t size_max);
  Result<std::size_t> take_data(std::string_view bytes);
  Result<std::size_t> take_chunk_size(std::string_view bytes);
  Result<std::size_t> take_line_end(std::string_view bytes);

  bool chunked_;
  std::size_t size_max_;
  std::uint64_t left_;  // Of the body or of the chunk.
  State state_;
  std::string line_;  // Of a chunk's size, or of the line end after it, as far as it has come.
  std::string body_;
};

}  // namespace skerry::net
