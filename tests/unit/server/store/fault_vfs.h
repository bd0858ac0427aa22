#pragma once

#include <cstdint>

namespace skerry::store {

/// A SQLite VFS "fault" over the system's that fails on purpose. One plan for the whole process, so
/// tests that use it run one after the other.
struct FaultPlan {
  enum class Kind : std::uint8_t { none, io_error, full };

  Kind kind = Kind::none;
  /// Writes, truncations and syncs that succeed before the first that fails.
  std::uint64_t after = 0;
  /// A full disk fails writes alone, and until there is room; an I/O error fails once.
  std::uint64_t seen = 0;
  /// Counted always.
  std::uint64_t syncs = 0;
};

FaultPlan& fault_plan();

/// Makes the VFS known to SQLite; its name.
const char* register_fault_vfs();

}  // namespace skerry::store
