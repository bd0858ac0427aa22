#include <algorithm>

#include "server/api/codes.h"
#include "server/api/handlers.h"
#include "server/api/view.h"
#include "server/charters/charters.h"

namespace skerry::api {

namespace {

charters::Signers signers_of(const Desk& desk) {
  return {.keys = desk.environment.keys,
          .crypto = desk.environment.crypto,
          .brings_planner = desk.environment.brings_planner};
}

Error not_waiting(const Call& call) {
  return {.kind = ErrorKind::conflict,
          .code = site_not_waiting,
          .message = "the site " + call.name + " does not wait for approval"};
}

Result<SiteView> find_site(Desk& desk, const Call& call) {
  SKERRY_TRY(std::optional<store::ObjectRow> row, desk.reader().object("Site", call.name));
  if (!row) {
    return fail({.kind = ErrorKind::not_found,
                 .code = not_found,
                 .message = "there is no site " + call.name});
  }
  SKERRY_TRY(SiteView view, load_site(desk, *std::move(row)));
  if (!view.entry) {
    return fail(not_waiting(call));
  }
  return view;
}

/// What a site that waits has proved to hold: the gateway kept it with its request.
Result<PublicKey> key_of(const store::SiteRow& entry) {
  PublicKey key;
  if (entry.request.size() != key.bytes.size()) {
    return fail({.kind = ErrorKind::internal,
                 .code = object_unreadable,
                 .message = "the site's request cannot be read"});
  }
  std::copy_n(entry.request.begin(), key.bytes.size(), key.bytes.begin());
  return key;
}

using Decide = Result<store::SetCharter> (*)(const charters::Signers& signers,
                                             const SiteView& view,
                                             const Call& call);

Result<store::SetCharter> approved(const charters::Signers& signers,
                                   const SiteView& view,
                                   const Call& call) {
  if (!view.entry->charter.empty()) {
    return fail(not_waiting(call));
  }
  SKERRY_TRY(const PublicKey key, key_of(*view.entry));
  return charters::first(signers, view.entry->id, key);
}

/// A charter that has ended from its first day, so that the site learns it from a signed document.
Result<store::SetCharter> rejected(const charters::Signers& signers,
                                   const SiteView& view,
                                   const Call& call) {
  SKERRY_TRY(const store::SetCharter first, approved(signers, view, call));
  store::SiteRow entry = *view.entry;
  entry.charter = first.envelope;
  entry.term = first.term;
  entry.charter_seq = first.seq;
  return charters::ended(signers, entry);
}

Result<store::SetCharter> revoked(const charters::Signers& signers,
                                  const SiteView& view,
                                  const Call& call) {
  if (view.entry->charter.empty()) {
    return rejected(signers, view, call);
  }
  if (view.entry->ended) {
    return fail({.kind = ErrorKind::conflict,
                 .code = site_not_waiting,
                 .message = "the site " + call.name + " has been revoked before"});
  }
  return charters::ended(signers, *view.entry);
}

void set_charter(Desk& desk, const CallPtr& call, Decide decide) {
  const Result<SiteView> view = find_site(desk, *call);
  if (!view) {
    refuse(desk, call, view.error());
    return;
  }
  Result<store::SetCharter> charter = decide(signers_of(desk), *view, *call);
  if (!charter) {
    refuse(desk, call, charter.error());
    return;
  }
  store::Change change = change_of(desk, *call);
  change.operations.emplace_back(*std::move(charter));
  desk.submit(call, std::move(change), [&desk, call](const store::Outcome&) {
    answer_with_site(desk, call);
  });
}

}  // namespace

void answer_with_site(Desk& desk, const CallPtr& call) {
  const Result<SiteView> view = find_site(desk, *call);
  const Result<v1::Site> site = view ? show(desk, *view) : Result<v1::Site>(fail(view.error()));
  if (site) {
    reply(call, 200, *site);
  } else {
    refuse(desk, call, site.error());
  }
}

void approve_site(Desk& desk, const CallPtr& call) {
  set_charter(desk, call, approved);
}

void reject_site(Desk& desk, const CallPtr& call) {
  set_charter(desk, call, rejected);
}

void revoke_site(Desk& desk, const CallPtr& call) {
  set_charter(desk, call, revoked);
}

}  // namespace skerry::api
