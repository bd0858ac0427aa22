#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "document/fields.h"
#include "document/report.h"

/// What the agent remembers, as messages of the document codec. Private to the agent: only their
/// bytes on its own disk must stay readable (docs/formats/ledger.md).
namespace skerry::agent {

/// Whom this site belongs to. Kept in a file of its own, so that a lost ledger can be filled again.
struct Enrolment {
  /// "host:port", tried in this order.
  std::vector<std::string> servers = {};
  /// SHA-256 of the root key that anchors the first trust document.
  Digest root = {};
  /// The name asked for.
  std::string name = {};

  static constexpr std::string_view type_name = "Enrolment";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "servers", self.servers);
    visit(2, "root", self.root);
    visit(3, "name", self.name);
  }
};

/// A document that was admitted and is about to be decoded. Written before that, so that one which
/// crashes the agent is counted.
struct Candidate {
  Digest digest = {};
  std::uint32_t attempts = 0;

  static constexpr std::string_view type_name = "Candidate";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "digest", self.digest);
    visit(2, "attempts", self.attempts);
  }
};

/// A small number kept by name: the start counter, the back-off step.
struct Counter {
  std::uint64_t value = 0;

  static constexpr std::string_view type_name = "Counter";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "value", self.value);
  }
};

/// What marks at the runtime the things this agent made; the copy of the file `install-id`.
struct InstallId {
  Uuid id = {};

  static constexpr std::string_view type_name = "InstallId";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "id", self.id);
  }
};

/// A signed document that was accepted, as it came.
struct Held {
  document::PlanNumber number = {};
  Digest digest = {};
  std::string envelope = {};

  static constexpr std::string_view type_name = "Held";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "number", self.number);
    visit(2, "digest", self.digest);
    visit(3, "envelope", self.envelope);
  }
};

}  // namespace skerry::agent
