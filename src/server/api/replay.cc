#include "server/api/codes.h"
#include "server/api/handlers.h"

namespace skerry::api {

namespace {

void say_shown_once(Desk& desk, const CallPtr& call) {
  refuse(desk,
         call,
         {.kind = ErrorKind::conflict,
          .code = secret_shown_once,
          .message = "this request has made its token already",
          .hint = "the secret is shown once; delete the token and make another"});
}

}  // namespace

bool answer_again(Desk& desk, const CallPtr& call) {
  const Result<std::optional<store::Outcome>> earlier = earlier_outcome(desk, *call);
  if (!earlier) {
    refuse(desk, call, earlier.error());
    return true;
  }
  if (!*earlier) {
    return false;
  }
  switch (call->route->endpoint) {
    case auth::Endpoint::remove:
      reply(call, {.status = 204});
      return true;
    case auth::Endpoint::create:
      say_shown_once(desk, call);
      return true;
    case auth::Endpoint::approve_site:
    case auth::Endpoint::reject_site:
    case auth::Endpoint::revoke_site:
      answer_with_site(desk, call);
      return true;
    default:
      // A PUT goes to the store once more, which gives its first answer.
      return false;
  }
}

}  // namespace skerry::api
