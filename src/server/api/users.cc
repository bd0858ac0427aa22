#include "server/api/codes.h"
#include "server/api/handlers.h"
#include "server/auth/password.h"
#include "server/store/codes.h"

namespace skerry::api {

namespace {

Error refused(ErrorKind kind, ErrorCode code, std::string message) {
  return {.kind = kind, .code = code, .message = std::move(message)};
}

/// Users have no revision, so a condition on one is refused rather than ignored.
std::optional<Error> condition_problem(const Conditions& conditions, bool stands) {
  if (conditions.if_match) {
    return refused(ErrorKind::invalid, bad_parameter, "a user has no revision to match");
  }
  if (conditions.if_any && !stands) {
    return refused(ErrorKind::conflict, store::stale_revision, "there is no such user");
  }
  if (conditions.if_absent && stands) {
    return refused(ErrorKind::conflict, store::already_exists, "the user exists already");
  }
  return std::nullopt;
}

/// What a change does to a user: without a password there is no telling whether it is another one.
std::string_view outcome_word(const std::optional<store::UserRow>& standing,
                              const store::UserRow& wanted,
                              const v1::User& user) {
  if (!standing) {
    return "created";
  }
  const bool equal = user.spec().password().empty() && wanted.disabled == standing->disabled &&
                     wanted.body == standing->body;
  return equal ? "unchanged" : "configured";
}

/// What is kept as it was written: labels, annotations and the name to show. Nothing where there is
/// none of it, as for the first user.
std::string body_of(const v1::User& user) {
  v1::User kept;
  if (!user.metadata().labels().empty() || !user.metadata().annotations().empty()) {
    *kept.mutable_metadata()->mutable_labels() = user.metadata().labels();
    *kept.mutable_metadata()->mutable_annotations() = user.metadata().annotations();
  }
  if (!user.spec().display_name().empty()) {
    kept.mutable_spec()->set_display_name(user.spec().display_name());
  }
  return bytes_of(kept);
}

void answer(const CallPtr& call, const store::UserRow& user, std::string_view word) {
  const bool is_new = word == "created" && !is_dry_run(*call);
  reply(call, is_new ? 201 : 200, show_user(user), {outcome_of(word)});
}

void save(Desk& desk, const CallPtr& call, const store::UserRow& user, std::string_view word) {
  store::Change change = change_of(desk, *call);
  change.operations.emplace_back(store::PutUser{.user = user, .session = call->permit.token()});
  desk.submit(call, std::move(change), [call, user, word](const store::Outcome& outcome) {
    store::UserRow row = user;
    row.uid = outcome.effects.front().uid;
    answer(call, row, word);
  });
}

}  // namespace

v1::User show_user(const store::UserRow& row) {
  v1::User user;
  // Ours to write, so it can be read; where it cannot, the rest still says who this is.
  user.ParseFromString(row.body);
  user.set_api_version("skerry/v1");
  user.set_kind("User");
  user.mutable_metadata()->set_name(row.name);
  user.mutable_metadata()->set_uid(row.uid.is_zero() ? "" : to_string(row.uid));
  user.mutable_metadata()->set_created_at_ms(row.created_at.time_since_epoch().count());
  user.mutable_spec()->set_disabled(row.disabled);
  user.mutable_status()->set_last_login_at_ms(row.signed_in_at.time_since_epoch().count());
  return user;
}

void put_user(Desk& desk, const CallPtr& call, const Conditions& conditions, const v1::User& user) {
  const Result<std::optional<store::UserRow>> standing = desk.reader().user(call->name);
  if (!standing) {
    refuse(desk, call, standing.error());
    return;
  }
  store::UserRow row =
      standing->value_or(store::UserRow{.name = call->name, .role = std::string(auth::admin_role)});
  row.disabled = user.spec().disabled();
  row.body = body_of(user);
  const std::string& password = user.spec().password();
  const std::string_view word = outcome_word(*standing, row, user);
  if (const auto problem = condition_problem(conditions, standing->has_value())) {
    refuse(desk, call, *problem);
  } else if (row.disabled && row.name == call->permit.user()) {
    refuse(desk, call, refused(ErrorKind::conflict, last_user, "you cannot disable yourself"));
  } else if (password.empty() && row.password_hash.empty()) {
    refuse(desk, call, refused(ErrorKind::invalid, bad_parameter, "a new user needs a password"));
  } else if (!password.empty() && (password.size() < auth::password_size_min ||
                                   password.size() > auth::password_size_max)) {
    refuse(desk,
           call,
           refused(ErrorKind::invalid, bad_parameter, "a password has from 8 to 1024 bytes"));
  } else if (word == "unchanged" || is_dry_run(*call)) {
    answer(call, row, word);
  } else if (password.empty()) {
    save(desk, call, row, word);
  } else {
    desk.compute<Result<std::string>>(
        [random = desk.environment.random, secret = Secret(password)] {
          return auth::hash_password(secret, *random);
        },
        [&desk, call, row, word](const Result<std::string>& hash) mutable {
          if (!hash) {
            refuse(desk, call, hash.error());
            return;
          }
          row.password_hash = *hash;
          save(desk, call, row, word);
        });
  }
}

void delete_user(Desk& desk, const CallPtr& call) {
  if (call->name == call->permit.user()) {
    refuse(desk, call, refused(ErrorKind::conflict, last_user, "you cannot delete yourself"));
    return;
  }
  store::Change change = change_of(desk, *call);
  change.operations.emplace_back(store::DeleteUser{.name = call->name});
  desk.submit(
      call, std::move(change), [call](const store::Outcome&) { reply(call, {.status = 204}); });
}

}  // namespace skerry::api
