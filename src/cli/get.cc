#include "cli/groups.h"
#include "cli/kinds.h"
#include "cli/session.h"
#include "cli/view.h"
#include "client/codes.h"

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

/// Goes on until Ctrl-C: that the server ends the stream is no good end.
Result<Exit> follow(client::Client& client,
                    const Reference& reference,
                    const client::ListQuery& query,
                    const Showing& showing) {
  showing.out(head_line(*reference.kind, showing));
  SKERRY_CHECK(client.watch(*reference.kind, query, [&](const client::Change& change) {
    if (reference.name.empty() || change.name == reference.name) {
      showing.out(line_of(change, showing));
    }
    return true;
  }));
  return fail({.kind = ErrorKind::unavailable,
               .code = client::unreachable,
               .message = "the server ended the watch",
               .hint = "begin it again"});
}

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
    return follow(*client, reference, query, showing);
  }
  if (reference.name.empty()) {
    return show_all(*client, *reference.kind, query, showing);
  }
  SKERRY_TRY(client::Object object, client->get(*reference.kind, reference.name));
  showing.out(show_one(std::move(object), showing.format, showing.look, showing.now()));
  return Exit::done;
}

}  // namespace skerry::cli
