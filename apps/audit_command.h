#pragma once

#include <string>

namespace skerry::server {

struct AuditOptions {
  std::string data_directory = {};
  /// A file of log lines with signed heads, "-" for standard input; none where empty.
  std::string heads = {};
};

/// `skerryd audit verify`. Reads the store, also one in use, and changes nothing.
///
/// @return the exit code: 0 where all of it holds, 1 where it does not, 70 where it cannot be read
int verify_audit(const AuditOptions& options);

}  // namespace skerry::server
