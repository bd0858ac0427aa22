#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "os/event_loop.h"
#include "server/api/desk.h"

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

  /// `/api/v1/watch`, or a list with `watch=true`, which begins with all there is.
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
  };

  Status begin(const CallPtr& call, Watcher& watcher);
  Status tell_all(Watcher& watcher);
  Status tell_news(Watcher& watcher);
  Status tell_row(Watcher& watcher, const store::AuditRow& row);
  Status tell_status(Watcher& watcher);
  Status tell_object(Watcher& watcher, v1::Change change);
  void send(Watcher& watcher, const v1::Change& change);
  void serve(Watcher& watcher);
  void beat();
  void plan();

  Desk& desk_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
  os::Timer look_timer_;
  os::Timer beat_timer_;
};

}  // namespace skerry::api
