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
#include "server/api/frames.h"
#include "server/api/tally.h"

namespace skerry::api {

/// Everybody who watches: each gets the changes of intent in their order and without a gap, from
/// where he says he stands, and the newest status now and then.
///
/// The store's feed is followed by cursor, so that nothing is lost between two looks and a restart
/// loses nothing either. Somebody who takes nothing is left behind and goes on from his cursor; one
/// who stands where the feed no longer reaches is told to begin again.
///
/// The work follows from what has changed, not from who watches: a tally keeps the counts, and what
/// is told of an object is made once a look for all.
class Watches {
 public:
  explicit Watches(Desk& desk) : desk_(desk), tally_(desk), frames_(desk, tally_) {}

  /// `/api/v1/watch`, or a list with `watch=true`. The list begins with all there is, unless it
  /// goes on from a position: then with what has changed since, and the newest status of all.
  void add(const CallPtr& call);

  /// Somebody says that the store has changed.
  void look();

  /// Ends all of them.
  void close();

  [[nodiscard]] std::size_t size() const { return watchers_.size(); }

 private:
  /// By kind and name.
  using Names = std::set<std::pair<std::string, std::string>>;

  struct Watcher {
    CallPtr call = {};
    std::set<std::string, std::less<>> kinds = {};
    /// Revisions up to here have been told.
    std::uint64_t revision = 0;
    bool wants_status = false;
    bool begins_with_all = false;
    /// Whose newest status has not been told yet; only for who watches sites or stacks.
    Names pending = {};
    std::optional<resource::Selector> selector = {};
    /// With a selector: those that were told and not taken back.
    Names chosen = {};
  };

  Status begin(const CallPtr& call, Watcher& watcher);
  static v1::Change added(const store::ObjectRow& row);
  Status tell_all(Watcher& watcher);
  Status tell_all_of(const std::string& kind, Watcher& watcher);
  Status tell_news(Watcher& watcher);
  Status tell_row(Watcher& watcher, const store::AuditRow& row);
  Status tell_status(Watcher& watcher);
  Status tell_object(Watcher& watcher, v1::Change change);
  void send(Watcher& watcher, v1::Change change, const Frame* frame);
  Result<const store::Changes*> changes_since(std::uint64_t revision);

  void begin_round();
  void refresh();
  [[nodiscard]] bool wants_status() const;
  static void mark(Watcher& watcher, const Tally::News& news);
  void serve(Watcher& watcher);
  void give_up(Watcher& watcher, const Error& why);
  void drop_ended();
  void drop_unwelcome();
  void beat();
  void plan();

  Desk& desk_;
  Tally tally_;
  Frames frames_;
  /// Pages of the feed that were read in this round, by where they begin.
  std::map<std::uint64_t, store::Changes> pages_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
  Instant refreshed_at_ = {};
  os::Timer refresh_timer_;
  os::Timer look_timer_;
  os::Timer beat_timer_;
};

}  // namespace skerry::api
