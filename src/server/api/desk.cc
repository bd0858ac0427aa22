#include "server/api/desk.h"

#include <array>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "base/disk.h"
#include "base/text.h"
#include "resource/codec.h"
#include "server/api/codes.h"
#include "server/auth/codes.h"
#include "server/store/codes.h"

namespace skerry::api {

namespace {

struct StatusOfCode {
  ErrorCode code;
  unsigned status;
};

/// Where the kind of an error alone does not say it.
constexpr std::array statuses{StatusOfCode{auth::unauthenticated, 401},
                              StatusOfCode{auth::token_in_url, 401},
                              StatusOfCode{auth::bad_credentials, 401},
                              StatusOfCode{auth::throttled, 429},
                              StatusOfCode{auth::already_set_up, 410},
                              StatusOfCode{auth::method_not_allowed, 405},
                              StatusOfCode{store::stale_revision, 412},
                              StatusOfCode{store::already_exists, 412},
                              StatusOfCode{store::key_reused, 422},
                              StatusOfCode{disk_full, 507},
                              StatusOfCode{media_type_unsupported, 415}};

unsigned status_of_kind(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return 400;
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::conflict:
      return 409;
    case ErrorKind::denied:
      return 403;
    case ErrorKind::unavailable:
    case ErrorKind::exhausted:
      return 503;
    case ErrorKind::internal:
      return 500;
  }
  return 500;
}

unsigned status_of(const Error& error) {
  for (const StatusOfCode& entry : statuses) {
    if (entry.code == error.code) {
      return entry.status;
    }
  }
  return status_of_kind(error.kind);
}

void fill(const Error& error, v1::FieldProblem& field) {
  field.set_path(error.field_path);
  field.set_line(error.at.line);
  field.set_column(error.at.column);
  field.set_code(std::string(error.code.name));
  field.set_message(error.message);
  field.set_hint(error.hint);
}

Error bad_header(std::string message) {
  return {.kind = ErrorKind::invalid, .code = bad_parameter, .message = std::move(message)};
}

Result<std::optional<std::uint64_t>> parse_etag(const std::string& value) {
  std::string_view text = value;
  if (text == "*") {
    return std::optional<std::uint64_t>();
  }
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  const std::optional<std::uint64_t> revision = parse_unsigned(text.substr(0, text.find('-')));
  if (!revision) {
    return fail(bad_header("\"" + value + "\" is not an ETag of this server"));
  }
  return revision;
}

void set_header(std::vector<net::Header>& headers, net::Header header) {
  std::erase_if(headers, [&](const net::Header& each) { return each.name == header.name; });
  headers.push_back(std::move(header));
}

/// Says by ETag what a read was answered with, or 304 where that is what the caller has.
void tag(const Call& call, net::Response& response) {
  const std::string& method = call.exchange->head().method;
  const std::string* type = net::find_header(response.headers, "content-type");
  if ((method != "GET" && method != "HEAD") || response.status != 200 || type == nullptr ||
      *type != "application/json") {
    return;
  }
  const std::string* revision = net::find_header(response.headers, "etag");
  net::Header etag = etag_of(revision, call.crypto->sha256(response.body));
  const std::string* held = call.header("if-none-match");
  if (held != nullptr && names_etag(*held, etag.value)) {
    response.status = 304;
    response.body.clear();
  }
  set_header(response.headers, std::move(etag));
}

}  // namespace

std::string_view Call::parameter(std::string_view key) const {
  const std::string* value = net::find_header(query, key);
  return value == nullptr ? std::string_view() : *value;
}

const std::string* Call::header(std::string_view key) const {
  return net::find_header(exchange->head().headers, key);
}

void Desk::submit(store::Change change, const Settled& settled) {
  ++counters.changes;
  const Status status = environment.submit(
      std::move(change),
      [poster = worker.poster(), settled](const Result<store::Outcome>& outcome) {
        poster.post([settled, outcome] { settled(outcome); });
      });
  if (!status) {
    settled(fail(status.error()));
  }
}

void Desk::submit(const CallPtr& call, store::Change change, Committed committed) {
  submit(std::move(change),
         [this, call, committed = std::move(committed)](const Result<store::Outcome>& outcome) {
           if (outcome) {
             committed(*outcome);
           } else {
             refuse(*this, call, outcome.error());
           }
         });
}

void reply(const CallPtr& call, net::Response response) {
  tag(*call, response);
  response.headers.push_back({"x-request-id", call->request_id});
  call->exchange->reply(std::move(response));
}

void reply(const CallPtr& call,
           unsigned status,
           const google::protobuf::Message& message,
           std::vector<net::Header> headers) {
  headers.push_back({"content-type", "application/json"});
  reply(call,
        {.status = status, .headers = std::move(headers), .body = resource::to_json(message)});
}

void reply_json(const CallPtr& call, std::string json) {
  reply(call, {.headers = {{"content-type", "application/json"}}, .body = std::move(json)});
}

net::Response problem(const Error& error,
                      const std::vector<Error>& fields,
                      std::string_view request_id,
                      std::chrono::milliseconds retry_after) {
  net::Response response{.status = status_of(error)};
  v1::Problem message;
  message.set_type("about:blank");
  message.set_title(std::string(net::reason_phrase(response.status)));
  message.set_status(response.status);
  message.set_detail(error.message);
  message.set_code(std::string(error.code.name));
  message.set_hint(error.hint);
  message.set_request_id(std::string(request_id));
  for (const Error& field : fields) {
    fill(field, *message.add_fields());
  }
  if (error.code == auth::forbidden) {
    message.set_missing_permission(error.field_path);
  }
  response.headers = {{"content-type", "application/problem+json"}};
  if (retry_after.count() > 0) {
    message.set_retry_after_ms(retry_after.count());
    response.headers.push_back({"retry-after", std::to_string((retry_after.count() + 999) / 1000)});
  }
  if (response.status == 401) {
    response.headers.push_back({"www-authenticate", "Bearer"});
  }
  response.body = resource::to_json(message);
  return response;
}

void refuse(Desk& desk, const CallPtr& call, const Error& error) {
  const bool is_throttled = error.code == auth::throttled;
  net::Response response =
      problem(error,
              error.at.line == 0 ? std::vector<Error>() : std::vector<Error>{error},
              call->request_id,
              is_throttled ? desk.gate.retry_after() : std::chrono::milliseconds(0));
  ++(response.status >= 500 ? desk.counters.failed : desk.counters.refused);
  desk.counters.throttled += is_throttled ? 1U : 0U;
  if (response.status >= 500) {
    desk.environment.log->warning(
        "request_failed",
        {{"request_id", call->request_id}, {"code", error.code.name}, {"why", error.message}});
  }
  reply(call, std::move(response));
}

void refuse(Desk& desk,
            const CallPtr& call,
            const std::vector<Error>& errors,
            std::size_t unlisted) {
  ++desk.counters.refused;
  const std::size_t count = errors.size() + unlisted;
  Error summary{.kind = ErrorKind::invalid,
                .code = count == 1 ? errors.front().code : invalid_resource,
                .message = count == 1 ? errors.front().message
                                      : std::to_string(count) + " things are wrong with it",
                .hint = count == 1 ? errors.front().hint : ""};
  reply(call, problem(summary, errors, call->request_id));
}

net::Header etag_of(std::uint64_t revision) {
  return {"etag", "\"" + std::to_string(revision) + "\""};
}

net::Header etag_of(const std::string* revision, const Digest& body) {
  const std::string bytes = to_hex(body.view().substr(0, 8));
  if (revision == nullptr) {
    return {"etag", "\"-" + bytes + "\""};
  }
  return {"etag", revision->substr(0, revision->size() - 1) + "-" + bytes + "\""};
}

bool names_etag(std::string_view if_none_match, std::string_view etag) {
  for (std::string_view each : split(if_none_match, ',')) {
    each.remove_prefix(std::min(each.find_first_not_of(' '), each.size()));
    each = each.substr(0, each.find_last_not_of(' ') + 1);
    each.remove_prefix(each.starts_with("W/") ? 2 : 0);
    if (each == "*" || each == etag) {
      return true;
    }
  }
  return false;
}

net::Header outcome_of(std::string_view word) {
  return {"skerry-outcome", std::string(word)};
}

net::Header outcome_of(const store::Effect& effect) {
  const bool is_new = effect.generation == 1 && effect.created_at == effect.updated_at;
  return outcome_of(!effect.changed ? "unchanged" : is_new ? "created" : "configured");
}

Result<Conditions> conditions_of(const Call& call) {
  Conditions conditions;
  if (const std::string* match = call.header("if-match")) {
    SKERRY_TRY(conditions.if_match, parse_etag(*match));
    conditions.if_any = !conditions.if_match;
  }
  if (const std::string* none = call.header("if-none-match")) {
    if (*none != "*") {
      return fail(bad_header("If-None-Match of a change can only be *"));
    }
    conditions.if_absent = true;
  }
  return conditions;
}

bool is_dry_run(const Call& call) {
  const std::string_view value = call.parameter("dryRun");
  return value == "server" || value == "true" || value == "All";
}

Result<std::optional<store::Outcome>> earlier_outcome(const Desk& desk, const Call& call) {
  return desk.reader().earlier_outcome(change_of(desk, call));
}

store::Change change_of(const Desk& desk, const Call& call) {
  store::Change change{.by = call.permit.actor()};
  if (const std::string* key = call.header("idempotency-key"); key != nullptr && !key->empty()) {
    // Of this user alone: nobody sees the answer to another's request.
    change.idempotency_key = call.permit.user() + "\n" + key->substr(0, 256);
    change.request = desk.environment.crypto->sha256(
        call.exchange->head().method + "\n" + call.exchange->head().path + "\n" +
        call.exchange->head().query + "\n" + call.body);
  }
  return change;
}

std::uint64_t milliseconds_of(WallTime time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

std::string bytes_of(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

std::string hex(const Digest& digest) {
  return to_hex(digest.view());
}

}  // namespace skerry::api
