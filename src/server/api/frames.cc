#include "server/api/frames.h"

#include "resource/codec.h"

namespace skerry::api {

Result<std::shared_ptr<const Frame>> Frames::of(const std::string& kind,
                                                const std::string& name,
                                                Counts counts) {
  const auto key = std::make_tuple(kind, name, kind == "Stack" ? counts : Counts::without);
  if (const auto found = made_.find(key); found != made_.end()) {
    return found->second;
  }
  SKERRY_TRY(std::shared_ptr<const Frame> made, make(kind, name, counts));
  made_.emplace(key, made);
  return made;
}

Result<std::shared_ptr<const Frame>> Frames::make(const std::string& kind,
                                                  const std::string& name,
                                                  Counts counts) {
  SKERRY_TRY(const std::optional<store::ObjectRow> row, desk_.reader().object(kind, name));
  if (!row) {
    return nullptr;
  }
  auto frame = std::make_shared<Frame>(Frame{.uid = to_string(row->uid)});
  if (kind == "Site") {
    SKERRY_TRY(const SiteView view, load_site(desk_, *row));
    SKERRY_TRY(const v1::Site site, show(desk_, view));
    frame->labels = place::selectable(view.placement());
    frame->object = "\"site\":" + resource::to_json(site);
    return std::shared_ptr<const Frame>(std::move(frame));
  }
  SKERRY_TRY(v1::Stack stack, show_stack(desk_, *row));
  if (counts == Counts::with) {
    tally_.show(stack);
  }
  frame->labels = {stack.metadata().labels().begin(), stack.metadata().labels().end()};
  frame->object = "\"stack\":" + resource::to_json(stack);
  return std::shared_ptr<const Frame>(std::move(frame));
}

std::string change_json(const v1::Change& change, const Frame* frame) {
  std::string json = resource::to_json(change);
  if (frame != nullptr) {
    json.pop_back();
    json += "," + frame->object + "}";
  }
  return json;
}

}  // namespace skerry::api
