#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "document/fields.h"

namespace skerry::document {

/// One key of the installation and what it may sign.
struct TrustedKey {
  enum class Right : std::uint8_t {
    unspecified = 0,
    root = 1,    // Trust documents.
    author = 2,  // Releases: what may run.
    plan = 3,    // Manifests and commands: when it runs.
    enrol = 4,   // A new site's first charter.
    assign = 5,  // Every other charter.
    update = 6,  // Agent updates.
    serve = 7,   // The TLS identity of a server.
    known_max = serve,
  };

  PublicKey key = {};
  std::vector<Right> rights = {};

  friend bool operator==(const TrustedKey&, const TrustedKey&) = default;
  static constexpr std::string_view type_name = "TrustedKey";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "key", self.key);
    visit(2, "rights", self.rights);
  }
};

/// Who may sign what, in this installation. Version N+1 is signed by enough root keys of N and by
/// enough of its own, so a site that was away for long walks from one to the next.
struct Trust {
  /// Also the header's seq.
  std::uint64_t version = 0;
  /// How many root keys must sign; at least 1.
  std::uint32_t threshold = 0;
  std::vector<TrustedKey> keys = {};

  friend bool operator==(const Trust&, const Trust&) = default;
  static constexpr std::string_view type_name = "Trust";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "version", self.version);
    visit(2, "threshold", self.threshold);
    visit(3, "keys", self.keys);
  }
};

}  // namespace skerry::document
