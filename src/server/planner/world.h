#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "document/manifest.h"
#include "document/workload.h"
#include "place/place.h"
#include "server/store/reader.h"

namespace skerry::planner {

/// A site as the planner sees it: its row, and what its users wrote about it.
struct Site {
  store::SiteRow row = {};
  place::SiteView view = {};
  document::DriftMode drift = document::DriftMode::unspecified;
};

/// Everything placing depends on, in memory, kept up to date by following the store's cursors.
///
/// It holds nothing that the store does not, so a restart loses nothing.
class World {
 public:
  explicit World(const Crypto& crypto) : crypto_(&crypto) {}

  /// Takes in what has changed since the last call; call it inside a snapshot.
  Status refresh(store::Reader& reader);

  /// In the order of names, those with a release that can be read.
  [[nodiscard]] const std::vector<place::StackView>& stacks() const { return stacks_; }

  /// Stacks that are there but whose release is not, or cannot be read; with the reason. Sites keep
  /// what they were told of them: unreadable is never deleted.
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& unreadable() const {
    return unreadable_;
  }

  /// The store was put back from a backup, and not every stack has been decided on.
  [[nodiscard]] bool is_restoring() const { return restoring_; }

  /// Sites keep this stack as they were told it: the store was put back from a backup, and nobody
  /// has decided on the stack since.
  [[nodiscard]] bool is_undecided(std::string_view stack) const {
    return restoring_ && !decided_.contains(stack);
  }

  /// Undecided, and the restored store does not have it at all.
  [[nodiscard]] bool is_unknown(std::string_view stack) const;

  /// Nothing where the site has no charter in force, or no readable object to say what it is.
  [[nodiscard]] std::optional<Site> site(store::SiteNumber number) const;

  /// Every change of intent up to here has been taken in.
  [[nodiscard]] std::uint64_t revision() const { return revision_; }

  /// Sites whose manifest may be another one now.
  [[nodiscard]] const std::set<store::SiteNumber>& dirty() const { return dirty_; }

  void mark(store::SiteNumber site) { dirty_.insert(site); }

  void mark_all();

  void unmark(store::SiteNumber site) { dirty_.erase(site); }

 private:
  /// What users wrote about a site.
  struct Described {
    std::string name = {};
    resource::Labels labels = {};
    document::DriftMode drift = document::DriftMode::unspecified;
  };

  Status load_all(store::Reader& reader);
  Status load_stacks(store::Reader& reader);
  Status load_site_objects(store::Reader& reader);
  Status load_decisions(store::Reader& reader);
  Status follow_intent(store::Reader& reader);
  Status follow_sites(store::Reader& reader);
  Status follow_states(store::Reader& reader);
  Status take_in(store::Reader& reader, const store::AuditRow& row);
  Status take_stack(store::Reader& reader, const std::string& name);
  void take_site(const store::ObjectRow& object);
  void drop_stack(std::string_view name);
  Result<place::StackView> read_stack(store::Reader& reader, const store::ObjectRow& object);
  Result<document::Release> read_release(store::Reader& reader, const Digest& digest);

  const Crypto* crypto_;
  bool loaded_ = false;
  std::uint64_t revision_ = 0;
  std::uint64_t site_version_ = 0;
  store::StatusCursor states_;
  std::vector<place::StackView> stacks_;
  std::map<std::string, std::string, std::less<>> unreadable_;
  bool restoring_ = false;
  std::set<std::string, std::less<>> decided_;
  std::map<store::SiteNumber, store::SiteRow> rows_;
  std::map<Uuid, store::SiteNumber> numbers_;
  std::map<Uuid, Described> described_;
  std::set<store::SiteNumber> dirty_;
};

}  // namespace skerry::planner
