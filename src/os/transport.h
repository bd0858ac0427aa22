#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/crypto.h"
#include "base/error.h"

namespace skerry::os {

/// What one attempt to move bytes came to.
struct Io {
  enum class Outcome : std::uint8_t {
    done,
    want_read,   // Again when the socket is readable.
    want_write,  // Again when the socket is writable.
    closed,      // The peer ended the stream in order.
    failed,      // `Transport::failure` says why.
  };

  Outcome outcome = Outcome::done;
  std::size_t size = 0;  // Of what was moved, where done.
};

/// Who is at the other end of a secured stream.
struct StreamPeer {
  PublicKey key = {};
  std::string_view protocol = {};  // The ALPN both sides agreed on.
};

/// How a `Stream` moves bytes over its non-blocking socket: as they are, or through a TLS library.
/// The one place a TLS library plugs in.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  /// Called until it is done; then everything else may be called.
  virtual Io handshake() = 0;
  [[nodiscard]] virtual StreamPeer peer() const = 0;
  virtual Io read(std::span<char> buffer) = 0;
  virtual Io write(std::string_view bytes) = 0;
  /// Says that nothing more will be written. Best effort.
  virtual void end_writing() = 0;
  /// Why the last call failed.
  [[nodiscard]] virtual Error failure() const = 0;
};

}  // namespace skerry::os
