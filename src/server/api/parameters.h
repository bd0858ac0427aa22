#pragma once

#include <vector>

#include "base/result.h"
#include "net/http.h"
#include "server/auth/routes.h"

namespace skerry::api {

/// Whether a query says only what its route knows, each thing once and in words that are known: a
/// mistyped `dryRun` must not become a real change.
///
/// @return `bad_parameter`, with the nearest name there is
Status check_parameters(const auth::Route& route, const std::vector<net::Header>& query);

}  // namespace skerry::api
