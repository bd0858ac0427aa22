#pragma once

#include <cstdint>

#include "base/error.h"

namespace skerry::cli {

/// How `skerry` ends; documented in docs/user/cli-reference.md, stable for scripts.
enum class Exit : std::uint8_t {
  done = 0,           // Done, or: the answer is yes.
  no = 1,             // It ran well and the answer is no.
  usage = 2,          // The command line itself is wrong.
  not_found = 3,      // The named thing does not exist.
  denied = 4,         // Not signed in, or may not.
  conflict = 5,       // Somebody else changed it first.
  invalid = 6,        // The input is wrong.
  timed_out = 7,      // It did not happen in time.
  partly = 8,         // Some of it worked.
  unreachable = 9,    // No server, or not the pinned one.
  server = 10,        // The server's own fault.
  interrupted = 130,  // Ctrl-C.
  reader_gone = 141   // Who read the output went away, as in `skerry get stacks -w | head -1`.
};

/// The command line is wrong; what is said of it names the right one.
inline constexpr ErrorCode usage_error{"usage_error"};
/// What was waited for did not happen in time.
inline constexpr ErrorCode wait_timed_out{"wait_timed_out"};
/// There is no context, or it has no token.
inline constexpr ErrorCode not_signed_in{"not_signed_in"};
/// A file the user named cannot be read or written.
inline constexpr ErrorCode file_failed{"file_failed"};
/// What a file holds is not what the command takes.
inline constexpr ErrorCode bad_input{"bad_input"};
/// The settings file is not safe or not readable as one.
inline constexpr ErrorCode bad_config{"bad_config"};

/// The agent of this machine said no.
inline constexpr ErrorCode agent_refused{"agent_refused"};

/// The exit code of an error: by its code where that says more than its kind.
Exit exit_of(const Error& error);

/// An error of the command line itself. `hint` is what to type instead.
Error usage(std::string message, std::string hint = {});

}  // namespace skerry::cli
