#pragma once

#include <functional>
#include <map>
#include <optional>

#include "agent/ledger/ledger.h"
#include "agent/reconciler/journal.h"
#include "agent/uplink/intake.h"
#include "agent/uplink/outbox.h"
#include "base/clock.h"

namespace skerry::agent {

/// Ends the process after a write that must not fail has failed. Does not return in a process; the
/// simulator's throws.
using Die = std::function<void(const Error& error)>;

/// The reconciler's memory, kept in the ledger.
class LedgerJournal : public Journal {
 public:
  struct Outside {
    Ledger& ledger;
    Intake& intake;
    Outbox& outbox;
    const Clock& clock;
  };

  LedgerJournal(const Outside& outside, Die die) : outside_(outside), die_(std::move(die)) {}

  [[nodiscard]] std::vector<StackRecord> stacks() const override;
  [[nodiscard]] SiteRecord site() const override;
  void put(const StackRecord& record) override;
  void put(const SiteRecord& record) override;
  void forget(const std::string& stack) override;
  Result<const document::Release*> release(const std::string& stack, const Digest& digest) override;
  void event(document::Event event) override;

 private:
  void commit(const Ledger::Change& change);

  Outside outside_;
  Die die_;
  /// The releases last asked for; small, because each is asked for once a manifest.
  std::optional<document::Release> last_release_;
};

}  // namespace skerry::agent
