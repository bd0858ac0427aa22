#include "reconcile/fill.h"

#include <utility>

#include "reconcile/codes.h"
#include "reconcile/fields.h"

namespace skerry::reconcile {

namespace {

using document::Text;

/// Replaces the holes of texts in place and remembers the first that does not fit.
class Filler {
 public:
  explicit Filler(const std::vector<std::string>& values) : values_(values) {}

  void fill(Text& text) {
    std::string filled;
    std::size_t from = 0;
    for (const auto& hole : text.holes) {
      if (hole.slot >= values_.size() || hole.offset < from || hole.offset > text.literal.size()) {
        is_sound_ = false;
        return;
      }
      filled.append(text.literal, from, hole.offset - from);
      filled += values_[hole.slot];
      from = hole.offset;
    }
    filled.append(text.literal, from);
    text.literal = std::move(filled);
    text.holes.clear();
  }

  void fill(std::vector<Text>& texts) {
    for (auto& text : texts) {
      fill(text);
    }
  }

  void fill(std::vector<document::Variable>& variables) {
    for (auto& variable : variables) {
      fill(variable.value);
    }
  }

  void fill(document::Service& service) {
    for (auto* words : {&service.entrypoint, &service.command}) {
      if (*words) {
        fill((*words)->words);
      }
    }
    fill(service.environment);
    fill(service.labels);
    if (service.healthcheck) {
      fill(service.healthcheck->test);
    }
    if (service.hostname) {
      fill(*service.hostname);
    }
  }

  [[nodiscard]] bool is_sound() const { return is_sound_; }

 private:
  const std::vector<std::string>& values_;
  bool is_sound_ = true;
};

void fill_objects(DesiredStack& stack, Filler& filler) {
  for (auto& network : stack.networks) {
    filler.fill(network.labels);
  }
  for (auto& volume : stack.volumes) {
    filler.fill(volume.labels);
  }
  for (auto& config : stack.configs) {
    filler.fill(config.content);
  }
}

}  // namespace

Result<DesiredStack> fill(const Crypto& crypto, const Filling& filling) {
  const auto& workload = filling.release.workload;
  const auto& assignment = filling.assignment;
  DesiredStack stack{.name = assignment.name,
                     .release = assignment.release,
                     .drift = assignment.drift == document::DriftMode::report
                                  ? document::DriftMode::report
                                  : document::DriftMode::enforce,
                     .project = workload.project,
                     .networks = workload.networks,
                     .volumes = workload.volumes,
                     .configs = workload.configs};
  Filler filler(assignment.slot_values);
  fill_objects(stack, filler);
  for (const auto& service : workload.services) {
    DesiredService desired{.spec = service};
    filler.fill(desired.spec);
    stack.services.push_back(std::move(desired));
  }
  if (!filler.is_sound()) {
    return fail({.kind = ErrorKind::invalid,
                 .code = codes::slot_mismatch,
                 .message = "the release has a hole that no slot value fills",
                 .field_path = "stack " + assignment.name});
  }
  for (auto& service : stack.services) {
    service.fields = desired_fields(crypto, stack, service.spec);
    service.config_hash = config_hash(crypto, service.fields);
    if (const auto pin = filling.pins.find(service.spec.image); pin != filling.pins.end()) {
      service.image_id = pin->second;
    }
  }
  return stack;
}

}  // namespace skerry::reconcile
