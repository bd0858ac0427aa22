#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "cli/groups.h"
#include "cli/kinds.h"
#include "cli/session.h"
#include "cli/view.h"
#include "client/codes.h"
#include "resource/write.h"

namespace skerry::cli {
namespace {

struct Showing {
  Format format = Format::table;
  Look look = {};
  const Invocation& invocation;

  [[nodiscard]] WallTime now() const { return invocation.outside.clock.wall(); }

  void out(std::string_view text) const { invocation.outside.terminal.out(text); }
};

std::string none_found(const resource::Kind& kind, const client::ListQuery& query) {
  std::string text = "no " + std::string(kind.plural);
  text += query.selector.empty() ? "" : " with " + query.selector;
  return text + "\n";
}

Result<Exit> show_all(client::Client& client,
                      const resource::Kind& kind,
                      const client::ListQuery& query,
                      const Showing& showing) {
  SKERRY_TRY(const auto objects, client.list(kind, query));
  const bool is_table = showing.format == Format::table || showing.format == Format::wide;
  if (objects.empty() && is_table) {
    showing.invocation.outside.terminal.err(none_found(kind, query));
    return Exit::done;
  }
  showing.out(show_list(kind, objects, showing.format, showing.look, showing.now()));
  return Exit::done;
}

/// A change as a line of the table, or as an object of its own.
std::string line_of(const client::Change& change, const Showing& showing) {
  if (change.type == client::Change::Type::deleted) {
    return showing.format == Format::json ? "" : printable(change.name) + "   deleted\n";
  }
  if (change.object.message == nullptr) {
    return {};
  }
  const client::Object& object = change.object;
  std::vector<client::Object> one;
  one.push_back({.kind = object.kind,
                 .message = std::unique_ptr<google::protobuf::Message>(object.message->New()),
                 .node = object.node});
  one.back().message->CopyFrom(*object.message);
  if (showing.format == Format::json || showing.format == Format::yaml) {
    return show_one(std::move(one.front()), showing.format, showing.look, showing.now());
  }
  const std::string text =
      show_list(*object.kind, one, showing.format, showing.look, showing.now());
  const bool has_head = showing.format != Format::name;
  return has_head ? text.substr(text.find('\n') + 1) : text;
}

std::string head_line(const resource::Kind& kind, const Showing& showing) {
  const bool is_table = showing.format == Format::table || showing.format == Format::wide;
  return is_table ? show_list(kind, {}, showing.format, showing.look, showing.now()) : "";
}

/// Follows a kind's objects, also across a restart of the server or a link that broke.
class Follower {
 public:
  Follower(client::Client& client, const Reference& reference, const Showing& showing)
      : client_(client), reference_(reference), showing_(showing) {}

  /// Goes on until Ctrl-C, or an error that waiting does not mend.
  Result<Exit> run(const client::ListQuery& query) {
    showing_.out(head_line(*reference_.kind, showing_));
    for (;;) {
      lost_place_ = false;
      const Status ended = client_.watch(
          *reference_.kind, query, position_, [this](const auto& change) { return take(change); });
      if (!ended && !may_pass(ended.error())) {
        return fail(ended.error());
      }
      if (!lost_place_) {
        wait(ended ? "the server ended the watch" : ended.error().message);
      }
    }
  }

 private:
  bool take(const client::Change& change) {
    delay_ = delay_min;
    has_begun_ = true;
    if (change.type == client::Change::Type::resync) {
      // The server does not know any more what has changed since: everything once more.
      position_.clear();
      lost_place_ = true;
      return false;
    }
    position_ = change.position.empty() ? position_ : change.position;
    if ((reference_.name.empty() || change.name == reference_.name) && is_news(change)) {
      showing_.out(line_of(change, showing_));
    }
    return true;
  }

  /// A watch that begins anew tells once more what is on the screen already.
  bool is_news(const client::Change& change) {
    if (change.type == client::Change::Type::deleted) {
      return shown_.erase(change.name) > 0;
    }
    if (change.object.message == nullptr) {
      return false;
    }
    const std::size_t now = std::hash<std::string>()(resource::write_json(change.object.node));
    return std::exchange(shown_[change.name], now) != now;
  }

  /// One that never began ends at once: it is the address, or the person, that is wrong.
  [[nodiscard]] bool may_pass(const Error& error) const {
    const bool is_away = error.code == client::unreachable || error.code == client::server_error ||
                         error.code == client::no_answer_in_time;
    return has_begun_ && is_away;
  }

  void wait(const std::string& why) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(delay_);
    showing_.invocation.outside.terminal.err(why + "; trying again in " +
                                             std::to_string(seconds.count()) + " s\n");
    showing_.invocation.outside.pause(delay_);
    delay_ = std::min(delay_ * 2, delay_max);
  }

  static constexpr std::chrono::milliseconds delay_min = std::chrono::seconds(1);
  static constexpr std::chrono::milliseconds delay_max = std::chrono::seconds(30);

  client::Client& client_;
  const Reference& reference_;
  const Showing& showing_;
  std::string position_;
  std::map<std::string, std::size_t> shown_;
  std::chrono::milliseconds delay_ = delay_min;
  bool has_begun_ = false;
  bool lost_place_ = false;
};

}  // namespace

Result<Exit> run_get(const Invocation& invocation) {
  const Options& options = invocation.options;
  SKERRY_TRY(const Reference reference, reference_from(options.get("KIND"), options.get("NAME")));
  SKERRY_TRY(client::Client * client, invocation.session.client());
  const Showing showing{.format = format_of(options),
                        .look = look_of(options, invocation.outside),
                        .invocation = invocation};
  const client::ListQuery query{.selector = options.get("selector")};
  if (options.has("watch")) {
    return Follower(*client, reference, showing).run(query);
  }
  if (reference.name.empty()) {
    return show_all(*client, *reference.kind, query, showing);
  }
  SKERRY_TRY(client::Object object, client->get(*reference.kind, reference.name));
  showing.out(show_one(std::move(object), showing.format, showing.look, showing.now()));
  return Exit::done;
}

}  // namespace skerry::cli
