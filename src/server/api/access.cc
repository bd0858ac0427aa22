#include "base/log.h"
#include "resource/names.h"
#include "resource/write.h"
#include "server/api/body.h"
#include "server/api/codes.h"
#include "server/api/handlers.h"
#include "server/auth/codes.h"
#include "server/auth/password.h"
#include "server/auth/tokens.h"
#include "server/store/codes.h"

namespace skerry::api {

namespace {

Error bad(ErrorCode code, std::string message) {
  return {.kind = ErrorKind::invalid, .code = code, .message = std::move(message)};
}

Error no_entry(ErrorCode code, std::string message) {
  return {.kind = ErrorKind::denied, .code = code, .message = std::move(message)};
}

Error wrong_code() {
  Error error = no_entry(auth::bad_setup_code, "the code is not right");
  error.hint = "it is in the file setup-code of skerryd's data directory";
  return error;
}

/// A new session's token and the operation that keeps its hash.
struct NewSession {
  Secret token = {};
  WallTime ends_at = {};
  store::AddToken operation = {};
};

NewSession new_session(Desk& desk, const std::string& user) {
  auth::NewToken made = auth::make_token(
      store::TokenRow::Kind::session, *desk.environment.random, *desk.environment.crypto);
  NewSession session{.token = std::move(made.text), .ends_at = desk.now() + auth::session_life};
  session.operation.token = {.kind = store::TokenRow::Kind::session,
                             .hash = made.hash,
                             .subject = user,
                             .expires_at = desk.now() + auth::session_idle_max};
  return session;
}

void reply_session(const CallPtr& call, const NewSession& session, const std::string& user) {
  reply_json(call,
             resource::json_of({{"token", session.token.reveal()},
                                {"user", user},
                                {"expiresAt", to_rfc3339(session.ends_at)}}));
}

/// What is wrong with what somebody chose.
std::optional<Error> credentials_problem(const std::string& user, const std::string& password) {
  if (const std::string_view problem = resource::name_problem(user); !problem.empty()) {
    return bad(bad_parameter, "the user's name " + std::string(problem));
  }
  if (password.size() < auth::password_size_min || password.size() > auth::password_size_max) {
    return bad(bad_parameter, "a password has from 8 to 1024 bytes");
  }
  return std::nullopt;
}

void deny(Desk& desk, const CallPtr& call, std::string_view action, const Error& error) {
  ++desk.counters.denied;
  const std::string address = call->permit.actor().source;
  if (auto note = desk.gate.note_denied({.address = address}, action, error)) {
    desk.submit(*std::move(note), [](const auto&) {});
  }
  refuse(desk, call, error);
}

/// Code used, user made, session opened: all or nothing.
void create_first_user(Desk& desk,
                       const CallPtr& call,
                       const std::string& code,
                       store::UserRow user) {
  auto session = std::make_shared<NewSession>(new_session(desk, user.name));
  store::Change change{
      .by = {.name = "setup", .method = "setup code", .source = call->permit.actor().source}};
  change.operations.emplace_back(
      store::UseToken{.kind = store::TokenRow::Kind::setup,
                      .hash = auth::hash_of_setup_code(code, *desk.environment.crypto)});
  const std::string name = user.name;
  change.operations.emplace_back(store::PutUser{.user = std::move(user), .if_absent = true});
  change.operations.emplace_back(session->operation);
  desk.submit(std::move(change), [&desk, call, session, name](const auto& outcome) {
    desk.setting_up = false;
    if (outcome) {
      desk.gate.guessed("", call->permit.actor().source);
      reply_session(call, *session, name);
    } else if (outcome.error().code == store::token_refused) {
      deny(desk, call, "setup", wrong_code());
    } else {
      refuse(desk, call, outcome.error());
    }
  });
}

}  // namespace

void set_up(Desk& desk, const CallPtr& call) {
  const Result<std::vector<store::UserRow>> users = desk.reader().users("", 1);
  if (!users || !users->empty()) {
    refuse(desk,
           call,
           users ? Error{.kind = ErrorKind::conflict,
                         .code = auth::already_set_up,
                         .message = "this server has been set up",
                         .hint = "sign in: skerry login"}
                 : users.error());
    return;
  }
  const auto texts = read_texts(desk, call, {"code", "user", "password"});
  if (!texts) {
    return;
  }
  const std::string& code = texts->at(0);
  if (const Status may = desk.gate.may_guess("", call->permit.actor().source); !may) {
    refuse(desk, call, may.error());
    return;
  }
  const auto known = desk.reader().token(store::TokenRow::Kind::setup,
                                         auth::hash_of_setup_code(code, *desk.environment.crypto),
                                         desk.now());
  if (!known || !*known) {
    deny(desk, call, "setup", wrong_code());
    return;
  }
  if (const auto problem = credentials_problem(texts->at(1), texts->at(2))) {
    refuse(desk, call, *problem);
    return;
  }
  if (std::exchange(desk.setting_up, true)) {
    refuse(
        desk,
        call,
        {.kind = ErrorKind::unavailable, .code = busy, .message = "another set-up is under way"});
    return;
  }
  desk.compute<Result<std::string>>(
      [random = desk.environment.random, password = Secret(texts->at(2))] {
        return auth::hash_password(password, *random);
      },
      [&desk, call, code, name = texts->at(1)](const Result<std::string>& hash) {
        if (!hash) {
          desk.setting_up = false;
          refuse(desk, call, hash.error());
          return;
        }
        create_first_user(
            desk,
            call,
            code,
            {.name = name, .password_hash = *hash, .role = std::string(auth::admin_role)});
      });
}

namespace {

void open_session(Desk& desk, const CallPtr& call, const std::string& name) {
  desk.gate.guessed(name, call->permit.actor().source);
  auto session = std::make_shared<NewSession>(new_session(desk, name));
  store::Change change{
      .by = {.name = "user/" + name, .method = "password", .source = call->permit.actor().source}};
  change.operations.emplace_back(session->operation);
  desk.submit(call, std::move(change), [call, session, name](const store::Outcome&) {
    reply_session(call, *session, name);
  });
}

}  // namespace

void log_in(Desk& desk, const CallPtr& call) {
  const auto texts = read_texts(desk, call, {"user", "password"});
  if (!texts) {
    return;
  }
  // Any text is a name to somebody who guesses, and any is counted.
  const std::string name = texts->at(0).substr(0, 253);
  if (const Status may = desk.gate.may_guess(name, call->permit.actor().source); !may) {
    refuse(desk, call, may.error());
    return;
  }
  const Result<std::optional<store::UserRow>> user = desk.reader().user(name);
  if (!user) {
    refuse(desk, call, user.error());
    return;
  }
  const bool known = *user && !(*user)->disabled;
  desk.compute<bool>(
      // For a user that is not there too, so that the time says nothing.
      [hash = known ? (*user)->password_hash : auth::hash_of_nobody(),
       password = Secret(texts->at(1).substr(0, auth::password_size_max + 1))] {
        return auth::verify_password(hash, password);
      },
      [&desk, call, known, name](bool good) {
        if (known && good) {
          open_session(desk, call, name);
        } else {
          deny(desk,
               call,
               "login",
               no_entry(auth::bad_credentials, "the user or the password is not right"));
        }
      });
}

void log_out(Desk& desk, const CallPtr& call) {
  store::Change change{.by = call->permit.actor()};
  change.operations.emplace_back(store::RevokeToken{.id = call->permit.token()});
  desk.submit(
      call, std::move(change), [call](const store::Outcome&) { reply(call, {.status = 204}); });
}

void who_am_i(Desk& /*desk*/, const CallPtr& call) {
  const bool is_session = call->permit.actor().method == "session";
  reply_json(call,
             resource::json_of({{"user", call->permit.user()},
                                {"kind", is_session ? "user" : "token"},
                                {"role", call->permit.role()}}));
}

void server_facts(Desk& desk, const CallPtr& call) {
  reply_json(call,
             resource::json_of({{"version", desk.environment.version},
                                {"rootDigest", hex(desk.environment.root_key)},
                                {"siteAddress", desk.environment.site_address}}));
}

}  // namespace skerry::api
