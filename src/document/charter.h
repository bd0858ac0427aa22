#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "document/fields.h"

namespace skerry::document {

/// The policy that a site's planner cannot exceed, whatever it signs. Everything is allowed that
/// is not forbidden here.
struct Ceiling {
  bool forbid_privileged = false;
  bool forbid_bind_mounts = false;
  bool forbid_added_capabilities = false;
  /// Prefixes an image reference must start with; none means any. One ends where a part of the
  /// reference ends: "registry.example" allows "registry.example/web" and no other host.
  std::vector<std::string> image_prefixes = {};

  friend bool operator==(const Ceiling&, const Ceiling&) = default;
  static constexpr std::string_view type_name = "Ceiling";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "forbid_privileged", self.forbid_privileged);
    visit(2, "forbid_bind_mounts", self.forbid_bind_mounts);
    visit(3, "forbid_added_capabilities", self.forbid_added_capabilities);
    visit(4, "image_prefixes", self.image_prefixes);
  }
};

/// Who one site is and who plans for it. The header's term is the planner's term; its seq counts
/// the charters within that term.
struct Charter {
  enum class State : std::uint8_t {
    unspecified = 0,
    active = 1,
    /// Revoked: no session is accepted any more. Nothing at the site is removed by it.
    ended = 2,
    known_max = ended,
  };

  Uuid site = {};
  /// The site's identity; more than one only while it is being re-keyed.
  std::vector<PublicKey> site_keys = {};
  /// SHA-256 of the one planner key whose manifests this site accepts.
  Digest planner = {};
  State state = State::unspecified;
  Ceiling ceiling = {};
  /// That key itself, where trust does not list it (after a restore); none or one. Only root and
  /// assign keys may name such a planner.
  std::vector<PublicKey> planner_keys = {};

  friend bool operator==(const Charter&, const Charter&) = default;
  static constexpr std::string_view type_name = "Charter";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "site", self.site);
    visit(2, "site_keys", self.site_keys);
    visit(3, "planner", self.planner);
    visit(4, "state", self.state);
    visit(5, "ceiling", self.ceiling);
    visit(6, "planner_keys", self.planner_keys);
  }
};

/// A site's own word that another key is its identity from now on; signed by the old key.
struct Rekey {
  Uuid site = {};
  PublicKey new_key = {};

  friend bool operator==(const Rekey&, const Rekey&) = default;
  static constexpr std::string_view type_name = "Rekey";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "site", self.site);
    visit(2, "new_key", self.new_key);
  }
};

}  // namespace skerry::document
