#include "server/auth/tokens.h"

#include <algorithm>

#include "server/api/body.h"
#include "server/api/codes.h"
#include "server/api/handlers.h"
#include "server/api/lists.h"

namespace skerry::api {

namespace {

using store::TokenRow;

constexpr std::chrono::hours enrol_life{24};
constexpr std::chrono::hours api_life{2160};
constexpr std::size_t rows_at_once = 500;

bool is_enrolment(const Call& call) {
  return call.route->kind == "EnrollmentToken";
}

TokenRow::Kind kind_of(const Call& call) {
  return is_enrolment(call) ? TokenRow::Kind::enrol : TokenRow::Kind::api;
}

Error no_token(const Call& call) {
  return {.kind = ErrorKind::not_found,
          .code = not_found,
          .message = "there is no " + std::string(call.route->kind) + " " + call.name};
}

bool is_usable(const TokenRow& row, WallTime now) {
  return !row.revoked && row.uses_left.value_or(1) > 0 &&
         (!row.expires_at || *row.expires_at > now);
}

template <class Token>
Token show(const TokenRow& row) {
  Token token;
  token.ParseFromString(row.body);
  v1::Metadata& metadata = *token.mutable_metadata();
  metadata.set_uid(to_string(row.id));
  metadata.set_created_at_ms(row.created_at.time_since_epoch().count());
  if (row.expires_at) {
    token.mutable_status()->set_expires_at_ms(row.expires_at->time_since_epoch().count());
  }
  token.mutable_status()->set_last_used_at_ms(row.used_at.time_since_epoch().count());
  return token;
}

v1::EnrollmentToken show_enrolment(const TokenRow& row) {
  auto token = show<v1::EnrollmentToken>(row);
  const std::uint64_t most = std::max(1U, token.spec().uses_max());
  const std::uint64_t left = std::min(row.uses_left.value_or(most), most);
  token.mutable_status()->set_uses(static_cast<std::uint32_t>(most - left));
  return token;
}

std::string name_of(const TokenRow& row) {
  // Both kinds have their metadata in the same field.
  v1::ApiToken token;
  token.ParseFromString(row.body);
  return token.metadata().name();
}

/// The tokens that are not revoked, in the order they were made, until `visit` says no.
Status for_each_token(Desk& desk,
                      TokenRow::Kind kind,
                      Uuid after,
                      const std::function<bool(const TokenRow&)>& visit) {
  for (;;) {
    SKERRY_TRY(const std::vector<TokenRow> rows, desk.reader().tokens(kind, after, rows_at_once));
    for (const TokenRow& row : rows) {
      if (!row.revoked && !visit(row)) {
        return {};
      }
    }
    if (rows.size() < rows_at_once) {
      return {};
    }
    after = rows.back().id;
  }
}

Result<std::optional<TokenRow>> find_token(Desk& desk, TokenRow::Kind kind, std::string_view name) {
  std::optional<TokenRow> found;
  SKERRY_CHECK(for_each_token(desk, kind, {}, [&](const TokenRow& row) {
    if (name_of(row) == name) {
      // Of several of one name the newest that still works.
      found = found && is_usable(*found, desk.now()) && !is_usable(row, desk.now()) ? found : row;
    }
    return true;
  }));
  return found;
}

WallTime expiry(Desk& desk, std::int64_t asked_ms, std::chrono::milliseconds otherwise) {
  return desk.now() + (asked_ms > 0 ? std::chrono::milliseconds(asked_ms) : otherwise);
}

TokenRow row_for(Desk& desk, const v1::EnrollmentToken& token) {
  TokenRow row{
      .kind = TokenRow::Kind::enrol, .body = bytes_of(token), .name = token.metadata().name()};
  row.uses_left = std::max(1U, token.spec().uses_max());
  row.expires_at = expiry(desk, token.spec().expires_after_ms(), enrol_life);
  return row;
}

TokenRow row_for(Desk& desk, const v1::ApiToken& token) {
  TokenRow row{.kind = TokenRow::Kind::api,
               .subject = token.spec().user(),
               .body = bytes_of(token),
               .name = token.metadata().name()};
  row.expires_at = expiry(desk, token.spec().expires_after_ms(), api_life);
  return row;
}

void reveal(Desk& desk, const Secret& secret, v1::EnrollmentToken& token) {
  token.mutable_status()->set_token(std::string(secret.reveal()));
  token.mutable_status()->set_root_key_id(hex(desk.environment.root_key));
}

void reveal(Desk& /*desk*/, const Secret& secret, v1::ApiToken& token) {
  token.mutable_status()->set_token(std::string(secret.reveal()));
}

/// Keeps the hash and answers with the secret, which nobody sees again.
template <class Token>
void make(Desk& desk, const CallPtr& call, const Token& token) {
  TokenRow row = row_for(desk, token);
  const auth::NewToken made =
      auth::make_token(row.kind, *desk.environment.random, *desk.environment.crypto);
  row.hash = made.hash;
  store::Change change = change_of(desk, *call);
  change.operations.emplace_back(store::AddToken{.token = row});
  desk.submit(
      call, std::move(change), [&desk, call, row, made](const store::Outcome& outcome) mutable {
        if (outcome.replayed) {
          // Its twin was under way when this one was let in.
          answer_again(desk, call);
          return;
        }
        row.id = outcome.effects.front().uid;
        row.created_at = outcome.effects.front().created_at;
        Token shown = show<Token>(row);
        reveal(desk, made.text, shown);
        reply(call, 201, shown);
      });
}

/// A token acts for who makes it, unless it names another user that is there.
Status choose_user(Desk& desk, const Call& call, v1::ApiToken& token) {
  if (token.spec().user().empty()) {
    token.mutable_spec()->set_user(call.permit.user());
  }
  SKERRY_TRY(const std::optional<store::UserRow> user, desk.reader().user(token.spec().user()));
  if (!user) {
    return fail({.kind = ErrorKind::invalid,
                 .code = not_found,
                 .message = "there is no user " + token.spec().user(),
                 .field_path = "spec.user"});
  }
  return {};
}

}  // namespace

void create_token(Desk& desk, const CallPtr& call) {
  const std::optional<resource::Resource> resource = read_body(desk, call);
  if (!resource) {
    return;
  }
  if (is_enrolment(*call)) {
    make(desk, call, static_cast<const v1::EnrollmentToken&>(*resource->message));
    return;
  }
  auto token = static_cast<const v1::ApiToken&>(*resource->message);
  if (const Status chosen = choose_user(desk, *call, token); chosen) {
    make(desk, call, token);
  } else {
    refuse(desk, call, chosen.error());
  }
}

void delete_token(Desk& desk, const CallPtr& call) {
  const auto row = find_token(desk, kind_of(*call), call->name);
  if (!row || !*row) {
    refuse(desk, call, row ? no_token(*call) : row.error());
    return;
  }
  store::Change change = change_of(desk, *call);
  change.operations.emplace_back(store::RevokeToken{.id = (*row)->id});
  desk.submit(
      call, std::move(change), [call](const store::Outcome&) { reply(call, {.status = 204}); });
}

void get_token(Desk& desk, const CallPtr& call) {
  const auto row = find_token(desk, kind_of(*call), call->name);
  if (!row || !*row) {
    refuse(desk, call, row ? no_token(*call) : row.error());
  } else if (is_enrolment(*call)) {
    reply(call, 200, show_enrolment(**row));
  } else {
    reply(call, 200, show<v1::ApiToken>(**row));
  }
}

namespace {

template <class List, class Show>
void list(Desk& desk, const CallPtr& call, const Show& show_row) {
  const Result<PageRequest> request = page_of(*call);
  const Result<Uuid> after = !request                 ? Result<Uuid>(fail(request.error()))
                             : request->after.empty() ? Result<Uuid>(Uuid{})
                                                      : parse_uuid(request->after);
  if (!after) {
    refuse(desk, call, after.error());
    return;
  }
  List out;
  Uuid last;
  const Status status = for_each_token(desk, kind_of(*call), *after, [&](const TokenRow& row) {
    if (static_cast<std::size_t>(out.items_size()) == request->limit) {
      out.mutable_page()->set_next(cursor_to(to_string(last)));
      return false;
    }
    last = row.id;
    *out.add_items() = show_row(row);
    return true;
  });
  if (status) {
    reply(call, 200, out);
  } else {
    refuse(desk, call, status.error());
  }
}

}  // namespace

void list_tokens(Desk& desk, const CallPtr& call) {
  if (is_enrolment(*call)) {
    list<v1::EnrollmentTokenList>(desk, call, show_enrolment);
  } else {
    list<v1::ApiTokenList>(desk, call, show<v1::ApiToken>);
  }
}

}  // namespace skerry::api
