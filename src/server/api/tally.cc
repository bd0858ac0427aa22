#include "server/api/tally.h"

#include "server/api/codes.h"
#include "server/store/kinds.h"

namespace skerry::api {

namespace {

constexpr std::size_t rows_at_once = 500;
/// Less than the second after which watches look at the latest.
constexpr std::chrono::milliseconds sweep_every{900};

}  // namespace

Result<Tally::News> Tally::refresh() {
  Result<News> news = loaded_ && !is_lost_ ? update() : begin_again();
  if (!news) {
    is_lost_ = true;  // What was taken in by halves is not gone on from.
  }
  return news;
}

Result<Tally::News> Tally::update() {
  Changed changed;
  SKERRY_CHECK(follow(changed));
  if (is_lost_) {
    // The feed does not reach back to where this stood.
    return begin_again();
  }
  sweep(changed);
  SKERRY_CHECK(take_stacks(changed.stacks));
  SKERRY_CHECK(take_sites(changed));
  News news{.stacks = std::move(changed.stacks)};
  for (const auto& [id, name] : changed.sites) {
    news.sites.insert(name);
  }
  update_faces(news);
  return news;
}

/// Where something was told before, everything may be another now.
Result<Tally::News> Tally::begin_again() {
  News news = all();
  const bool was_lost = is_lost_;
  clear();
  SKERRY_CHECK(load());
  if (was_lost) {
    News now = all();
    news.sites.merge(now.sites);
    news.stacks.merge(now.stacks);
  }
  return news;
}

void Tally::clear() {
  loaded_ = false;
  is_lost_ = false;
  stacks_.clear();
  stack_names_.clear();
  sites_.clear();
  site_ids_.clear();
  states_ = {};
}

void Tally::show(v1::Stack& stack) const {
  const auto found = stacks_.find(stack.metadata().name());
  (found == stacks_.end() ? Standings() : found->second.standings).show(desk_, stack);
}

Tally::News Tally::all() const {
  News all;
  for (const auto& [id, site] : sites_) {
    all.sites.insert(site.name);
  }
  for (const auto& [name, stack] : stacks_) {
    all.stacks.insert(name);
  }
  return all;
}

/// Everything of one state of the store, and the cursors that go on from there.
Status Tally::load() {
  SKERRY_TRY(const auto snapshot, desk_.reader().snapshot());
  SKERRY_TRY(const store::Head head, desk_.reader().head());
  revision_ = head.revision;
  sites_version_ = head.version;
  told_version_ = head.version;
  states_ = {};
  states_.advance(head.writer, head.version);
  std::string after;
  for (bool more = true; more;) {
    SKERRY_TRY(const auto rows, desk_.reader().objects("Stack", after, rows_at_once));
    for (const store::ObjectRow& row : rows) {
      SKERRY_CHECK(read_stack(row));
    }
    more = rows.size() == rows_at_once;
    after = rows.empty() ? after : rows.back().name;
  }
  SKERRY_CHECK(for_each_site(desk_, [this](const SiteView& view) { take_site(view); }));
  News all_of_it;
  update_faces(all_of_it);
  swept_at_ = desk_.environment.clock->now();
  loaded_ = true;
  return {};
}

Status Tally::follow(Changed& changed) {
  SKERRY_CHECK(follow_intent(changed));
  SKERRY_CHECK(follow_sites(changed));
  SKERRY_CHECK(follow_told(changed));
  return follow_states(changed);
}

Status Tally::follow_intent(Changed& changed) {
  for (bool more = true; more;) {
    SKERRY_TRY(const store::Changes page, desk_.reader().changes_since(revision_, rows_at_once));
    if (page.compacted) {
      is_lost_ = true;
      return {};
    }
    for (const store::AuditRow& row : page.rows) {
      revision_ = row.revision;
      if (row.kind == "Stack" || row.kind == store::release_kind) {
        changed.stacks.insert(row.name);
      } else if (row.kind == "Site" && !row.uid.is_zero()) {
        changed.sites.insert_or_assign(row.uid, row.name);
      }
    }
    more = page.rows.size() == rows_at_once;
  }
  return {};
}

Status Tally::follow_sites(Changed& changed) {
  for (bool more = true; more;) {
    SKERRY_TRY(const auto rows, desk_.reader().sites_since(sites_version_, rows_at_once));
    for (const store::SiteRow& row : rows) {
      sites_version_ = row.version;
      note(row.id, changed);
    }
    more = rows.size() == rows_at_once;
  }
  return {};
}

Status Tally::follow_told(Changed& changed) {
  for (bool more = true; more;) {
    SKERRY_TRY(const auto rows, desk_.reader().told_since(told_version_, rows_at_once));
    for (const store::ToldRow& row : rows) {
      told_version_ = row.version;
      note(row.site, changed);
    }
    more = rows.size() == rows_at_once;
  }
  return {};
}

Status Tally::follow_states(Changed& changed) {
  for (bool more = true; more;) {
    SKERRY_TRY(const store::StatePage page, desk_.reader().states_since(states_, rows_at_once));
    for (const store::StateRow& row : page.rows) {
      note(row.site, changed);
    }
    states_ = page.next;
    more = page.rows.size() == rows_at_once;
  }
  return {};
}

/// One that is not here has no object yet, and comes with it.
void Tally::note(const Uuid& site, Changed& changed) const {
  if (const auto found = sites_.find(site); found != sites_.end()) {
    changed.sites.emplace(site, found->second.name);
  }
}

void Tally::note(store::SiteNumber site, Changed& changed) const {
  if (const auto found = site_ids_.find(site); found != site_ids_.end()) {
    note(found->second, changed);
  }
}

void Tally::sweep(Changed& changed) {
  const Instant now = desk_.environment.clock->now();
  if (now - swept_at_ < sweep_every) {
    return;
  }
  swept_at_ = now;
  for (const auto& [id, site] : sites_) {
    const Presence presence = presence_of(desk_, site.number);
    if (presence.connected != site.connected || held_of(desk_, site.number) != site.held) {
      changed.sites.emplace(id, site.name);
    }
  }
}

Status Tally::take_stacks(const std::set<std::string>& names) {
  std::set<std::string> others;
  for (const std::string& name : names) {
    SKERRY_TRY(const bool is_another, take_stack(name));
    if (is_another) {
      others.insert(name);
    }
  }
  return others.empty() ? Status() : recount(others);
}

Result<bool> Tally::take_stack(const std::string& name) {
  SKERRY_TRY(const std::optional<store::ObjectRow> row, desk_.reader().object("Stack", name));
  if (!row) {
    drop_stack(name);
    return false;
  }
  const auto before = stacks_.find(name);
  const StackNumber number = before == stacks_.end() ? 0 : before->second.number;
  SKERRY_CHECK(read_stack(*row));
  const auto now = stacks_.find(name);
  return now != stacks_.end() && now->second.number != number;
}

/// One that cannot be read counts nothing; whoever is told of it hears why.
Status Tally::read_stack(const store::ObjectRow& row) {
  const Result<v1::Stack> stack = show_stack(desk_, row);
  if (!stack) {
    drop_stack(row.name);
    return stack.error().code == object_unreadable ? Status() : Status(fail(stack.error()));
  }
  const auto standing = stacks_.find(row.name);
  if (standing != stacks_.end() && standing->second.digest == row.digest &&
      standing->second.terms.release == stack->status().release().digest()) {
    standing->second.revision = row.revision;
    return {};
  }
  drop_stack(row.name);
  const StackNumber number = ++last_number_;
  stacks_.emplace(row.name,
                  StackEntry{.number = number,
                             .terms = terms_of(*stack),
                             .digest = row.digest,
                             .revision = row.revision});
  stack_names_.emplace(number, row.name);
  return {};
}

/// One walk over the sites for all of them.
Status Tally::recount(const std::set<std::string>& stacks) {
  return for_each_site(desk_, [&](const SiteView& view) {
    const auto entry = sites_.find(view.row.uid);
    if (entry == sites_.end()) {
      return;  // A new one, which is counted as a whole.
    }
    std::erase_if(entry->second.standings,
                  [&](const auto& standing) { return !stack_names_.contains(standing.first); });
    const Candidate site(view);
    for (const std::string& name : stacks) {
      count(site, stacks_.at(name), entry->second);
    }
  });
}

void Tally::drop_stack(std::string_view name) {
  if (const auto found = stacks_.find(name); found != stacks_.end()) {
    stack_names_.erase(found->second.number);
    stacks_.erase(found);
  }
}

Status Tally::take_sites(const Changed& changed) {
  for (const auto& [id, name] : changed.sites) {
    SKERRY_TRY(std::optional<store::ObjectRow> row, desk_.reader().object("Site", name));
    if (!row || row->uid != id) {
      drop_site(id);
      continue;
    }
    SKERRY_TRY(const SiteView view, load_site(desk_, *std::move(row)));
    take_site(view);
  }
  return {};
}

void Tally::take_site(const SiteView& view) {
  drop_site(view.row.uid);
  SiteEntry& entry = sites_[view.row.uid];
  entry.name = view.row.name;
  entry.connected = view.presence.connected;
  entry.held = view.held;
  if (view.entry) {
    entry.number = view.entry->number;
    site_ids_.insert_or_assign(entry.number, view.row.uid);
  }
  const Candidate site(view);
  for (auto& [name, stack] : stacks_) {
    count(site, stack, entry);
  }
}

void Tally::drop_site(const Uuid& id) {
  const auto found = sites_.find(id);
  if (found == sites_.end()) {
    return;
  }
  for (const auto& [number, standing] : found->second.standings) {
    if (const auto name = stack_names_.find(number); name != stack_names_.end()) {
      stacks_.at(name->second).standings.take(standing);
    }
  }
  site_ids_.erase(found->second.number);
  sites_.erase(found);
}

void Tally::count(const Candidate& site, StackEntry& stack, SiteEntry& entry) {
  if (const Standing standing = standing_of(site, stack.terms); standing != 0) {
    stack.standings.add(standing);
    entry.standings.emplace_back(stack.number, standing);
  }
}

void Tally::update_faces(News& news) {
  const Environment& environment = desk_.environment;
  const std::uint64_t planned = environment.planned ? environment.planned() : UINT64_MAX;
  for (auto& [name, stack] : stacks_) {
    Face face{.standings = stack.standings,
              .is_told = planned >= stack.revision,
              .unreadable = environment.unreadable ? environment.unreadable(name) : std::nullopt};
    if (face != stack.face) {
      news.stacks.insert(name);
      stack.face = std::move(face);
    }
  }
}

}  // namespace skerry::api
