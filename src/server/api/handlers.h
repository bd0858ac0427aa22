#pragma once

#include "server/api/desk.h"
#include "skerry/api/v1/access.pb.h"

/// One function for each thing the route table names. Each answers its call, at once or later.
namespace skerry::api {

// replay.cc
/// Answers a request that its idempotency key says was done before, when what it asks for is not
/// as it was any more: deleted, approved. False where it is new, or the store answers it again.
bool answer_again(Desk& desk, const CallPtr& call);

// changes.cc
void put_object(Desk& desk, const CallPtr& call);
void delete_object(Desk& desk, const CallPtr& call);

// lists.cc
void get_object(Desk& desk, const CallPtr& call);
void list_objects(Desk& desk, const CallPtr& call);

// access.cc
void set_up(Desk& desk, const CallPtr& call);
void log_in(Desk& desk, const CallPtr& call);
void log_out(Desk& desk, const CallPtr& call);
void who_am_i(Desk& desk, const CallPtr& call);
void server_facts(Desk& desk, const CallPtr& call);

// users.cc
void put_user(Desk& desk, const CallPtr& call, const Conditions& conditions, const v1::User& user);
void delete_user(Desk& desk, const CallPtr& call);
v1::User show_user(const store::UserRow& row);

// tokens.cc
void create_token(Desk& desk, const CallPtr& call);
void delete_token(Desk& desk, const CallPtr& call);
void get_token(Desk& desk, const CallPtr& call);
void list_tokens(Desk& desk, const CallPtr& call);

// sites.cc
void approve_site(Desk& desk, const CallPtr& call);
void reject_site(Desk& desk, const CallPtr& call);
void revoke_site(Desk& desk, const CallPtr& call);
void answer_with_site(Desk& desk, const CallPtr& call);

// restore.cc
/// While a restored server waits for decisions, a change of a stack is one.
Status add_decision(Desk& desk, const std::string& stack, store::Change& change);
void show_restore(Desk& desk, const CallPtr& call);
void accept_stack(Desk& desk, const CallPtr& call);
void finish_restore(Desk& desk, const CallPtr& call);

// history.cc
void list_events(Desk& desk, const CallPtr& call);
void list_audit(Desk& desk, const CallPtr& call);

// ops.cc
void show_health(Desk& desk, const CallPtr& call);
void show_ready(Desk& desk, const CallPtr& call);
void show_metrics(Desk& desk, const CallPtr& call);

}  // namespace skerry::api
