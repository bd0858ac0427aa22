#include "cli/exit.h"

#include <array>
#include <utility>

#include "client/codes.h"

namespace skerry::cli {
namespace {

constexpr std::array codes{
    std::pair{usage_error, Exit::usage},
    std::pair{wait_timed_out, Exit::timed_out},
    std::pair{not_signed_in, Exit::denied},
    std::pair{file_failed, Exit::invalid},
    std::pair{bad_config, Exit::invalid},
    std::pair{client::server_error, Exit::server},
    std::pair{client::bad_answer, Exit::server},
    std::pair{client::unreachable, Exit::unreachable},
    std::pair{client::wrong_server_key, Exit::unreachable},
    std::pair{client::no_answer_in_time, Exit::timed_out},
};

Exit exit_of_kind(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return Exit::invalid;
    case ErrorKind::not_found:
      return Exit::not_found;
    case ErrorKind::conflict:
      return Exit::conflict;
    case ErrorKind::denied:
      return Exit::denied;
    case ErrorKind::unavailable:
      return Exit::unreachable;
    case ErrorKind::exhausted:
    case ErrorKind::internal:
      return Exit::server;
  }
  return Exit::server;
}

}  // namespace

Exit exit_of(const Error& error) {
  for (const auto& [code, exit] : codes) {
    if (code == error.code) {
      return exit;
    }
  }
  return exit_of_kind(error.kind);
}

Error usage(std::string message, std::string hint) {
  return {.kind = ErrorKind::invalid,
          .code = usage_error,
          .message = std::move(message),
          .hint = std::move(hint)};
}

}  // namespace skerry::cli
