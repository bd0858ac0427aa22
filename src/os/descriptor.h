#pragma once

#include <string_view>
#include <utility>

#include "base/error.h"

namespace skerry::os {

/// Owns one file descriptor and closes it.
class Descriptor {
 public:
  Descriptor() = default;

  explicit Descriptor(int fd) : fd_(fd) {}

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

  Descriptor& operator=(Descriptor&& other) noexcept;

  ~Descriptor() { reset(); }

  [[nodiscard]] int get() const { return fd_; }

  [[nodiscard]] bool valid() const { return fd_ >= 0; }

  /// Gives the descriptor away; the caller closes it.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

  void reset();

 private:
  int fd_ = -1;
};

/// An `errno` as an error: ENOSPC is `exhausted`, ENOENT `not_found`, EACCES `denied`, the rest
/// `unavailable`. The message is the kernel's, without the number.
///
/// @param operation  what was tried, the error's field path: "connect /run/docker.sock"
Error system_error(int error_number, ErrorCode code, std::string_view operation);

}  // namespace skerry::os
