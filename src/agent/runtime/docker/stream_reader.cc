#include "agent/runtime/docker/stream_reader.h"

#include <array>
#include <map>
#include <utility>

#include "agent/runtime/docker/codes.h"
#include "agent/runtime/docker/identity.h"

namespace skerry::agent::docker {
namespace {

constexpr std::size_t message_size_max = 512;
/// An event carries all labels of its container or image; who it is about is all that counts.
constexpr Wanted event_wanted{.members =
                                  "Type,Action,Actor{ID,Attributes{container,skerry.install}}"};

EngineEvent::Type type_of(const std::string& name) {
  using enum EngineEvent::Type;
  static const std::map<std::string, EngineEvent::Type, std::less<>> types = {
      {"container", container}, {"network", network}, {"volume", volume}, {"image", image}};
  const auto found = types.find(name);
  return found == types.end() ? other : found->second;
}

}  // namespace

void LineReader::feed(std::string_view bytes,
                      const std::function<void(std::string_view)>& on_line) {
  while (!bytes.empty()) {
    const auto end_of_line = bytes.find('\n');
    const auto piece = bytes.substr(0, end_of_line);
    if (line_.size() + piece.size() > line_size_max_) {
      dropping_ = true;
      line_.clear();
    }
    if (!dropping_) {
      line_ += piece;
    }
    if (end_of_line == std::string_view::npos) {
      return;
    }
    end(on_line);
    bytes.remove_prefix(end_of_line + 1);
  }
}

void LineReader::end(const std::function<void(std::string_view)>& on_line) {
  // Taken first: the callback may end in this reader's being fed or dropped.
  const auto line = std::exchange(line_, {});
  dropped_ += dropping_ ? 1 : 0;
  const bool dropped = std::exchange(dropping_, false);
  if (!dropped && line.find_first_not_of(" \r\t") != std::string::npos) {
    on_line(line);
  }
}

Result<EngineEvent> read_event(std::string_view line) {
  SKERRY_TRY(const Json json, parse_json(line, event_wanted));
  const auto event = json.view();
  if (!event.is_object()) {
    return fail({.kind = ErrorKind::invalid,
                 .code = runtime_reply_invalid,
                 .message = "the engine's event is no object"});
  }
  const auto attributes = event["Actor"]["Attributes"];
  return EngineEvent{.type = type_of(event["Type"].text()),
                     .action = event["Action"].text(),
                     .id = event["Actor"]["ID"].text(),
                     .container = attributes["container"].text(),
                     .install = attributes[std::string(label::install).c_str()].text()};
}

std::string event_filters() {
  static constexpr std::array types = {"container", "network", "volume", "image"};
  static constexpr std::array actions = {
      "create",     "start",   "restart", "die",    "kill",    "stop",          "oom",
      "pause",      "unpause", "update",  "rename", "destroy", "health_status", "connect",
      "disconnect", "pull",    "tag",     "untag",  "delete",  "import",        "load"};
  Json type = Json::array();
  for (const auto* name : types) {
    type.add(Json::text(name));
  }
  Json action = Json::array();
  for (const auto* name : actions) {
    action.add(Json::text(name));
  }
  Json filters = Json::object();
  filters.set("type", std::move(type)).set("event", std::move(action));
  return filters.dump();
}

void PullReader::feed(std::string_view bytes) {
  lines_.feed(bytes, [this](std::string_view line) { on_line(line); });
}

void PullReader::end() {
  lines_.end([this](std::string_view line) { on_line(line); });
}

Status PullReader::outcome() const {
  if (error_.empty()) {
    return {};
  }
  return fail({.kind = ErrorKind::unavailable, .code = image_pull_failed, .message = error_});
}

std::string PullReader::take_progress() {
  return std::exchange(progress_, {});
}

void PullReader::on_line(std::string_view line) {
  const auto json = parse_json(line, {.members = "error,status,id,progress"});
  if (!json) {
    return;  // Progress is for people; the outcome does not hang on one line of it.
  }
  const auto said = json->view();
  if (const auto error = said["error"].text(); !error.empty() && error_.empty()) {
    error_ = error.substr(0, message_size_max);
  }
  std::string text = said["status"].text();
  for (const auto& part : {said["id"].text(), said["progress"].text()}) {
    text += part.empty() ? "" : " " + part;
  }
  progress_ = text.substr(0, message_size_max);
}

}  // namespace skerry::agent::docker
