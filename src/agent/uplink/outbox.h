#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "agent/ledger/ledger.h"
#include "document/report.h"

namespace skerry::agent {

/// Events that the server has not acknowledged yet, durable and in order.
///
/// Bounded: beyond `events_max` the oldest of the lowest class is dropped and a gap record with its
/// number and count takes its place, so that sent = stored + declared gaps (G8). Security events
/// may use a reserve that the others may not.
class Outbox {
 public:
  struct Limits {
    std::size_t events_max = 2000;
    std::size_t security_reserve = 200;
  };

  static Result<Outbox> open(Ledger& ledger, Limits limits);

  static Result<Outbox> open(Ledger& ledger) { return open(ledger, Limits{}); }

  /// Gives the event its number and keeps it. Text fields are cut to sane lengths.
  Status add(document::Event event);
  /// The next events above `after`, the last number told, be it the last of a gap: `count_max` of
  /// those kept, and before them what a gap has gained since it was told.
  [[nodiscard]] Result<std::vector<document::Event>> next(document::ReportNumber after,
                                                          std::size_t count_max) const;

  /// Everything up to `number` is on its way in this session. What is dropped later joins no gap
  /// across that line: the server would be told of it never or twice.
  void mark_sent(document::ReportNumber number) { sent_ = number; }

  /// The highest numbers that this process has said to any server.
  struct Said {
    document::ReportNumber report = {};
    document::ReportNumber event = {};
  };

  [[nodiscard]] Said& said() { return said_; }

  /// A server knows numbers of this start, or of a later one, that this process never said: the
  /// ledger was lost or rolled back. Raises the start above `start` and gives all that is kept new
  /// numbers, in order, so that none of it is taken for what the server has under the old ones.
  /// Changes nothing where it fails.
  Status renumber_above(std::uint64_t start);

  /// Everything up to `number` is stored at the server.
  Status acknowledge(document::ReportNumber number);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

  /// The last number kept, be it the last of a gap; zeros where nothing is.
  [[nodiscard]] document::ReportNumber last() const;

 private:
  /// What is known of a kept event without reading it.
  struct Entry {
    document::ReportNumber number = {};
    document::Event::Class event_class = document::Event::Class::unspecified;
    /// Of a gap: how many events it stands for; 0 for an event.
    std::uint64_t gap_count = 0;

    [[nodiscard]] document::ReportNumber last() const {
      return document::last_number(number, gap_count);
    }
  };

  Outbox(Ledger& ledger, Limits limits) : ledger_(&ledger), limits_(limits) {}

  Status load();
  [[nodiscard]] bool is_full(document::Event::Class for_class) const;
  /// The entry to give up next: the oldest of the lowest class that is not a gap.
  [[nodiscard]] std::size_t least_wanted() const;
  void drop_into_gap(std::size_t index, Ledger::Change& change);

  Ledger* ledger_;
  Limits limits_;
  std::deque<Entry> entries_;
  document::ReportNumber sent_;
  Said said_;
  std::uint64_t last_seq_ = 0;
};

}  // namespace skerry::agent
