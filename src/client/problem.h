#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "client/transport.h"

namespace skerry::client {

/// Why the server refused a request (RFC 9457), as it said itself.
struct Refusal {
  unsigned status = 0;
  std::string code = {};    // Stable, the server's own: "unknown_field".
  std::string detail = {};  // One clause.
  std::string hint = {};
  std::string request_id = {};
  std::string missing_permission = {};
  /// What is wrong with single fields. Their `code` is always empty: the server's codes are no
  /// literals here.
  std::vector<Error> fields = {};

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

/// Reads a problem document; where the body is none, the status alone speaks.
Refusal refusal_of(const Reply& reply);

/// The same as one error, by status: 404 is `not_found`, 409 and 412 `conflict`, 5xx `internal` …
Error error_of(const Refusal& refusal);

}  // namespace skerry::client
