// What a session does where its site's numbers and the store's do not belong together: a floor that
// was lost, a disk or a store that was put back.
#include <algorithm>
#include <utility>

#include "server/gateway/evidence.h"
#include "server/gateway/site_session.h"
#include "server/store/codes.h"
#include "trust/opened.h"

namespace skerry::gateway {
namespace {

std::string text_of(document::PlanNumber number) {
  return std::to_string(number.term) + "." + std::to_string(number.seq);
}

Error unasked() {
  return {.kind = ErrorKind::denied,
          .code = protocol_violation,
          .message = "a document that nobody asked for"};
}

}  // namespace

/// The site holds what an earlier planner told it, and is to be told the same by ours.
bool SiteSession::may_adopt() const {
  return row_->adopting && floor_.term < row_->term;
}

/// A store that was put back from a backup may not know what this site was told since. It is
/// adopted by what it holds, never by what the backup says.
void SiteSession::ask_to_show() {
  if (!may_adopt() || manifest_held_.is_zero()) {
    return;
  }
  const Result<std::optional<store::ToldRow>> told = desk_->reader->told(row_->number);
  if (!told) {
    end(told.error());
    return;
  }
  const bool is_known = *told && ((*told)->digest == manifest_held_ || floor_ < (*told)->number);
  if (!is_known && shown_.is_zero()) {
    shown_ = manifest_held_;
    // The charter first: it may bring the key that has signed the manifest.
    say(wire::Want{.digests = {charter_held_, shown_}});
  }
}

/// Numbers only rise. Where a site's have not, its disk is an older one; where ours have not, this
/// store is.
void SiteSession::compare_numbers(const wire::AgentHello& hello,
                                  const std::optional<store::StateRow>& state) {
  if (state && hello.floor < state->accepted && !hello.adopt_mode) {
    note_floor_went_back(hello, *state);
  }
  const Result<KeyPair> planner = desk_->signers.keys->find(trust::KeyRole::planner);
  if (!planner || hello.manifest.is_zero() || may_adopt()) {
    return;
  }
  const Result<store::PlannerRow> said =
      desk_->reader->planner(key_id(*desk_->signers.crypto, planner->public_key));
  if (said && hello.floor.seq > std::max(said->seq, said->shown)) {
    // A number alone is only a claim. What our key has signed is not.
    shown_ = hello.manifest;
    say(wire::Want{.digests = {shown_}});
  }
}

/// The whole of an old disk was put back, or a copy of it speaks. The site is told anew what it
/// runs; a person should know.
void SiteSession::note_floor_went_back(const wire::AgentHello& hello,
                                       const store::StateRow& state) {
  desk_->log->error("floor_went_back",
                    {{"site", actor().name},
                     {"accepted", text_of(state.accepted)},
                     {"shown", text_of(hello.floor)}});
  store::Change change{.by = actor()};
  change.operations.emplace_back(store::Note{
      .action = "alarm", .kind = "Site", .name = to_string(row_->id), .result = "floor_went_back"});
  submit(std::move(change), [](const auto&) {});
}

/// What the site was asked to show: its manifest, or a release that only it holds.
void SiteSession::on_shown(const wire::Blob& blob) {
  if (!load_row()) {
    return;
  }
  if (releases_to_show_.erase(blob.digest) > 0) {
    keep_release(blob);
    return;
  }
  if (!shown_.is_zero() && blob.digest == charter_held_) {
    on_shown_charter(blob);
    return;
  }
  if (shown_.is_zero() || blob.digest != shown_) {
    end(unasked());
    return;
  }
  shown_ = {};
  const Result<trust::Opened> opened = trust::open_envelope(blob.envelope, *desk_->signers.crypto);
  if (opened && opened->digest == blob.digest && !mark_behind(*opened)) {
    learn(*opened);
  }
  if (report_held_back_ && !ended_) {
    store_report(*std::exchange(report_held_back_, std::nullopt));
  }
}

void SiteSession::on_shown_charter(const wire::Blob& blob) {
  const Crypto& crypto = *desk_->signers.crypto;
  const Result<trust::Opened> opened = trust::open_envelope(blob.envelope, crypto);
  if (opened && opened->digest == blob.digest) {
    const auto planner = planner_brought_by(*opened, *row_, *desk_->reader, crypto);
    planner_shown_ = planner ? *planner : std::nullopt;
  }
}

/// A manifest of our own planner's key that this store does not know of: it was restored from an
/// older copy, and the key signs nothing any more.
bool SiteSession::mark_behind(const trust::Opened& opened) {
  const Result<KeyPair> planner = desk_->signers.keys->find(trust::KeyRole::planner);
  const bool is_ours = planner && opened.payload.header.type == document::Header::Type::manifest &&
                       opened.payload.header.audience == row_->id &&
                       trust::is_signed_by(opened, planner->public_key, *desk_->signers.crypto);
  if (!is_ours) {
    return false;
  }
  const std::uint64_t seq = opened.payload.header.seq;
  const Digest key = key_id(*desk_->signers.crypto, planner->public_key);
  store::Change change{.by = actor()};
  change.operations.emplace_back(
      store::MarkBehind{.planner = key, .site = row_->id, .seq_shown = seq});
  submit(std::move(change), [this, seq](const Result<store::Outcome>& outcome) {
    if (outcome && outcome->effects.front().changed) {
      desk_->log->error("planner_behind", {{"site", actor().name}, {"shown", seq}});
    }
  });
  return true;
}

/// Takes over what an earlier planner told the site, and asks for the releases that belong to it.
void SiteSession::learn(const trust::Opened& opened) {
  const Crypto& crypto = *desk_->signers.crypto;
  Result<std::optional<store::LearnTold>> told =
      row_->adopting ? told_before(opened, *row_, planner_shown_, *desk_->reader, crypto)
                     : std::nullopt;
  if (!told || !*told) {
    // Of a planner that is none of ours, or a lie: neither says anything about our store.
    desk_->log->info("shown_manifest_ignored", {{"site", actor().name}});
    return;
  }
  const Result<std::vector<Digest>> missing = missing_releases(opened, *desk_->reader);
  if (missing && !missing->empty()) {
    releases_to_show_.insert(missing->begin(), missing->end());
    say(wire::Want{.digests = *missing});
  }
  store::Change change{.by = actor()};
  change.operations.emplace_back(*std::move(*told));
  submit(std::move(change), [this](const Result<store::Outcome>& outcome) {
    if (!outcome && outcome.error().code != store::fenced) {
      end(outcome.error());
    }
  });
}

void SiteSession::keep_release(const wire::Blob& blob) {
  const Result<std::optional<store::PutBlob>> release =
      release_before(blob.digest, blob.envelope, *desk_->reader, *desk_->signers.crypto);
  if (!release || !*release) {
    desk_->log->info("shown_release_ignored", {{"site", actor().name}});
    return;
  }
  submit({.by = actor(), .operations = {**release}}, [](const auto&) {});
}

/// Whether the site lost its floor after the term in force began: it may have taken a manifest of
/// that term before, and takes none of it now.
bool SiteSession::needs_next_term(const wire::AgentHello& hello) {
  if (!row_->adopting) {
    return true;
  }
  const Result<std::optional<store::ToldRow>> told = desk_->reader->told(row_->number);
  return told && *told && (*told)->number.term == row_->term && hello.charter.term >= row_->term;
}

/// A site that lost its floor takes nothing of its old term any more.
void SiteSession::ask_for_next_term(std::uint64_t held) {
  Result<store::SetCharter> charter = charters::next_term(desk_->signers, *row_, held + 1);
  if (!charter) {
    desk_->log->error("charter_not_signed", {{"why", charter.error().message}});
    return;
  }
  submit({.by = actor(), .operations = {*std::move(charter)}}, [this](const auto& outcome) {
    if (outcome) {
      refresh();
      if (!ended_) {
        ask_to_show();
      }
    }
  });
}

}  // namespace skerry::gateway
