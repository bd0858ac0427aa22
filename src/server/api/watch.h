#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "os/event_loop.h"
#include "resource/selector.h"
#include "server/api/desk.h"
#include "server/api/view.h"

namespace skerry::api {

/// Everybody who watches: each gets the changes of intent in their order and without a gap, from
/// where he says he stands, and the newest status now and then.
///
/// The store's feed is followed by cursor, so that nothing is lost between two looks and a restart
/// loses nothing either. Somebody who takes nothing is left behind and goes on from his cursor; one
/// who stands where the feed no longer reaches is told to begin again.
class Watches {
 public:
  explicit Watches(Desk& desk) : desk_(desk) {}

  /// `/api/v1/watch`, or a list with `watch=true`. The list begins with all there is, unless it
  /// goes on from a position: then with what has changed since, and the newest status of all.
  void add(const CallPtr& call);

  /// Somebody says that the store has changed.
  void look();

  /// Ends all of them.
  void close();

  [[nodiscard]] std::size_t size() const { return watchers_.size(); }

 private:
  struct Watcher {
    CallPtr call = {};
    std::set<std::string, std::less<>> kinds = {};
    /// Revisions up to here have been told.
    std::uint64_t revision = 0;
    /// States up to here have been told; only for who watches sites or stacks.
    store::StatusCursor status = {};
    std::uint64_t sites_version = 0;
    bool wants_status = false;
    bool begins_with_all = false;
    std::optional<resource::Selector> selector = {};
    /// With a selector: those that were told and not taken back, by kind and name.
    std::set<std::pair<std::string, std::string>> chosen = {};
  };

  Status begin(const CallPtr& call, Watcher& watcher);
  Status tell_all(Watcher& watcher);
  Status tell_rows(Watcher& watcher,
                   v1::Change::Type type,
                   const std::string& kind,
                   const std::vector<store::ObjectRow>& rows);
  Status tell_news(Watcher& watcher);
  Status tell_row(Watcher& watcher, const store::AuditRow& row);
  Status tell_status(Watcher& watcher);
  Status tell_changed(Watcher& watcher, const std::set<Uuid>& sites);
  Status tell_object(Watcher& watcher, v1::Change change);
  Result<bool> fill(const Watcher& watcher, const store::ObjectRow& row, v1::Change& change);
  void choose(Watcher& watcher, v1::Change change, bool is_chosen);
  void send(Watcher& watcher, const v1::Change& change);
  void serve(Watcher& watcher);
  void give_up(Watcher& watcher, const Error& why);
  void drop_unwelcome();
  void beat();
  void plan();

  Desk& desk_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
  os::Timer look_timer_;
  os::Timer beat_timer_;
};

}  // namespace skerry::api
