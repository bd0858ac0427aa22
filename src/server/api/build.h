#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/error.h"
#include "skerry/api/v1/stack.pb.h"

namespace skerry::api {

/// What a stack's spec comes to. Pure: equal stacks give equal releases, so one that has not
/// changed is found by its digest and never signed twice.
struct Build {
  /// The release's payload, and the digest that names it; empty where there are errors.
  std::string payload = {};
  Digest release = {};
  std::vector<Error> errors = {};
  std::vector<v1::Warning> warnings = {};
};

/// @param text  of `spec.compose`'s place in the body it came in, so that positions are the body's;
///              by default those of the Compose file itself
struct BuildSource {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t indent = UINT32_MAX;
};

Build build(const v1::Stack& stack, const Crypto& crypto, const BuildSource& source = {});

}  // namespace skerry::api
