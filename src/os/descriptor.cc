#include "os/descriptor.h"

#include <cctype>
#include <cerrno>
#include <cstring>
#include <string>

#include <unistd.h>

namespace skerry::os {

namespace {

ErrorKind kind_of(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
      return ErrorKind::exhausted;
    case ENOENT:
      return ErrorKind::not_found;
    case EACCES:
    case EPERM:
      return ErrorKind::denied;
    case EINVAL:
    case EBADF:
      return ErrorKind::internal;
    default:
      return ErrorKind::unavailable;
  }
}

/// The kernel's sentence in our style: a lower-case clause.
std::string describe(int error_number) {
  const char* known = ::strerrordesc_np(error_number);
  if (known == nullptr || *known == '\0') {
    return "unknown system error " + std::to_string(error_number);
  }
  std::string text = known;
  // "RPC" or "I/O" keep their capitals.
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Descriptor::reset() {
  if (fd_ >= 0) {
    // Linux frees the number even when close is interrupted, so there is nothing to retry.
    ::close(std::exchange(fd_, -1));
  }
}

Error system_error(int error_number, ErrorCode code, std::string_view operation) {
  return {.kind = kind_of(error_number),
          .code = code,
          .message = describe(error_number),
          .field_path = std::string(operation)};
}

}  // namespace skerry::os
