#include "server/planner/world.h"

#include <algorithm>
#include <utility>

#include "document/codec.h"
#include "place/targets.h"
#include "server/recovery/recovery.h"
#include "server/store/kinds.h"
#include "skerry/api/v1/site.pb.h"
#include "skerry/api/v1/stack.pb.h"
#include "trust/opened.h"

namespace skerry::planner {

namespace {

constexpr std::size_t page_rows = 1000;

constexpr ErrorCode stack_unreadable{"stack_unreadable"};

Error unreadable_stack(const std::string& why) {
  return {.kind = ErrorKind::internal, .code = stack_unreadable, .message = why};
}

template <class Map>
resource::Labels labels_of(const Map& map) {
  return {map.begin(), map.end()};
}

document::DriftMode drift_of(api::v1::Drift::Mode mode) {
  if (mode == api::v1::Drift::ENFORCE) {
    return document::DriftMode::enforce;
  }
  return mode == api::v1::Drift::REPORT ? document::DriftMode::report
                                        : document::DriftMode::unspecified;
}

/// What was made of a selector of the stack.
template <class T>
Result<T> selected(Result<T> made) {
  if (!made) {
    return fail(unreadable_stack("a selector of it: " + made.error().message));
  }
  return made;
}

/// The stack as its user wrote it; without its release.
Result<place::StackView> stack_view(const store::ObjectRow& object) {
  api::v1::Stack message;
  if (!message.ParseFromString(object.body)) {
    return fail(unreadable_stack("its bytes cannot be read"));
  }
  place::StackView stack{.name = object.name, .drift = drift_of(message.spec().drift())};
  SKERRY_TRY(stack.targets, selected(place::targets_of(message.spec().targets())));
  for (const api::v1::Variable& variable : message.spec().variables()) {
    SKERRY_TRY(resource::Selector selector,
               selected(resource::Selector::create(variable.selector())));
    stack.variables.push_back(
        {.name = variable.name(), .value = variable.value(), .selector = std::move(selector)});
  }
  return stack;
}

}  // namespace

Status World::refresh(store::Reader& reader) {
  if (!loaded_) {
    return load_all(reader);
  }
  SKERRY_CHECK(follow_intent(reader));
  if (!loaded_) {
    // The feed was compacted away under us.
    return load_all(reader);
  }
  SKERRY_CHECK(follow_sites(reader));
  return follow_states(reader);
}

Status World::load_all(store::Reader& reader) {
  *this = World(*crypto_);
  SKERRY_TRY(const store::Head head, reader.head());
  SKERRY_CHECK(load_stacks(reader));
  SKERRY_CHECK(load_site_objects(reader));
  SKERRY_CHECK(load_decisions(reader));
  SKERRY_CHECK(follow_sites(reader));
  SKERRY_CHECK(follow_states(reader));
  revision_ = head.revision;
  loaded_ = true;
  return {};
}

Status World::load_stacks(store::Reader& reader) {
  std::string after;
  for (;;) {
    SKERRY_TRY(const std::vector<store::ObjectRow> page, reader.objects("Stack", after, page_rows));
    if (page.empty()) {
      return {};
    }
    for (const store::ObjectRow& object : page) {
      SKERRY_CHECK(take_stack(reader, object.name));
    }
    after = page.back().name;
  }
}

Status World::load_site_objects(store::Reader& reader) {
  std::string after;
  for (;;) {
    SKERRY_TRY(const std::vector<store::ObjectRow> page, reader.objects("Site", after, page_rows));
    if (page.empty()) {
      return {};
    }
    for (const store::ObjectRow& object : page) {
      take_site(object);
    }
    after = page.back().name;
  }
}

Status World::load_decisions(store::Reader& reader) {
  SKERRY_TRY(const std::optional<store::ObjectRow> restore,
             reader.object(recovery::restore_kind, recovery::restore_name));
  restoring_ = restore.has_value();
  decided_.clear();
  std::string after;
  while (restoring_) {
    SKERRY_TRY(const std::vector<store::ObjectRow> page,
               reader.objects(recovery::decision_kind, after, page_rows));
    if (page.empty()) {
      break;
    }
    for (const store::ObjectRow& object : page) {
      decided_.insert(object.name);
    }
    after = page.back().name;
  }
  return {};
}

Status World::follow_intent(store::Reader& reader) {
  for (;;) {
    SKERRY_TRY(const store::Changes page, reader.changes_since(revision_, page_rows));
    if (page.compacted) {
      loaded_ = false;
      return {};
    }
    if (page.rows.empty()) {
      return {};
    }
    for (const store::AuditRow& row : page.rows) {
      SKERRY_CHECK(take_in(reader, row));
    }
    revision_ = page.rows.back().revision;
  }
}

Status World::take_in(store::Reader& reader, const store::AuditRow& row) {
  if (row.kind == "Stack" || row.kind == store::release_kind) {
    mark_all();
    return take_stack(reader, row.name);
  }
  if (row.kind == recovery::restore_kind || row.kind == recovery::decision_kind) {
    mark_all();
    return load_decisions(reader);
  }
  if (row.kind != "Site") {
    return {};
  }
  SKERRY_TRY(const std::optional<store::ObjectRow> object, reader.object("Site", row.name));
  if (!object || object->uid != row.uid) {
    described_.erase(row.uid);
  }
  if (object) {
    take_site(*object);
  }
  return {};
}

void World::drop_stack(std::string_view name) {
  std::erase_if(stacks_, [&](const place::StackView& stack) { return stack.name == name; });
  if (const auto found = unreadable_.find(name); found != unreadable_.end()) {
    unreadable_.erase(found);
  }
}

Status World::take_stack(store::Reader& reader, const std::string& name) {
  drop_stack(name);
  SKERRY_TRY(const std::optional<store::ObjectRow> object, reader.object("Stack", name));
  if (!object) {
    return {};
  }
  Result<place::StackView> stack = read_stack(reader, *object);
  if (stack) {
    const auto after = std::ranges::upper_bound(stacks_, name, {}, &place::StackView::name);
    stacks_.insert(after, *std::move(stack));
  } else if (stack.error().code == stack_unreadable) {
    unreadable_.insert_or_assign(name, stack.error().message);
  } else {
    return fail(std::move(stack).error());
  }
  return {};
}

Result<place::StackView> World::read_stack(store::Reader& reader, const store::ObjectRow& object) {
  SKERRY_TRY(const std::optional<store::ObjectRow> row,
             reader.object(store::release_kind, object.name));
  const Result<Digest> digest = row ? parse_digest(row->body) : Result<Digest>(Digest{});
  if (!digest || digest->is_zero()) {
    return fail(unreadable_stack("it has no release"));
  }
  SKERRY_TRY(const document::Release release, read_release(reader, *digest));
  SKERRY_TRY(place::StackView stack, stack_view(object));
  stack.release = *digest;
  stack.slots = release.workload.slots;
  return stack;
}

Result<document::Release> World::read_release(store::Reader& reader, const Digest& digest) {
  SKERRY_TRY(const std::optional<std::string> envelope, reader.blob(digest));
  if (!envelope) {
    return fail(unreadable_stack("its release's bytes are missing"));
  }
  const Result<trust::Opened> opened = trust::open_envelope(*envelope, *crypto_);
  if (!opened || opened->digest != digest) {
    return fail(unreadable_stack("its release's envelope is damaged"));
  }
  Result<document::Release> release = document::decode<document::Release>(opened->payload.body);
  if (!release) {
    return fail(unreadable_stack("its release cannot be read: " + release.error().message));
  }
  return release;
}

void World::take_site(const store::ObjectRow& object) {
  api::v1::Site site;
  if (!site.ParseFromString(object.body)) {
    described_.erase(object.uid);
    return;
  }
  described_.insert_or_assign(object.uid,
                              Described{.name = object.name,
                                        .labels = labels_of(site.metadata().labels()),
                                        .drift = drift_of(site.spec().drift())});
  if (const auto number = numbers_.find(object.uid); number != numbers_.end()) {
    mark(number->second);
  }
}

Status World::follow_sites(store::Reader& reader) {
  for (;;) {
    SKERRY_TRY(std::vector<store::SiteRow> page, reader.sites_since(site_version_, page_rows));
    if (page.empty()) {
      return {};
    }
    site_version_ = page.back().version;
    for (store::SiteRow& row : page) {
      mark(row.number);
      numbers_.insert_or_assign(row.id, row.number);
      rows_.insert_or_assign(row.number, std::move(row));
    }
  }
}

// What a site reports matters here only while it adopts: then its answer ends the adoption.
Status World::follow_states(store::Reader& reader) {
  for (;;) {
    SKERRY_TRY(store::StatePage page, reader.states_since(states_, page_rows));
    // Also where no state has changed: something else has, and the table would be searched again.
    states_ = std::move(page.next);
    if (page.rows.empty()) {
      return {};
    }
    for (const store::StateRow& state : page.rows) {
      const auto row = rows_.find(state.site);
      if (row != rows_.end() && row->second.adopting) {
        mark(state.site);
      }
    }
  }
}

bool World::is_unknown(std::string_view stack) const {
  return is_undecided(stack) && !unreadable_.contains(stack) &&
         !std::ranges::binary_search(stacks_, stack, {}, &place::StackView::name);
}

std::optional<Site> World::site(store::SiteNumber number) const {
  const auto row = rows_.find(number);
  if (row == rows_.end() || row->second.ended || row->second.charter.empty()) {
    return {};
  }
  const auto described = described_.find(row->second.id);
  if (described == described_.end()) {
    return {};
  }
  Site site{.row = row->second,
            .view = {.uid = row->second.id,
                     .name = described->second.name,
                     .labels = described->second.labels},
            .drift = described->second.drift};
  for (const document::Fact& fact : row->second.facts) {
    site.view.facts.insert_or_assign(fact.name, fact.value);
  }
  return site;
}

void World::mark_all() {
  for (const auto& [number, row] : rows_) {
    dirty_.insert(number);
  }
}

}  // namespace skerry::planner
