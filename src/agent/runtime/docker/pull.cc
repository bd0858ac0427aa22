#include "agent/runtime/docker/pull.h"

#include <algorithm>
#include <utility>

#include "agent/runtime/docker/codes.h"
#include "agent/runtime/docker/create_request.h"

namespace skerry::agent::docker {
namespace {

/// People read it; more often only costs.
constexpr auto progress_interval = std::chrono::milliseconds(500);
/// A registry that says nothing for so long has hung; unpacking a large layer takes minutes on a
/// slow card.
constexpr auto silence_max = std::chrono::minutes(10);

}  // namespace

Result<std::string> pull_path(std::string_view reference) {
  const auto at = reference.find('@');
  std::string_view name = reference.substr(0, at);
  const auto colon = name.rfind(':');
  const auto slash = name.rfind('/');
  std::string_view tag = "latest";
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    tag = name.substr(colon + 1);
    name = name.substr(0, colon);
  }
  if (at != std::string_view::npos) {
    tag = reference.substr(at + 1);
  }
  if (name.empty() || tag.empty() || name == "sha256") {
    return fail({.kind = ErrorKind::invalid,
                 .code = image_pull_failed,
                 .message = "no registry has an image named " + std::string(reference)});
  }
  return "/images/create?fromImage=" + url_escape(name) + "&tag=" + url_escape(tag);
}

Pull::Pull(const Clock& clock, Callbacks callbacks)
    : clock_(clock), callbacks_(std::move(callbacks)) {}

Status Pull::begin(EngineClient& client, std::string_view reference) {
  SKERRY_TRY(const std::string path, pull_path(reference));
  os::HttpLimits limits = os::endless();
  // The head comes once the registry has answered the engine.
  limits.first_byte = std::chrono::minutes(5);
  limits.silence = silence_max;
  SKERRY_TRY(call_,
             client.stream("POST",
                           path,
                           limits,
                           {.head = [this](const os::HttpHead& head) { status_ = head.status; },
                            .bytes = [this](std::string_view bytes) { on_bytes(bytes); },
                            .done = [this](Status status) { on_end(std::move(status)); }}));
  return {};
}

void Pull::on_bytes(std::string_view bytes) {
  if (status_ != 200) {
    refusal_ += bytes.substr(0, refusal_size_max - std::min(refusal_size_max, refusal_.size()));
    return;
  }
  reader_.feed(bytes);
  const auto now = clock_.now();
  if (last_progress_ && now - *last_progress_ < progress_interval) {
    return;
  }
  if (auto text = reader_.take_progress(); !text.empty()) {
    last_progress_ = now;
    callbacks_.progress(std::move(text));
  }
}

void Pull::on_end(Status status) {
  reader_.end();
  if (status && status_ != 200) {
    status = fail(engine_error(status_, refusal_));
  } else if (status) {
    status = reader_.outcome();
  }
  if (!status) {
    // Whatever went wrong, for whoever asked it is a pull that failed, in the engine's words.
    status.error().code = image_pull_failed;
  }
  // The callback may end this pull.
  const auto done = std::move(callbacks_.done);
  done(std::move(status));
}

}  // namespace skerry::agent::docker
