#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace skerry {

/// What went wrong, in terms a caller can act on. `docs/errors.md` maps each to an HTTP status and
/// an exit code.
enum class ErrorKind : std::uint8_t {
  invalid,      // The input is wrong; the same request will fail again.
  not_found,    // The named thing does not exist.
  conflict,     // The caller's revision is stale; read again and retry.
  denied,       // The caller may not do this.
  unavailable,  // A peer, disk or runtime is not there now; retry with back-off.
  exhausted,    // A quota, queue or disk is full.
  internal,     // A bug or a corrupted store; do not retry.
};

/// The lower-case word of a kind, as it stands in logs.
std::string_view to_string(ErrorKind kind);

/// A stable, documented word for one failure, the same in API, CLI, log and reason chain.
///
/// Each room declares its own as constants in its `codes.h`, so a code is always a string literal
/// and an `Error` may hold a view of it.
struct ErrorCode {
  std::string_view name = "internal";

  friend bool operator==(const ErrorCode&, const ErrorCode&) = default;
};

/// Where in a text a value stands. Lines and columns count from 1; 0 means unknown.
struct Position {
  std::string file = {};
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  friend bool operator==(const Position&, const Position&) = default;
};

struct Error {
  ErrorKind kind = ErrorKind::internal;
  ErrorCode code = {};
  std::string message = {};  // One lower-case clause, no full stop: "port 70000 is out of range".
  std::string field_path = {};  // "services.web.ports[0]", or the operation: "docker: create".
  Position at = {};             // Of the bad value, where it came from text.
  std::string hint = {};  // What to do next, if there is something better than reading the message.

  friend bool operator==(const Error&, const Error&) = default;
};

/// "file:line:column  field.path: message [code]", leaving out what is unknown.
std::string to_string(const Error& error);

}  // namespace skerry
