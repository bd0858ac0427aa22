#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "document/fields.h"
#include "document/report.h"
#include "document/workload.h"

namespace skerry::agent {

/// A release with the values of its slots at this site: what one manifest asks of one stack.
struct Revision {
  Digest release = {};
  std::vector<std::string> slot_values = {};

  friend bool operator==(const Revision&, const Revision&) = default;
  static constexpr std::string_view type_name = "Revision";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "release", self.release);
    visit(2, "slot_values", self.slot_values);
  }
};

/// An image reference and the image that it means here, whatever its tag moves to.
struct ImagePin {
  std::string reference = {};
  std::string image_id = {};

  friend bool operator==(const ImagePin&, const ImagePin&) = default;
  static constexpr std::string_view type_name = "ImagePin";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "reference", self.reference);
    visit(2, "image_id", self.image_id);
  }
};

/// A revision together with its pins.
struct PinnedRevision {
  Revision revision = {};
  std::vector<ImagePin> pins = {};

  friend bool operator==(const PinnedRevision&, const PinnedRevision&) = default;
  static constexpr std::string_view type_name = "PinnedRevision";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "revision", self.revision);
    visit(2, "pins", self.pins);
  }
};

/// A one-shot that ran to its end, so that it runs once for each configuration.
struct CompletedService {
  std::string service = {};
  std::string config_hash = {};

  friend bool operator==(const CompletedService&, const CompletedService&) = default;
  static constexpr std::string_view type_name = "CompletedService";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "service", self.service);
    visit(2, "config_hash", self.config_hash);
  }
};

/// What must survive a crash about one stack (D7).
struct StackRecord {
  std::string stack = {};
  /// The last known good revision: every service of it was healthy.
  std::optional<PinnedRevision> good = {};
  /// Written before the first risky deed, gone when the revision became good or was given up. Found
  /// at a start, it means that an attempt ended in a crash.
  std::optional<PinnedRevision> applying = {};
  /// Begun attempts at `applying`, this one included.
  std::uint32_t attempts = 0;
  /// A revision that was given up; not tried again. Other slot values are another revision.
  std::optional<Revision> quarantined = {};
  /// Why, for the reason chain.
  std::string quarantine_reason = {};
  std::vector<CompletedService> completed = {};

  friend bool operator==(const StackRecord&, const StackRecord&) = default;
  static constexpr std::string_view type_name = "StackRecord";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "stack", self.stack);
    visit(2, "good", self.good);
    visit(3, "applying", self.applying);
    visit(4, "attempts", self.attempts);
    visit(5, "quarantined", self.quarantined);
    visit(6, "quarantine_reason", self.quarantine_reason);
    visit(7, "completed", self.completed);
  }
};

/// What must survive a crash about the site as a whole.
struct SiteRecord {
  /// Local hands said: touch nothing.
  bool paused = false;
  /// Stacks that an accepted manifest left out; committed before the first of the deeds (D6).
  std::vector<std::string> removals = {};

  friend bool operator==(const SiteRecord&, const SiteRecord&) = default;
  static constexpr std::string_view type_name = "SiteRecord";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "paused", self.paused);
    visit(2, "removals", self.removals);
  }
};

/// What the reconciler needs written down, by the agent's ledger.
///
/// `put` and `forget` return once it is on stable storage. There is nothing sensible to do without
/// it, so an implementation that cannot write ends the process (G12) instead of returning.
class Journal {
 public:
  Journal() = default;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  virtual ~Journal() = default;

  [[nodiscard]] virtual std::vector<StackRecord> stacks() const = 0;
  [[nodiscard]] virtual SiteRecord site() const = 0;
  /// Replaces the record of that stack.
  virtual void put(const StackRecord& record) = 0;
  virtual void put(const SiteRecord& record) = 0;
  virtual void forget(const std::string& stack) = 0;

  /// A release that was judged for its stack. Kept for as long as the manifest or a record names
  /// it.
  ///
  /// @return  `unavailable` while it has not arrived; another kind where it was refused, with the
  ///          refusal's code. The pointer is good until the next call of the reconciler.
  virtual Result<const document::Release*> release(const std::string& stack,
                                                   const Digest& digest) = 0;
  /// Takes an event for the outbox; number and time are the ledger's to give.
  virtual void event(document::Event event) = 0;
};

}  // namespace skerry::agent
