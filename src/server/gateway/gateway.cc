#include "server/gateway/gateway.h"

#include <algorithm>
#include <vector>

namespace skerry::gateway {
namespace {

constexpr std::size_t page_rows = 500;
/// A stranger that neither joins nor greets. One who waits for approval beats meanwhile.
constexpr std::chrono::seconds stranger_silence_max{600};
constexpr std::chrono::seconds check_every{30};

}  // namespace

Gateway::Number Gateway::on_open(const PublicKey& key,
                                 std::string address,
                                 Connection& connection) {
  const Number number = ++last_number_;
  peers_[number] = {.session = std::make_shared<SiteSession>(
                        desk_, key, std::move(address), [this, number] { flush(number); }),
                    .connection = &connection,
                    .heard_at = desk_.clock->now()};
  strangers_.emplace(peers_[number].session->key_digest(), number);
  return number;
}

void Gateway::on_bytes(Number number, std::string_view bytes) {
  const auto found = peers_.find(number);
  if (found == peers_.end() || found->second.finishing) {
    return;
  }
  found->second.heard_at = desk_.clock->now();
  found->second.session->receive(bytes);
  claim_site(number);
  flush(number);
}

void Gateway::on_closed(Number number) {
  const auto found = peers_.find(number);
  if (found == peers_.end()) {
    return;
  }
  const SiteSession& session = *found->second.session;
  const std::optional<store::SiteNumber> site = session.site();
  // One that never greeted holds no site, though it may have been let in.
  const auto holder = site ? by_site_.find(*site) : by_site_.end();
  if (holder != by_site_.end() && holder->second == number) {
    by_site_.erase(holder);
    set_presence(
        *site,
        session.is_of_ended_site() ? Presence{} : Presence{.last_seen = desk_.clock->wall()});
  }
  strangers_.erase({session.key_digest(), number});
  peers_.erase(found);
}

/// A site has one session. A second one with the same identity takes the first one's place: after a
/// cut the old one is often still thought to be alive.
void Gateway::claim_site(Number number) {
  Peer& peer = peers_.at(number);
  if (peer.session->is_stranger() || !peer.session->site()) {
    return;
  }
  if (strangers_.erase({peer.session->key_digest(), number}) > 0) {
    peer.connection->on_greeted();
  }
  Number& holder = by_site_[*peer.session->site()];
  if (holder != number && holder != 0) {
    if (const auto old = peers_.find(holder); old != peers_.end()) {
      old->second.session->say_goodbye("superseded", "the site has a newer session", 0);
      flush(holder);
    }
  }
  if (holder != number) {
    holder = number;
    set_presence(*peer.session->site(), {.connected = true, .last_seen = desk_.clock->wall()});
  }
}

void Gateway::set_presence(store::SiteNumber site, const Presence& presence) {
  if (presence == Presence{}) {
    presence_.erase(site);
  } else {
    presence_[site] = presence;
  }
  if (presence_changed_) {
    presence_changed_(site, presence);
  }
}

void Gateway::flush(Number number) {
  const auto found = peers_.find(number);
  if (found == peers_.end() || found->second.finishing) {
    return;
  }
  Peer& peer = found->second;
  bool sent = true;
  do {
    const std::string bytes = peer.session->take_output();
    sent = bytes.empty() || peer.connection->send(bytes).has_value();
  } while (sent && peer.connection->queued() == 0 && peer.session->send_wanted());
  if (!sent || peer.session->has_ended()) {
    peer.finishing = true;
    peer.connection->finish();
  }
}

Result<Instant> Gateway::step(Instant now) {
  SKERRY_CHECK(follow_sites());
  SKERRY_CHECK(follow_manifests());
  drop_silent(now);
  return now + check_every;
}

Status Gateway::follow_sites() {
  while (true) {
    SKERRY_TRY(const std::vector<store::SiteRow> rows,
               desk_.reader->sites_since(sites_version_, page_rows));
    for (const store::SiteRow& row : rows) {
      sites_version_ = std::max(sites_version_, row.version);
      refresh(row.number);
      refresh_strangers(row.key);
      if (row.ended && !by_site_.contains(row.number) && presence_.contains(row.number)) {
        set_presence(row.number, {});
      }
    }
    if (rows.size() < page_rows) {
      return {};
    }
  }
}

Status Gateway::follow_manifests() {
  while (true) {
    SKERRY_TRY(const std::vector<store::ToldRow> rows,
               desk_.reader->told_since(told_version_, page_rows));
    for (const store::ToldRow& row : rows) {
      told_version_ = std::max(told_version_, row.version);
      refresh(row.site);
    }
    if (rows.size() < page_rows) {
      return {};
    }
  }
}

void Gateway::refresh(store::SiteNumber site) {
  if (const auto found = by_site_.find(site); found != by_site_.end()) {
    const Number number = found->second;
    peers_.at(number).session->refresh();
    flush(number);
  }
}

/// One that waits for approval has no session of its site yet.
void Gateway::refresh_strangers(const Digest& key) {
  for (auto found = strangers_.lower_bound({key, 0});
       found != strangers_.end() && found->first == key;
       ++found) {
    peers_.at(found->second).session->refresh();
    flush(found->second);
  }
}

void Gateway::drop_silent(Instant now) {
  for (auto& [number, peer] : peers_) {
    if (!peer.finishing && now >= peer.heard_at + silence_max(peer)) {
      peer.session->say_goodbye("silent", "nothing was heard for too long", 0);
      flush(number);
    }
  }
}

/// Two missed beats.
std::chrono::seconds Gateway::silence_max(const Peer& peer) const {
  return peer.session->is_stranger() ? stranger_silence_max
                                     : std::chrono::seconds(desk_.beat_s) * 5 / 2;
}

void Gateway::say_goodbye(std::uint32_t retry_after_s) {
  for (auto& [number, peer] : peers_) {
    if (!peer.finishing) {
      peer.session->say_goodbye("restart", "the server is going down", retry_after_s);
      flush(number);
    }
  }
}

}  // namespace skerry::gateway
