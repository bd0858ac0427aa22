#include "server/store/codes.h"
#include "server/store/rows_read.h"
#include "server/store/transaction.h"

namespace skerry::store {

namespace {

std::string_view word_of(TokenRow::Kind kind) {
  switch (kind) {
    case TokenRow::Kind::enrol:
      return "EnrollmentToken";
    case TokenRow::Kind::api:
      return "ApiToken";
    case TokenRow::Kind::session:
      return "Session";
    case TokenRow::Kind::setup:
      return "SetupCode";
    case TokenRow::Kind::unspecified:
      break;
  }
  return "Token";
}

/// One answer for every reason, so that a guesser learns nothing.
Error token_error() {
  return refusal(ErrorKind::denied, token_refused, "the token is unknown, spent or expired");
}

}  // namespace

Result<Effect> Transaction::apply(const AddToken& operation) {
  TokenRow token = operation.token;
  if (token.kind == TokenRow::Kind::unspecified || token.hash.is_zero()) {
    return fail(refusal(ErrorKind::invalid, token_refused, "a token needs a kind and a hash"));
  }
  SKERRY_CHECK(check_name(token));
  token.id = token.id.is_zero() ? new_uuid() : token.id;
  SKERRY_CHECK(record({.action = "create",
                       .kind = word_of(token.kind),
                       .name = to_string(token.id),
                       .uid = token.id}));
  SKERRY_CHECK(connection_.run(
      "INSERT INTO token(id, kind, hash, subject, uses, expires, created, revoked, body, name)"
      " VALUES(?, ?, ?, ?, ?, ?, ?, 0, ?, ?)",
      token.id,
      static_cast<std::uint64_t>(token.kind),
      token.hash,
      token.subject,
      token.uses_left,
      token.expires_at,
      now_,
      Blob{token.body},
      token.name));
  if (token.kind == TokenRow::Kind::session) {
    SKERRY_CHECK(connection_.run("UPDATE user SET login = ? WHERE name = ?", now_, token.subject));
  }
  return Effect{
      .changed = true, .revision = counters_.revision, .uid = token.id, .created_at = now_};
}

/// Under the one writer, so that of two callers at once one loses.
Status Transaction::check_name(const TokenRow& token) {
  if (token.name.empty()) {
    return {};
  }
  SKERRY_TRY(
      Query standing,
      connection_.query("SELECT 1 FROM token WHERE kind = ? AND name = ? AND revoked = 0"
                        " AND (uses IS NULL OR uses > 0) AND (expires IS NULL OR expires > ?)",
                        static_cast<std::uint64_t>(token.kind),
                        token.name,
                        now_));
  SKERRY_TRY(const bool is_taken, standing.next());
  if (!is_taken) {
    return {};
  }
  Error error = refusal(ErrorKind::conflict, name_taken, "there is a token of this name");
  error.hint = "delete it first, or take another name";
  return fail(std::move(error));
}

Result<Effect> Transaction::apply(const UseToken& operation) {
  SKERRY_TRY(const std::optional<TokenRow> token,
             read_usable_token(connection_, operation.kind, operation.hash, now_));
  if (!token) {
    return fail(token_error());
  }
  SKERRY_CHECK(record({.action = "use",
                       .kind = word_of(token->kind),
                       .name = to_string(token->id),
                       .uid = token->id}));
  SKERRY_CHECK(
      connection_.run("UPDATE token SET uses = uses - 1, used = ? WHERE id = ?", now_, token->id));
  return Effect{.changed = true,
                .revision = counters_.revision,
                .uid = token->id,
                .created_at = token->created_at,
                .data = token->body};
}

Result<Effect> Transaction::apply(const RevokeToken& operation) {
  // It ends now, so that it is forgotten as long after as one that expired.
  SKERRY_CHECK(
      connection_.run("UPDATE token SET revoked = 1, expires = min(coalesce(expires, ?1), ?1)"
                      " WHERE id = ?2 AND revoked = 0",
                      now_,
                      operation.id));
  if (connection_.changed() == 0) {
    return fail(refusal(ErrorKind::not_found, token_refused, "there is no such token"));
  }
  SKERRY_CHECK(record(
      {.action = "revoke", .kind = "Token", .name = to_string(operation.id), .uid = operation.id}));
  return Effect{.changed = true, .revision = counters_.revision, .uid = operation.id};
}

Result<Effect> Transaction::apply(const ExtendToken& operation) {
  SKERRY_CHECK(
      connection_.run("UPDATE token SET expires = ?1 WHERE id = ?2 AND revoked = 0 AND expires < "
                      "?1 AND expires > ?3",
                      operation.expires_at,
                      operation.id,
                      now_));
  return Effect{.changed = connection_.changed() > 0, .uid = operation.id};
}

Result<Effect> Transaction::apply(const NoteTokenUse& operation) {
  SKERRY_CHECK(connection_.run(
      "UPDATE token SET used = ?1 WHERE id = ?2 AND used < ?1", now_, operation.id));
  return Effect{.changed = connection_.changed() > 0, .uid = operation.id};
}

Status Transaction::end_sessions(std::string_view user, const Uuid& but) {
  return connection_.run(
      "UPDATE token SET revoked = 1, expires = min(coalesce(expires, ?1), ?1)"
      " WHERE subject = ?2 AND kind = ?3 AND id <> ?4 AND revoked = 0",
      now_,
      user,
      static_cast<std::uint64_t>(TokenRow::Kind::session),
      but);
}

Result<Effect> Transaction::apply(const PutUser& operation) {
  const UserRow& user = operation.user;
  SKERRY_TRY(const std::optional<UserRow> standing, read_user(connection_, user.name));
  if (standing && operation.if_absent) {
    return fail(refusal(ErrorKind::conflict, already_exists, "the user exists already"));
  }
  const Uuid uid = standing ? standing->uid : new_uuid();
  SKERRY_CHECK(record(
      {.action = standing ? "update" : "create", .kind = "User", .name = user.name, .uid = uid}));
  SKERRY_CHECK(connection_.run(
      "INSERT INTO user(name, uid, password, role, disabled, created, body)"
      " VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT(name) DO UPDATE SET"
      " password = excluded.password, role = excluded.role, disabled = excluded.disabled,"
      " body = excluded.body",
      user.name,
      uid,
      user.password_hash,
      user.role,
      std::uint64_t{user.disabled},
      now_,
      Blob{user.body}));
  const bool shut_out = standing && (standing->password_hash != user.password_hash ||
                                     standing->role != user.role || user.disabled);
  SKERRY_CHECK(shut_out ? end_sessions(user.name, operation.session) : Status());
  return Effect{.changed = true, .revision = counters_.revision, .uid = uid};
}

Result<Effect> Transaction::apply(const DeleteUser& operation) {
  SKERRY_TRY(const std::optional<UserRow> standing, read_user(connection_, operation.name));
  if (!standing) {
    return fail(refusal(ErrorKind::not_found, user_not_found, "there is no such user"));
  }
  SKERRY_CHECK(
      record({.action = "delete", .kind = "User", .name = operation.name, .uid = standing->uid}));
  SKERRY_CHECK(connection_.run("DELETE FROM token WHERE subject = ?", operation.name));
  SKERRY_CHECK(connection_.run("DELETE FROM user WHERE name = ?", operation.name));
  return Effect{.changed = true, .revision = counters_.revision, .uid = standing->uid};
}

Status forget_tokens(Connection& connection, WallTime before) {
  return connection.run(
      "DELETE FROM token WHERE expires < ? OR (uses = 0 AND created < ?)", before, before);
}

}  // namespace skerry::store
