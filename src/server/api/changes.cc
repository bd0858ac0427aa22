#include "server/api/body.h"
#include "server/api/build.h"
#include "server/api/codes.h"
#include "server/api/handlers.h"
#include "server/api/view.h"
#include "server/store/codes.h"
#include "server/store/kinds.h"
#include "trust/sign.h"

namespace skerry::api {

namespace {

Error no_object(std::string_view kind, std::string_view name) {
  return {.kind = ErrorKind::not_found,
          .code = not_found,
          .message = "there is no " + std::string(kind) + " " + std::string(name)};
}

/// The operation that writes an object under the call's conditions.
store::PutObject put_of(Desk& desk,
                        const Call& call,
                        const Conditions& conditions,
                        const google::protobuf::Message& message,
                        const google::protobuf::Message& spec) {
  return {.kind = std::string(call.route->kind),
          .name = call.name,
          .body = bytes_of(message),
          .spec_digest = desk.environment.crypto->sha256(bytes_of(spec)),
          .if_match = conditions.if_match,
          .if_absent = conditions.if_absent};
}

/// Answers with an object as it was written.
template <class Message>
void answer_written(const CallPtr& call, const store::Effect& effect, Message& message) {
  fill_metadata(effect, *message.mutable_metadata());
  const net::Header outcome = outcome_of(effect);
  reply(call, outcome.value == "created" ? 201 : 200, message, {etag_of(effect.revision), outcome});
}

/// What a change would do, for a dry run.
Result<net::Header> outcome_of_dry_run(Desk& desk,
                                       const Call& call,
                                       const google::protobuf::Message& message) {
  SKERRY_TRY(const std::optional<store::ObjectRow> row,
             desk.reader().object(call.route->kind, call.name));
  if (!row) {
    return outcome_of("created");
  }
  return outcome_of(row->body == bytes_of(message) ? "unchanged" : "configured");
}

// ---- Stacks.

Build build_from(Desk& desk, const v1::Stack& stack, const resource::Node& node) {
  const resource::Origin origin = resource::origin_of(resource::node_at(node, "spec.compose"));
  return build(stack,
               *desk.environment.crypto,
               {.line = origin.at.line, .column = origin.at.column, .indent = origin.indent});
}

void add_build(const Build& built, v1::Stack& stack) {
  stack.mutable_status()->mutable_release()->set_digest(to_string(built.release));
  stack.mutable_status()->mutable_release()->set_state(v1::StackRelease::READY);
  *stack.mutable_status()->mutable_warnings() = {built.warnings.begin(), built.warnings.end()};
}

/// What would happen: the release, the warnings, and the sites that the targets choose.
void show_dry_run(Desk& desk, const CallPtr& call, const Build& built, v1::Stack stack) {
  const Result<net::Header> outcome = outcome_of_dry_run(desk, *call, stack);
  add_build(built, stack);
  const Status counted = add_sites(desk, stack);
  if (!counted || !outcome) {
    refuse(desk, call, counted ? outcome.error() : counted.error());
    return;
  }
  reply(call, 200, stack, {*outcome});
}

/// Stack, release and its bytes in one change, so that a 2xx means all of it is durable. The
/// release is signed only where its bytes are not here yet; its digest is always written beside the
/// stack, so that of two changes at once each leaves a pair that belongs together.
Result<store::Change> stack_change(Desk& desk,
                                   const Call& call,
                                   const Conditions& conditions,
                                   const v1::Stack& stack,
                                   const Build& built) {
  store::Change change = change_of(desk, call);
  SKERRY_CHECK(add_decision(desk, call.name, change));
  SKERRY_TRY(const std::optional<std::string> blob, desk.reader().blob(built.release));
  if (!blob) {
    SKERRY_TRY(const KeyPair author, desk.environment.keys->find(trust::KeyRole::author));
    SKERRY_TRY(std::string envelope, trust::sign(built.payload, author, *desk.environment.crypto));
    change.operations.emplace_back(
        store::PutBlob{.digest = built.release, .bytes = std::move(envelope)});
  }
  const std::string digest = to_string(built.release);
  change.operations.emplace_back(put_of(desk, call, conditions, stack, stack.spec()));
  change.operations.emplace_back(
      store::PutObject{.kind = std::string(store::release_kind),
                       .name = call.name,
                       .body = digest,
                       .spec_digest = desk.environment.crypto->sha256(digest)});
  return change;
}

void put_stack(Desk& desk,
               const CallPtr& call,
               const Conditions& conditions,
               const resource::Resource& resource) {
  auto stack = std::make_shared<v1::Stack>(static_cast<const v1::Stack&>(*resource.message));
  const Build built = build_from(desk, *stack, resource.node);
  if (!built.errors.empty()) {
    refuse(desk, call, built.errors, 0);
    return;
  }
  if (is_dry_run(*call)) {
    show_dry_run(desk, call, built, *stack);
    return;
  }
  Result<store::Change> change = stack_change(desk, *call, conditions, *stack, built);
  if (!change) {
    refuse(desk, call, change.error());
    return;
  }
  add_build(built, *stack);
  desk.submit(call, *std::move(change), [call, stack](const store::Outcome& outcome) {
    // The stack is the last but one: the bytes of the release may stand before it, and stood there
    // when this answer was first given though they do not now.
    const store::Effect& effect = outcome.effects.at(outcome.effects.size() - 2);
    stack->mutable_status()->set_observed_generation(effect.generation);
    answer_written(call, effect, *stack);
  });
}

// ---- Sites.

/// Enrolment alone makes sites: a change needs one that is there, and never brings back one that
/// was deleted meanwhile.
void put_site(Desk& desk,
              const CallPtr& call,
              Conditions conditions,
              const resource::Resource& resource) {
  const Result<std::optional<store::ObjectRow>> row = desk.reader().object("Site", call->name);
  if (!row || !*row) {
    Error error = row ? no_object("site", call->name) : row.error();
    error.hint = row ? "a site appears when its agent enrols" : "";
    refuse(desk, call, error);
    return;
  }
  if (!conditions.if_match) {
    conditions.if_match = (*row)->revision;
  }
  auto site = std::make_shared<v1::Site>(static_cast<const v1::Site&>(*resource.message));
  if (is_dry_run(*call)) {
    const Result<net::Header> outcome = outcome_of_dry_run(desk, *call, *site);
    outcome ? reply(call, 200, *site, {*outcome}) : refuse(desk, call, outcome.error());
    return;
  }
  store::Change change = change_of(desk, *call);
  change.operations.emplace_back(put_of(desk, *call, conditions, *site, site->spec()));
  desk.submit(call, std::move(change), [call, site](const store::Outcome& outcome) {
    answer_written(call, outcome.effects.front(), *site);
  });
}

/// A site that is still let in would go on without a name.
Status may_delete_site(Desk& desk, const store::ObjectRow& row) {
  SKERRY_TRY(const std::optional<store::SiteRow> entry, desk.reader().site_by_id(row.uid));
  if (entry && !entry->ended) {
    return fail({.kind = ErrorKind::conflict,
                 .code = site_in_use,
                 .message = "the site " + row.name + " is still let in",
                 .hint = "revoke or reject it first"});
  }
  return {};
}

}  // namespace

void put_object(Desk& desk, const CallPtr& call) {
  Result<Conditions> conditions = conditions_of(*call);
  if (!conditions) {
    refuse(desk, call, conditions.error());
    return;
  }
  const std::optional<resource::Resource> resource = read_body(desk, call);
  if (!resource) {
    return;
  }
  if (conditions->if_any && call->route->kind != "User") {
    const auto row = desk.reader().object(call->route->kind, call->name);
    if (!row || !*row) {
      refuse(desk,
             call,
             {.kind = ErrorKind::conflict,
              .code = store::stale_revision,
              .message = "there is no " + std::string(call->route->kind) + " " + call->name});
      return;
    }
  }
  if (call->route->kind == "Stack") {
    put_stack(desk, call, *conditions, *resource);
  } else if (call->route->kind == "Site") {
    put_site(desk, call, *conditions, *resource);
  } else {
    put_user(desk, call, *conditions, static_cast<const v1::User&>(*resource->message));
  }
}

void delete_object(Desk& desk, const CallPtr& call) {
  if (call->route->kind == "User") {
    delete_user(desk, call);
    return;
  }
  if (call->route->kind != "Stack" && call->route->kind != "Site") {
    delete_token(desk, call);
    return;
  }
  const Result<Conditions> conditions = conditions_of(*call);
  const auto row = desk.reader().object(call->route->kind, call->name);
  if (!conditions || !row || !*row) {
    refuse(desk,
           call,
           !conditions ? conditions.error()
           : !row      ? row.error()
                       : no_object(call->route->kind, call->name));
    return;
  }
  const Status may = call->route->kind == "Site" ? may_delete_site(desk, **row) : Status();
  if (!may) {
    refuse(desk, call, may.error());
    return;
  }
  if (is_dry_run(*call)) {
    reply(call, {.status = 204});
    return;
  }
  store::Change change = change_of(desk, *call);
  change.operations.emplace_back(store::DeleteObject{.kind = std::string(call->route->kind),
                                                     .name = call->name,
                                                     .if_match = conditions->if_match});
  if (call->route->kind == "Stack") {
    change.operations.emplace_back(
        store::DeleteObject{.kind = std::string(store::release_kind), .name = call->name});
    if (const Status added = add_decision(desk, call->name, change); !added) {
      refuse(desk, call, added.error());
      return;
    }
  }
  desk.submit(
      call, std::move(change), [call](const store::Outcome&) { reply(call, {.status = 204}); });
}

}  // namespace skerry::api
