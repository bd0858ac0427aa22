#include "agent/core/ledger_journal.h"

namespace skerry::agent {

std::vector<StackRecord> LedgerJournal::stacks() const {
  std::vector<StackRecord> records;
  for (const std::string& name : outside_.ledger.keys(key::stacks)) {
    const Result<std::optional<StackRecord>> record = outside_.ledger.get<StackRecord>(name);
    if (!record) {
      die_(record.error());
    } else if (*record) {
      records.push_back(**record);
    }
  }
  return records;
}

SiteRecord LedgerJournal::site() const {
  const Result<std::optional<SiteRecord>> record = outside_.ledger.get<SiteRecord>(key::site);
  if (!record) {
    die_(record.error());
    return {};
  }
  return record->value_or(SiteRecord{});
}

void LedgerJournal::put(const StackRecord& record) {
  commit(Ledger::Change().put(key::stack(record.stack), record));
}

void LedgerJournal::put(const SiteRecord& record) {
  commit(Ledger::Change().put(key::site, record));
}

void LedgerJournal::forget(const std::string& stack) {
  commit(Ledger::Change().erase(key::stack(stack)));
}

Result<const document::Release*> LedgerJournal::release(const std::string& /*stack*/,
                                                        const Digest& digest) {
  SKERRY_TRY(last_release_, outside_.intake.release(digest));
  return &*last_release_;
}

void LedgerJournal::event(document::Event event) {
  event.time_ms = static_cast<std::uint64_t>(outside_.clock.wall().time_since_epoch().count());
  const Status added = outside_.outbox.add(std::move(event));
  // On a full disk an event is lost; the level still tells the state, and nothing stops for it.
  if (!added && is_fatal(added.error())) {
    die_(added.error());
  }
}

void LedgerJournal::commit(const Ledger::Change& change) {
  // Without it no workload could be looked after, so a full disk must not stop it.
  const Status committed = outside_.ledger.commit(change, Ledger::Room::reserve);
  if (!committed) {
    die_(committed.error());
  }
}

}  // namespace skerry::agent
