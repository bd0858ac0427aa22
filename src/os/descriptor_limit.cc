#include "os/descriptor_limit.h"

#include <sys/resource.h>

namespace skerry::os {

namespace {

/// What every Linux process has at least, where the kernel does not say.
constexpr std::size_t descriptors_unknown = 1024;

}  // namespace

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return descriptors_unknown;
  }
  const rlimit raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) {
    limit = raised;
  }
  return limit.rlim_cur;
}

}  // namespace skerry::os
