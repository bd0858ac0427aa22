#include "os/boot_id.h"

#include <array>
#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "os/codes.h"
#include "os/descriptor.h"

namespace skerry::os {

Result<Uuid> read_boot_id() {
  constexpr const char* path = "/proc/sys/kernel/random/boot_id";
  const Descriptor file(::open(path, O_RDONLY | O_CLOEXEC));
  std::array<char, 36> text{};
  const ssize_t count = file.valid() ? ::read(file.get(), text.data(), text.size()) : -1;
  if (count < 0) {
    return fail(system_error(errno, system_failed, path));
  }
  return parse_uuid(std::string_view(text.data(), static_cast<std::size_t>(count)));
}

}  // namespace skerry::os
