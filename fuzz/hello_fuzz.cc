// A stranger's first bytes, read before anything is known about them. A hello that is
// whole must not have been refused when half of it was there.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "os/client_hello.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = skerry::os::parse_client_hello(bytes);
  if (whole && whole->has_value()) {
    const auto half = skerry::os::parse_client_hello(bytes.substr(0, size / 2));
    if (!half || (whole->value().protocols.size() > 32)) {
      std::abort();
    }
  }
  return 0;
}
