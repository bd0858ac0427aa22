#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/log.h"
#include "base/result.h"
#include "server/planner/batches.h"
#include "server/planner/decide.h"
#include "server/planner/world.h"
#include "server/store/change.h"
#include "server/store/reader.h"

namespace skerry::planner {

/// Hands a change to the store's writer. `done` must be called on the planner's thread, and not any
/// more once the planner is gone.
using Submit = std::function<Status(store::Change change, store::Done done)>;

/// What the planner needs from outside; everything outlives it.
struct Environment {
  store::Reader* reader = nullptr;
  Submit submit = {};
  const KeyPair* key = nullptr;
  Crypto* crypto = nullptr;
  const Log* log = nullptr;
};

/// What one round looks at, signs and commits at most; the next one goes on with the rest. A site's
/// manifest may be a megabyte, and whoever steps the planner has other things to do.
struct Options {
  std::size_t sites_max = 4096;
  std::size_t manifest_bytes_max = std::size_t{32} * 1024 * 1024;
};

/// Decides what each site runs, and says so: reads the store by cursor, places, compares with what
/// was told, signs, commits. Sending is the gateway's, from what is committed.
///
/// It keeps nothing of its own: dropped between any two steps and made again, it goes on from the
/// store. One planner a key; two fence each other off by the key's counter.
class Planner {
 public:
  explicit Planner(Environment environment, Options options = {});

  enum class Progress : std::uint8_t {
    idle,     // Nothing to do until the store changes.
    waiting,  // For an answer of the writer.
    working,  // Call again.
  };

  /// One round. Errors of the store are returned and may be tried again, unless the store is dead.
  Result<Progress> step();

  /// The store is older than what this key has said; nothing is signed.
  [[nodiscard]] bool is_behind() const { return behind_; }

  /// What follows from every change of intent up to this revision has been told to the sites, or
  /// held back.
  [[nodiscard]] std::uint64_t planned() const { return planned_; }

  /// Why sites are held back, by number.
  [[nodiscard]] const std::map<store::SiteNumber, document::Reason>& held() const { return held_; }

  /// Stacks that cannot be placed, by name, with the reason.
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& unreadable() const {
    return world_.unreadable();
  }

  /// Stacks that sites run, that the restored store does not have and nobody has decided on.
  [[nodiscard]] const std::set<std::string, std::less<>>& unknown() const { return unknown_; }

 private:
  /// What one round found out, before anything is written.
  struct Round {
    std::vector<NewManifest> manifests = {};
    std::vector<store::EndAdoption> adopted = {};
    std::vector<store::SiteNumber> settled = {};
    store::PlannerRow planner = {};
    std::size_t manifest_bytes = 0;

    [[nodiscard]] std::size_t sites() const {
      return manifests.size() + adopted.size() + settled.size();
    }
  };

  Result<Round> look();
  Status look_at(store::SiteNumber number, Round& round);
  void note_unknown(const Known& known);
  Result<Known> known_of(const Site& site);
  void hold(store::SiteNumber site, const document::Reason& reason);
  Status commit(const Round& round);
  void answered(const std::vector<store::SiteNumber>& sites, const Result<store::Outcome>& outcome);

  Environment environment_;
  Options options_;
  Digest key_id_;
  World world_;
  std::map<store::SiteNumber, document::Reason> held_;
  std::set<std::string, std::less<>> unknown_;
  bool in_flight_ = false;
  bool behind_ = false;
  std::uint64_t planned_ = 0;
  std::optional<Error> failure_;
};

}  // namespace skerry::planner
