#pragma once

namespace skerry {

/// Prints the failed condition and its place, then aborts. Never returns.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace skerry

/// A bug, never reachable by user or peer input. On in release too.
#define SKERRY_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::skerry::assertion_failed(#condition, __FILE__, __LINE__))
