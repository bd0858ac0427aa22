#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/api/desk.h"
#include "server/api/view.h"

namespace skerry::api {

/// How many sites are where, for every stack: worked out once from all sites, then kept up to date
/// by what has changed alone. One for all who watch, and in memory only while somebody does.
class Tally {
 public:
  explicit Tally(Desk& desk) : desk_(desk) {}

  /// What is not as it was at the last call, by name.
  struct News {
    std::set<std::string> sites = {};
    std::set<std::string> stacks = {};
  };

  /// Takes in what store, gateway and planner say now. The first call has no news.
  Result<News> refresh();

  /// Lets go of everything; the next `refresh` is a first one.
  void clear();

  /// Writes the counts of the last `refresh` into a stack's status.
  void show(v1::Stack& stack) const;

  /// Changes of intent up to here have been taken in.
  [[nodiscard]] std::uint64_t revision() const { return revision_; }

  /// All there were at the last `refresh`.
  [[nodiscard]] News all() const;

 private:
  /// Changes with the stack: a stack that is another one by now is counted anew under a new number.
  using StackNumber = std::uint32_t;

  /// What is told of a stack beyond what its user wrote.
  struct Face {
    Standings standings = {};
    bool is_told = false;
    std::optional<std::string> unreadable = {};

    friend bool operator==(const Face&, const Face&) = default;
  };

  struct StackEntry {
    StackNumber number = 0;
    StackTerms terms = {};
    /// Of the bytes it was read from.
    Digest digest = {};
    std::uint64_t revision = 0;
    Standings standings = {};
    /// As it was at the last `refresh`.
    Face face = {};
  };

  struct SiteEntry {
    std::string name = {};
    store::SiteNumber number = 0;
    bool connected = false;
    std::optional<document::Reason> held = {};
    /// Where it counts; what a stack's former number says is void.
    std::vector<std::pair<StackNumber, Standing>> standings = {};
  };

  /// What has to be looked at again.
  struct Changed {
    /// By id, for a name may have gone to another site.
    std::map<Uuid, std::string> sites = {};
    std::set<std::string> stacks = {};
  };

  Result<News> update();
  Result<News> begin_again();
  Status load();
  Status follow(Changed& changed);
  Status follow_intent(Changed& changed);
  Status follow_sites(Changed& changed);
  Status follow_told(Changed& changed);
  Status follow_states(Changed& changed);
  void note(const Uuid& site, Changed& changed) const;
  void note(store::SiteNumber site, Changed& changed) const;
  /// What no cursor tells: who is connected, and what the planner holds back.
  void sweep(Changed& changed);

  Status take_stacks(const std::set<std::string>& names);
  /// @return whether its sites have to be counted anew
  Result<bool> take_stack(const std::string& name);
  Status read_stack(const store::ObjectRow& row);
  Status recount(const std::set<std::string>& stacks);
  void drop_stack(std::string_view name);
  Status take_sites(const Changed& changed);
  void take_site(const SiteView& view);
  void drop_site(const Uuid& id);
  void count(const Candidate& site, StackEntry& stack, SiteEntry& entry);
  void update_faces(News& news);

  Desk& desk_;
  bool loaded_ = false;
  bool is_lost_ = false;
  std::uint64_t revision_ = 0;
  std::uint64_t sites_version_ = 0;
  std::uint64_t told_version_ = 0;
  store::StatusCursor states_;
  Instant swept_at_ = {};
  StackNumber last_number_ = 0;
  std::map<std::string, StackEntry, std::less<>> stacks_;
  /// The names of the numbers that count.
  std::map<StackNumber, std::string> stack_names_;
  std::map<Uuid, SiteEntry> sites_;
  std::map<store::SiteNumber, Uuid> site_ids_;
};

}  // namespace skerry::api
