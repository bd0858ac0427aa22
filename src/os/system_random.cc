#include "os/system_random.h"

#include <cerrno>

#include <sys/random.h>

#include "base/assert.h"

namespace skerry::os {

void SystemRandom::fill(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const ssize_t count = ::getrandom(out.data(), out.size(), 0);
    // Without randomness no key is safe; a kernel that has none is older than we support.
    SKERRY_ASSERT(count > 0 || errno == EINTR);
    if (count > 0) {
      out = out.subspan(static_cast<std::size_t>(count));
    }
  }
}

}  // namespace skerry::os
