#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace skerry::trust {

/// The error of a refused document.
inline tl::unexpected<Error> refuse(ErrorCode code, std::string message) {
  return fail({.kind = ErrorKind::denied, .code = code, .message = std::move(message)});
}

}  // namespace skerry::trust
