#include "client/client.h"

#include "client/codes.h"
#include "client/event_stream.h"
#include "client/query.h"
#include "resource/codec.h"
#include "resource/json.h"
#include "resource/write.h"

namespace skerry::client {
namespace {

constexpr std::string_view root = "/api/v1/";
constexpr std::string_view page_items = "500";

/// A page holds many objects, each of which may come near a body's own cap.
constexpr resource::ReadLimits answer_limits{
    .bytes_max = 64 * 1024UL * 1024UL, .depth_max = 64, .nodes_max = 4'000'000};

std::string path_of(const resource::Kind& kind) {
  return std::string(root).append(kind.plural);
}

std::string path_of(const resource::Kind& kind, std::string_view name) {
  return path_of(kind).append("/").append(escape(name));
}

Error not_understood(std::string_view what) {
  return {.kind = ErrorKind::internal,
          .code = bad_answer,
          .message = "the server's answer is not understood: " + std::string(what),
          .hint = "compare versions: skerry version"};
}

Result<resource::Node> read_answer(std::string_view text) {
  auto node = resource::read_json(text, {.limits = answer_limits});
  if (!node) {
    return fail(not_understood(node.error().message));
  }
  return node;
}

Result<Object> object_of(const resource::Kind& kind, resource::Node node) {
  if (!node.is_mapping()) {
    return fail(not_understood("not an object"));
  }
  Object object{.kind = &kind, .message = resource::make_resource(kind), .node = std::move(node)};
  resource::Problems problems;
  const resource::DecodeOptions options{.reading = resource::DecodeOptions::Reading::own_output};
  if (!resource::decode(object.node, *object.message, options, problems)) {
    return fail(not_understood(to_string(problems.list().front())));
  }
  return object;
}

Result<Object> read_object(const resource::Kind& kind, std::string_view text) {
  SKERRY_TRY(resource::Node node, read_answer(text));
  return object_of(kind, std::move(node));
}

std::string text_at(const resource::Node& node, std::string_view key) {
  const resource::Node* value = node.get(key);
  return value != nullptr && value->is_scalar() ? value->text : std::string();
}

std::string list_target(const resource::Kind& kind,
                        const ListQuery& query,
                        std::string_view cursor) {
  const std::string limit =
      query.items_max == 0 ? std::string(page_items) : std::to_string(query.items_max);
  return with_query(path_of(kind),
                    {{"selector", query.selector},
                     {"site", query.site},
                     {"stack", query.stack},
                     {"limit", limit},
                     {"cursor", cursor}});
}

/// Takes the items of one page; returns the cursor of the next.
Result<std::string> take_page(const resource::Kind& kind,
                              std::string_view body,
                              std::vector<Object>& out) {
  SKERRY_TRY(resource::Node page, read_answer(body));
  for (std::size_t i = 0; i < page.keys.size(); ++i) {
    if (page.keys[i].text != "items") {
      continue;
    }
    for (resource::Node& item : page.items[i].items) {
      SKERRY_TRY(Object object, object_of(kind, std::move(item)));
      out.push_back(std::move(object));
    }
  }
  const resource::Node* where = page.get("page");
  return where == nullptr ? text_at(page, "next") : text_at(*where, "next");
}

std::optional<Change::Type> change_type(std::string_view word) {
  constexpr std::pair<std::string_view, Change::Type> words[] = {
      {"Added", Change::Type::added},
      {"Modified", Change::Type::modified},
      {"Deleted", Change::Type::deleted},
      {"Resync", Change::Type::resync},
      {"Beat", Change::Type::beat}};
  for (const auto& [name, type] : words) {
    if (name == word) {
      return type;
    }
  }
  return std::nullopt;
}

/// The object of a change: under its kind's name with a small first letter.
const resource::Node* changed_object(const resource::Node& node, const resource::Kind& kind) {
  std::string key(kind.name);
  key[0] = static_cast<char>(key[0] - 'A' + 'a');
  const resource::Node* object = node.get(key);
  return object == nullptr ? node.get("object") : object;
}

Applied::Outcome outcome_of(const Reply& reply) {
  if (reply.outcome == "unchanged") {
    return Applied::Outcome::unchanged;
  }
  const bool is_new = reply.status == 201 || reply.outcome == "created";
  return is_new ? Applied::Outcome::created : Applied::Outcome::configured;
}

}  // namespace

Request Client::request(std::string_view method, std::string target) const {
  return {.method = std::string(method),
          .target = std::move(target),
          .headers = {{"Accept", "application/json"}},
          .token = token_};
}

Result<Reply> Client::checked(Result<Reply> reply) {
  refusal_.reset();
  if (!reply || reply->status < 300) {
    return reply;
  }
  refusal_ = refusal_of(*reply);
  return fail(error_of(*refusal_));
}

Result<Reply> Client::send(const Request& request) {
  return checked(transport_.send(request));
}

Result<Object> Client::get(const resource::Kind& kind, std::string_view name) {
  SKERRY_TRY(const Reply reply, send(request("GET", path_of(kind, name))));
  return read_object(kind, reply.body);
}

Result<std::vector<Object>> Client::list(const resource::Kind& kind, const ListQuery& query) {
  std::vector<Object> objects;
  std::string cursor;
  do {
    SKERRY_TRY(const Reply reply, send(request("GET", list_target(kind, query, cursor))));
    SKERRY_TRY(cursor, take_page(kind, reply.body, objects));
  } while (!cursor.empty() && (query.items_max == 0 || objects.size() < query.items_max));
  return objects;
}

Result<Applied> Client::apply(const resource::Kind& kind,
                              std::string_view name,
                              std::string bytes,
                              const ApplyOptions& options) {
  Request put =
      request("PUT", with_query(path_of(kind, name), {{"dryRun", options.dry_run ? "true" : ""}}));
  put.headers.push_back(
      {"Content-Type", options.is_json ? "application/json" : "application/yaml"});
  if (!options.if_match.empty()) {
    put.headers.push_back({"If-Match", options.if_match});
  }
  put.body = std::move(bytes);
  SKERRY_TRY(const Reply reply, send(put));
  SKERRY_TRY(Object object, read_object(kind, reply.body));
  return Applied{.object = std::move(object), .outcome = outcome_of(reply)};
}

Result<Object> Client::create(const google::protobuf::Message& resource) {
  const resource::Kind* kind = resource::kind_of(resource);
  Request post = request("POST", path_of(*kind));
  post.headers.push_back({"Content-Type", "application/json"});
  post.body = resource::to_json(resource, {.secrets = resource::EncodeOptions::Secrets::send});
  SKERRY_TRY(const Reply reply, send(post));
  return read_object(*kind, reply.body);
}

Status Client::remove(const resource::Kind& kind, std::string_view name) {
  SKERRY_CHECK(send(request("DELETE", path_of(kind, name))));
  return {};
}

Status Client::act(const resource::Kind& kind, std::string_view name, std::string_view verb) {
  Request post = request("POST", path_of(kind, name).append("/").append(verb));
  post.headers.push_back({"Content-Type", "application/json"});
  post.body = "{}";
  SKERRY_CHECK(send(post));
  return {};
}

Result<Change> Client::read_change(const resource::Kind& kind, std::string_view data) const {
  SKERRY_TRY(resource::Node node, read_answer(data));
  const auto type = change_type(text_at(node, "type"));
  if (!type) {
    return fail(not_understood("a change of type \"" + text_at(node, "type") + "\""));
  }
  Change change{.type = *type, .name = text_at(node, "name")};
  if (const resource::Node* object = changed_object(node, kind)) {
    SKERRY_TRY(change.object, object_of(kind, *object));
  }
  return change;
}

Status Client::watch(const resource::Kind& kind,
                     const ListQuery& query,
                     std::string_view after,
                     const TakeChange& take) {
  const std::string target = with_query(path_of(kind),
                                        {{"watch", "true"},
                                         {"selector", query.selector},
                                         {"site", query.site},
                                         {"stack", query.stack}});
  Request get = request("GET", target);
  get.headers = {{"Accept", "text/event-stream"}};
  if (!after.empty()) {
    get.headers.push_back({"Last-Event-ID", std::string(after)});
  }
  EventStreamReader reader;
  Status outcome;
  const auto take_event = [&](const StreamEvent& event) {
    auto change = read_change(kind, event.data);
    if (!change) {
      outcome = fail(std::move(change).error());
      return false;
    }
    change->position = event.id;
    return take(*change);
  };
  const auto take_bytes = [&](std::string_view bytes) {
    auto goes_on = reader.feed(bytes, take_event);
    if (!goes_on) {
      outcome = fail(std::move(goes_on).error());
      return false;
    }
    return *goes_on;
  };
  SKERRY_CHECK(checked(transport_.stream(get, take_bytes)));
  return outcome;
}

Result<Login> Client::sign_in(std::string_view target, std::string body) {
  Request post = request("POST", std::string(target));
  post.headers.push_back({"Content-Type", "application/json"});
  post.body = std::move(body);
  SKERRY_TRY(const Reply reply, send(post));
  SKERRY_TRY(const resource::Node node, read_answer(reply.body));
  Login login{.token = Secret(text_at(node, "token")),
              .user = text_at(node, "user"),
              .expires_at = text_at(node, "expiresAt")};
  if (login.token.empty()) {
    return fail(not_understood("it holds no token"));
  }
  return login;
}

Result<Login> Client::login(std::string_view user, const Secret& password) {
  return sign_in("/api/v1/login",
                 resource::json_of({{"user", user}, {"password", password.reveal()}}));
}

Result<Login> Client::set_up(const Secret& code, std::string_view user, const Secret& password) {
  return sign_in("/api/v1/setup",
                 resource::json_of(
                     {{"code", code.reveal()}, {"user", user}, {"password", password.reveal()}}));
}

Status Client::logout() {
  SKERRY_CHECK(send(request("POST", "/api/v1/logout")));
  return {};
}

Result<Identity> Client::whoami() {
  SKERRY_TRY(const Reply reply, send(request("GET", "/api/v1/whoami")));
  SKERRY_TRY(const resource::Node node, read_answer(reply.body));
  return Identity{.user = text_at(node, "user"), .kind = text_at(node, "kind")};
}

Result<RestoreState> Client::restore() {
  SKERRY_TRY(const Reply reply, send(request("GET", "/api/v1/restore")));
  SKERRY_TRY(const resource::Node node, read_answer(reply.body));
  RestoreState state{.in_progress = text_at(node, "inProgress") == "true"};
  if (const resource::Node* undecided = node.get("undecided")) {
    for (const resource::Node& stack : undecided->items) {
      state.undecided.push_back({.name = text_at(stack, "name"),
                                 .unknown_here = text_at(stack, "unknownHere") == "true"});
    }
  }
  if (node.get("sitesAway") != nullptr) {
    state.sites_away = text_at(node, "sitesAway");
  }
  return state;
}

Status Client::accept_stack(std::string_view name) {
  SKERRY_TRY(const Reply reply,
             send(request("POST", "/api/v1/restore/stacks/" + std::string(name) + "/accept")));
  return {};
}

Status Client::finish_restore(bool abandon_away) {
  const std::string target = "/api/v1/restore/finish";
  SKERRY_TRY(const Reply reply,
             send(request("POST", target + (abandon_away ? "?abandonAway=true" : ""))));
  return {};
}

Result<ServerFacts> Client::server_facts() {
  SKERRY_TRY(const Reply reply, send(request("GET", "/api/v1/server")));
  SKERRY_TRY(const resource::Node node, read_answer(reply.body));
  return ServerFacts{.version = text_at(node, "version"),
                     .root_digest = text_at(node, "rootDigest"),
                     .site_address = text_at(node, "siteAddress")};
}

}  // namespace skerry::client
