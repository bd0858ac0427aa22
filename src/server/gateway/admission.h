#pragma once

#include "base/crypto.h"
#include "base/result.h"
#include "server/gateway/site_session.h"
#include "server/store/change.h"
#include "wire/messages.h"

namespace skerry::gateway {

/// How many names are tried for a site whose wanted name is taken.
inline constexpr int names_tried_max = 8;

struct AdmissionInput {
  const wire::EnrolRequest& request;
  const store::TokenRow& token;
  PublicKey key = {};
  /// 0 takes the wanted name as it is; each further one another suffix.
  int attempt = 0;
};

struct Admission {
  /// Uses the token and makes the site, its object and, where no approval is asked for, its
  /// charter: all or nothing.
  store::Change change = {};
};

/// Decides how a site with a good token comes in.
Result<Admission> make_admission(const Desk& desk, const AdmissionInput& input);

/// A wanted name made into an object's name: lower case, what may not stand in one replaced by "-";
/// "site" where nothing is left.
std::string object_name(std::string_view wanted);

}  // namespace skerry::gateway
