#include "agent/uplink/outbox.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"

namespace skerry::agent {

using document::Event;
using document::ReportNumber;

namespace {

constexpr std::size_t text_bytes_max = 2048;
/// One batch, for it must be there whole or not at all; a quarter of what an agent may use.
constexpr std::size_t renumbered_bytes_max = std::size_t{1024} * 1024;

Event gap_event(ReportNumber number, Event::Class event_class, std::uint64_t count) {
  return {.number = number, .event_class = event_class, .code = "gap", .count = count};
}

}  // namespace

Result<Outbox> Outbox::open(Ledger& ledger, Limits limits) {
  Outbox outbox(ledger, limits);
  SKERRY_CHECK(outbox.load());
  return outbox;
}

Status Outbox::load() {
  entries_.clear();
  for (const std::string& name : ledger_->keys(key::events)) {
    SKERRY_TRY(const std::optional<Event> event, ledger_->get<Event>(name));
    SKERRY_ASSERT(event.has_value());
    entries_.push_back(
        {.number = event->number, .event_class = event->event_class, .gap_count = event->count});
  }
  return {};
}

bool Outbox::is_full(Event::Class for_class) const {
  const std::size_t reserve = for_class == Event::Class::security ? limits_.security_reserve : 0;
  return entries_.size() >= limits_.events_max + reserve;
}

std::size_t Outbox::least_wanted() const {
  std::size_t best = entries_.size();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const bool better =
        best == entries_.size() || entries_[i].event_class > entries_[best].event_class;
    if (entries_[i].gap_count == 0 && better) {
      best = i;
    }
  }
  return best;
}

/// Turns one event into a gap and joins it with a gap beside it.
void Outbox::drop_into_gap(std::size_t index, Ledger::Change& change) {
  Entry& dropped = entries_[index];
  dropped.gap_count = 1;
  const auto join = [&](std::size_t first) {
    Entry& left = entries_[first];
    const Entry& right = entries_[first + 1];
    const bool adjacent = (left.number <= sent_) == (right.number <= sent_) &&
                          left.number.start == right.number.start &&
                          left.last().seq + 1 == right.number.seq;
    if (left.gap_count == 0 || right.gap_count == 0 || !adjacent) {
      return false;
    }
    left.gap_count += right.gap_count;
    change.erase(key::event(right.number));
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(first) + 1);
    return true;
  };
  if (index + 1 < entries_.size()) {
    join(index);
  }
  if (index > 0 && join(index - 1)) {
    --index;
  }
  const Entry& gap = entries_[index];
  change.put(key::event(gap.number), gap_event(gap.number, gap.event_class, gap.gap_count));
}

Status Outbox::add(Event event) {
  event.number = {.start = ledger_->start_counter(), .seq = last_seq_ + 1};
  for (std::string* text : {&event.message, &event.field, &event.wanted, &event.found}) {
    cut_text(*text, text_bytes_max);
  }
  Ledger::Change change;
  change.put(key::event(event.number), event);
  entries_.push_back({.number = event.number, .event_class = event.event_class});
  while (is_full(event.event_class) && least_wanted() < entries_.size()) {
    const std::size_t before = entries_.size();
    drop_into_gap(least_wanted(), change);
    if (entries_.size() == before) {
      break;  // A lone gap takes the place of its event; the next one joins it.
    }
  }
  if (Status committed = ledger_->commit(change); !committed) {
    // Nothing of it is there, and its number goes to the next one: no hole without a gap record.
    SKERRY_CHECK(load());
    return committed;
  }
  ++last_seq_;
  return {};
}

Result<std::vector<Event>> Outbox::next(ReportNumber after, std::size_t count_max) const {
  std::vector<Event> events;
  const auto begin = std::ranges::upper_bound(entries_, after, {}, &Entry::number);
  if (begin != entries_.begin()) {
    // Of a gap that has grown since it was sent, and could not be cut for want of room: its rest.
    const Entry& entry = *std::prev(begin);
    const ReportNumber last = entry.last();
    if (last.start == after.start && last > after) {
      events.push_back(gap_event(
          {.start = after.start, .seq = after.seq + 1}, entry.event_class, last.seq - after.seq));
    }
  }
  for (auto entry = begin; entry != entries_.end() && events.size() < count_max; ++entry) {
    SKERRY_TRY(std::optional<Event> event, ledger_->get<Event>(key::event(entry->number)));
    SKERRY_ASSERT(event.has_value());
    events.push_back(*std::move(event));
  }
  return events;
}

Status Outbox::renumber_above(std::uint64_t start) {
  ReportNumber number{.start = start + 1, .seq = 0};
  Ledger::Change change;
  std::deque<Entry> renumbered;
  for (Entry entry : entries_) {
    SKERRY_TRY(std::optional<Event> event, ledger_->get<Event>(key::event(entry.number)));
    SKERRY_ASSERT(event.has_value());
    change.erase(key::event(entry.number));
    if (change.size_bytes() > renumbered_bytes_max && entry.gap_count == 0) {
      entry.gap_count = 1;
      event = gap_event({}, entry.event_class, 1);
    }
    number.seq += 1;
    entry.number = number;
    event->number = number;
    change.put(key::event(number), *event);
    number = entry.last();
    renumbered.push_back(entry);
  }
  SKERRY_CHECK(ledger_->raise_start_above(start, std::move(change)));
  entries_ = std::move(renumbered);
  last_seq_ = number.seq;
  sent_ = {};
  return {};
}

Status Outbox::acknowledge(ReportNumber number) {
  Ledger::Change change;
  bool any = false;
  while (!entries_.empty() && entries_.front().number <= number) {
    Entry& front = entries_.front();
    const ReportNumber last = front.last();
    any = true;
    change.erase(key::event(front.number));
    if (last.start == number.start && last > number) {
      // The gap has grown since it was sent; what it gained is not told yet.
      front.number.seq = number.seq + 1;
      front.gap_count = last.seq - number.seq;
      change.put(key::event(front.number),
                 gap_event(front.number, front.event_class, front.gap_count));
      break;
    }
    entries_.pop_front();
  }
  // It only makes less of what is kept, so it may take the last room there is.
  const Status erased = any ? ledger_->commit(change, Ledger::Room::reserve) : Status{};
  if (!erased && erased.error().kind == ErrorKind::exhausted) {
    // On a full disk they stay, are sent once more in the next session and dropped there.
    return load();
  }
  return erased;
}

ReportNumber Outbox::last() const {
  if (entries_.empty()) {
    return {};
  }
  const Entry& back = entries_.back();
  return {.start = back.number.start,
          .seq = back.number.seq + std::max<std::uint64_t>(back.gap_count, 1) - 1};
}

}  // namespace skerry::agent
