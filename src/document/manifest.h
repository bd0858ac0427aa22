#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "document/fields.h"

namespace skerry::document {

/// What the site does about a difference that it did not make itself.
enum class DriftMode : std::uint8_t {
  unspecified = 0,
  enforce = 1,  // Put it right at once.
  report = 2,   // Say it and touch nothing.
  known_max = report,
};

/// One stack at one site: which release, and the values of its slots there.
struct StackAssignment {
  std::string name = {};
  /// The release's digest.
  Digest release = {};
  /// The value of each slot, in the order of the release's workload.
  std::vector<std::string> slot_values = {};
  DriftMode drift = DriftMode::unspecified;

  friend bool operator==(const StackAssignment&, const StackAssignment&) = default;
  static constexpr std::string_view type_name = "StackAssignment";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "name", self.name);
    visit(2, "release", self.release);
    visit(3, "slot_values", self.slot_values);
    visit(4, "drift", self.drift);
  }
};

/// Everything that one site shall run. What it leaves out is removed, in two steps.
struct Manifest {
  std::vector<StackAssignment> stacks = {};
  /// Seconds without a newer word after which the site calls itself stale; 0 means never. It keeps
  /// running either way.
  std::uint64_t stale_after_s = 0;
  /// What an agent must be able to do to run this; an unknown one is refused.
  std::vector<std::string> capabilities = {};

  friend bool operator==(const Manifest&, const Manifest&) = default;
  static constexpr std::string_view type_name = "Manifest";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "stacks", self.stacks);
    visit(2, "stale_after_s", self.stale_after_s);
    visit(3, "capabilities", self.capabilities);
  }
};

}  // namespace skerry::document
