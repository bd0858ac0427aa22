#include "server/auth/gate.h"

#include <algorithm>

#include "server/auth/codes.h"
#include "server/auth/tokens.h"

namespace skerry::auth {

namespace {

constexpr std::string_view scheme = "Bearer ";
constexpr std::size_t token_size_max = 256;
constexpr std::size_t familiar_max = 10'000;
/// A token's use is written down no more often than this.
constexpr std::chrono::minutes use_noted_every{5};

Error denied(ErrorCode code, std::string message, std::string hint = {}) {
  return {.kind = ErrorKind::denied,
          .code = code,
          .message = std::move(message),
          .hint = std::move(hint)};
}

std::string pair_of(std::string_view account, std::string_view address) {
  return std::string(account) + "\n" + std::string(address);
}

}  // namespace

bool grants(std::string_view role, Right right) {
  return right == Right::open || role == admin_role;
}

store::Actor Permit::actor() const {
  return {
      .name = user_.empty() ? "anonymous" : "user/" + user_, .method = method_, .source = source_};
}

Result<Permit> Gate::admit(const Route& route, const Caller& caller) {
  if (caller.token_in_url) {
    return fail(denied(token_in_url,
                       "a token stands in the URL, where logs keep it",
                       "send it in the header Authorization, and revoke this one"));
  }
  if (route.right == Right::open) {
    Permit permit;
    permit.method_ = "none";
    permit.source_ = caller.address;
    return permit;
  }
  if (caller.authorization == nullptr || !caller.authorization->starts_with(scheme)) {
    return fail(denied(unauthenticated, "this needs a token", "sign in, or send a bearer token"));
  }
  const auto token = std::string_view(*caller.authorization).substr(scheme.size(), token_size_max);
  return admit_token(
      route.right,
      {.kind = kind_of_token(token), .hash = crypto_.sha256(token), .source = caller.address});
}

Result<Permit> Gate::admit_again(const Permit& permit) {
  return admit_token(permit.right_,
                     {.kind = permit.kind_, .hash = permit.hash_, .source = permit.source_});
}

Result<Permit> Gate::admit_token(Right right, const Shown& shown) {
  std::optional<store::TokenRow> row;
  if (shown.kind != store::TokenRow::Kind::unspecified) {
    SKERRY_TRY(row, reader_.token(shown.kind, shown.hash, clock_.wall()));
  }
  std::optional<store::UserRow> user;
  if (row) {
    SKERRY_TRY(user, reader_.user(row->subject));
  }
  if (!user || user->disabled) {
    return fail(denied(unauthenticated, "the token is not good, or not any more", "sign in again"));
  }
  if (!grants(user->role, right)) {
    Error error = denied(forbidden, "the role \"" + user->role + "\" does not have this right");
    error.field_path = to_string(right);
    return fail(std::move(error));
  }
  const bool is_session = shown.kind == store::TokenRow::Kind::session;
  Permit permit;
  permit.user_ = user->name;
  permit.role_ = user->role;
  permit.method_ = is_session ? "session" : "token";
  permit.source_ = shown.source;
  permit.token_ = row->id;
  permit.right_ = right;
  permit.kind_ = shown.kind;
  permit.hash_ = shown.hash;
  permit.expires_at_ = row->expires_at;
  permit.used_at_ = row->used_at;
  permit.ends_at_ = row->created_at + session_life;
  return permit;
}

std::optional<store::Change> Gate::note_use(const Permit& permit) const {
  if (permit.kind_ == store::TokenRow::Kind::api) {
    if (clock_.wall() - permit.used_at_ < use_noted_every) {
      return std::nullopt;
    }
    store::Change change{.by = permit.actor(), .lane = store::Change::Lane::status};
    change.operations.emplace_back(store::NoteTokenUse{.id = permit.token_});
    return change;
  }
  if (permit.kind_ != store::TokenRow::Kind::session || !permit.expires_at_) {
    return std::nullopt;
  }
  const WallTime until = std::min(clock_.wall() + session_idle_max, permit.ends_at_);
  if (until - *permit.expires_at_ < use_noted_every) {
    return std::nullopt;
  }
  store::Change change{.by = permit.actor(), .lane = store::Change::Lane::status};
  change.operations.emplace_back(store::ExtendToken{.id = permit.token_, .expires_at = until});
  return change;
}

Status Gate::may_guess(std::string_view account, std::string_view address) {
  const Instant now = clock_.now();
  std::optional<std::chrono::milliseconds> wait = by_address_.attempt(address, now);
  const bool familiar = familiar_.contains(pair_of(account, address));
  if (!wait && !account.empty() && !familiar) {
    wait = by_account_.attempt(account, now);
  }
  if (wait) {
    retry_after_ = *wait;
    return fail({.kind = ErrorKind::exhausted,
                 .code = throttled,
                 .message = "there were too many attempts; wait " +
                            std::to_string((wait->count() + 999) / 1000) + " s"});
  }
  return {};
}

void Gate::guessed(std::string_view account, std::string_view address) {
  by_address_.succeed(address);
  by_account_.succeed(account);
  if (familiar_.size() >= familiar_max) {
    familiar_.clear();
  }
  familiar_.insert(pair_of(account, address));
}

std::optional<store::Change> Gate::note_denied(const Caller& caller,
                                               std::string_view action,
                                               const Error& error) {
  if (notes_.attempt(caller.address, clock_.now())) {
    ++notes_left_out_;
    return std::nullopt;
  }
  store::Change change{
      .by = {.name = "anonymous", .method = "none", .source = std::string(caller.address)}};
  std::string result(error.code.name);
  if (notes_left_out_ > 0) {
    result += ", and " + std::to_string(notes_left_out_) + " more were denied";
    notes_left_out_ = 0;
  }
  change.operations.emplace_back(
      store::Note{.action = "deny", .name = std::string(action), .result = std::move(result)});
  return change;
}

}  // namespace skerry::auth
