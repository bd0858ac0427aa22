#include "server/api/api.h"

#include <utility>

#include "base/uuid.h"
#include "os/subscriber.h"
#include "server/api/codes.h"
#include "server/api/handlers.h"
#include "server/api/parameters.h"
#include "server/api/watch.h"
#include "server/auth/codes.h"

namespace skerry::api {

namespace {

constexpr std::size_t body_max = std::size_t{1024} * 1024;

using HandlerFunction = void (*)(Desk& desk, const CallPtr& call);

/// One for each endpoint of the route table; a watch is served by its own.
HandlerFunction handler_of(auth::Endpoint endpoint) {
  switch (endpoint) {
    case auth::Endpoint::health:
      return show_health;
    case auth::Endpoint::ready:
      return show_ready;
    case auth::Endpoint::metrics:
      return show_metrics;
    case auth::Endpoint::setup:
      return set_up;
    case auth::Endpoint::login:
      return log_in;
    case auth::Endpoint::logout:
      return log_out;
    case auth::Endpoint::whoami:
      return who_am_i;
    case auth::Endpoint::server:
      return server_facts;
    case auth::Endpoint::list:
      return list_objects;
    case auth::Endpoint::get:
      return get_object;
    case auth::Endpoint::put:
      return put_object;
    case auth::Endpoint::remove:
      return delete_object;
    case auth::Endpoint::create:
      return create_token;
    case auth::Endpoint::approve_site:
      return approve_site;
    case auth::Endpoint::reject_site:
      return reject_site;
    case auth::Endpoint::revoke_site:
      return revoke_site;
    case auth::Endpoint::restore:
      return show_restore;
    case auth::Endpoint::accept_stack:
      return accept_stack;
    case auth::Endpoint::finish_restore:
      return finish_restore;
    case auth::Endpoint::events:
      return list_events;
    case auth::Endpoint::audit:
      return list_audit;
    case auth::Endpoint::watch:
      return [](Desk& desk, const CallPtr& call) { desk.watches->add(call); };
  }
  return nullptr;
}

bool is_watch(const Call& call) {
  const bool watchable = call.route->kind == "Stack" || call.route->kind == "Site";
  return call.route->endpoint == auth::Endpoint::list && watchable &&
         call.parameter("watch") == "true";
}

}  // namespace

class Api::Core {
 public:
  Core(const Environment& environment,
       std::unique_ptr<net::Worker> worker,
       std::unique_ptr<net::Worker> hasher)
      : worker_(std::move(worker)),
        hasher_(std::move(hasher)),
        log_(environment.log->for_room("api")),
        desk_{.environment = environment,
              .gate = {*environment.reader, *environment.clock, *environment.crypto},
              .worker = *worker_,
              .hasher = *hasher_},
        watches_(desk_) {
    desk_.environment.log = &log_;
    desk_.watches = &watches_;
  }

  net::Handler handler();
  void wake();
  void stop();

 private:
  void begin(const std::shared_ptr<net::Exchange>& exchange);
  Result<CallPtr> admit(const std::shared_ptr<net::Exchange>& exchange);
  void deny(const std::shared_ptr<net::Exchange>& exchange, const Error& error);
  void read_then_serve(const CallPtr& call);
  void serve(const CallPtr& call);
  std::string next_request_id();

  std::unique_ptr<net::Worker> worker_;
  std::unique_ptr<net::Worker> hasher_;
  Log log_;
  Desk desk_;
  Watches watches_;
  // Set by who wakes, cleared by who looks: many changes are one look.
  std::atomic<bool> awake_{false};
};

net::Handler Api::Core::handler() {
  return [this, poster = worker_->poster()](const std::shared_ptr<net::Exchange>& exchange) {
    // Where it is not taken, the exchange goes unanswered and the server says so.
    poster.post([this, exchange] { begin(exchange); });
  };
}

std::string Api::Core::next_request_id() {
  return to_string(make_uuid(desk_.now(), *desk_.environment.random));
}

Result<CallPtr> Api::Core::admit(const std::shared_ptr<net::Exchange>& exchange) {
  const net::RequestHead& head = exchange->head();
  const auth::RouteMatch match = auth::find_route(head.method, head.path);
  if (match.route == nullptr) {
    return fail({.kind = ErrorKind::not_found,
                 .code = match.path_known ? auth::method_not_allowed : auth::route_unknown,
                 .message = match.path_known ? head.method + " is not possible here"
                                             : "there is nothing at this path"});
  }
  SKERRY_TRY(std::vector<net::Header> query, net::parse_query(head.query));
  const std::string address = os::subscriber_of(head.peer);
  const auth::Caller caller{.authorization = net::find_header(head.headers, "authorization"),
                            .address = address,
                            .token_in_url = net::find_header(query, "token") != nullptr ||
                                            net::find_header(query, "access_token") != nullptr};
  SKERRY_TRY(auth::Permit permit, desk_.gate.admit(*match.route, caller));
  SKERRY_CHECK(check_parameters(*match.route, query));
  if (std::optional<store::Change> use = desk_.gate.note_use(permit)) {
    desk_.submit(*std::move(use), [](const auto&) {});
  }
  return std::make_shared<Call>(Call{.exchange = exchange,
                                     .route = match.route,
                                     .permit = std::move(permit),
                                     .name = std::string(match.name),
                                     .query = std::move(query),
                                     .body = {},
                                     .request_id = next_request_id(),
                                     .crypto = desk_.environment.crypto});
}

void Api::Core::begin(const std::shared_ptr<net::Exchange>& exchange) {
  ++desk_.counters.requests;
  const Result<CallPtr> call = admit(exchange);
  if (!call) {
    deny(exchange, call.error());
  } else if (const std::string& method = exchange->head().method;
             method == "PUT" || method == "POST") {
    read_then_serve(*call);
  } else {
    serve(*call);
  }
}

void Api::Core::deny(const std::shared_ptr<net::Exchange>& exchange, const Error& error) {
  const std::string request_id = next_request_id();
  if (error.kind == ErrorKind::denied) {
    ++desk_.counters.denied;
    const net::RequestHead& head = exchange->head();
    const std::string address = os::subscriber_of(head.peer);
    const std::string action = head.method + " " + head.path.substr(0, 256);
    if (auto note = desk_.gate.note_denied({.address = address}, action, error)) {
      desk_.submit(*std::move(note), [](const auto&) {});
    }
  } else {
    ++desk_.counters.refused;
  }
  net::Response response = problem(error, {}, request_id);
  if (error.code == auth::method_not_allowed) {
    response.headers.push_back({"allow", auth::allowed_methods(exchange->head().path)});
  }
  response.headers.push_back({"x-request-id", request_id});
  exchange->reply(std::move(response));
}

void Api::Core::read_then_serve(const CallPtr& call) {
  call->exchange->read_body(body_max, [this, call, poster = worker_->poster()](std::string body) {
    poster.post([this, call, body = std::move(body)]() mutable {
      call->body = std::move(body);
      serve(call);
    });
  });
}

void Api::Core::serve(const CallPtr& call) {
  if (is_watch(*call)) {
    watches_.add(call);
    return;
  }
  if (answer_again(desk_, call)) {
    return;
  }
  handler_of(call->route->endpoint)(desk_, call);
}

void Api::Core::wake() {
  if (!awake_.exchange(true)) {
    worker_->poster().post([this] {
      awake_ = false;
      watches_.look();
    });
  }
}

void Api::Core::stop() {
  worker_->poster().post([this] { watches_.close(); });
  hasher_->stop();
  worker_->stop();
}

Api::Api(std::unique_ptr<Core> core) : core_(std::move(core)) {}

Api::~Api() {
  stop();
}

Result<std::unique_ptr<Api>> Api::start(const Environment& environment) {
  SKERRY_TRY(std::unique_ptr<net::Worker> worker, net::Worker::start());
  SKERRY_TRY(std::unique_ptr<net::Worker> hasher, net::Worker::start());
  return std::unique_ptr<Api>(
      new Api(std::make_unique<Core>(environment, std::move(worker), std::move(hasher))));
}

net::Handler Api::handler() {
  return core_->handler();
}

void Api::wake() {
  core_->wake();
}

void Api::stop() {
  core_->stop();
}

}  // namespace skerry::api
