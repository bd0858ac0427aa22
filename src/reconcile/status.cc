#include <algorithm>

#include "reconcile/reconcile.h"
#include "reconcile/stack_view.h"

namespace skerry::reconcile {

namespace {

using document::Reason;
using document::ServiceStatus;
using document::WorkloadState;
using Verb = Action::Verb;

constexpr std::size_t short_id_length = 12;

/// The reason code of a deed that failed.
std::string failure_code(Verb verb) {
  switch (verb) {
    case Verb::pull_image:
      return "ImagePullFailed";
    case Verb::create_container:
      return "CreateFailed";
    case Verb::start_container:
      return "StartFailed";
    case Verb::create_network:
    case Verb::connect_network:
    case Verb::disconnect_network:
    case Verb::remove_network:
      return "NetworkFailed";
    case Verb::create_volume:
      return "VolumeFailed";
    default:
      return "RuntimeRefused";
  }
}

/// Fills one service's status from what is found of it.
class Teller {
 public:
  Teller(const View& view, const StackView& stack, const Finding& finding)
      : view_(view), stack_(stack), finding_(finding) {
    status_.name = finding.service->spec.name;
    memory_ = &memory_of(view.memories, stack.stack().name + "/" + status_.name);
  }

  ServiceStatus tell() {
    tell_container();
    if (finding_.is_completed) {
      status_.state = WorkloadState::healthy;
    } else if (finding_.container == nullptr || finding_.need != Need::nothing ||
               finding_.container->config_hash != finding_.service->config_hash) {
      tell_unmade();
    } else {
      tell_state();
    }
    return std::move(status_);
  }

 private:
  void say(WorkloadState state, std::string code, std::string message) {
    status_.state = state;
    status_.reasons.push_back({std::move(code), "service " + status_.name, std::move(message)});
  }

  void add_words_of_runtime(std::string_view subject, const std::string& message) {
    if (!message.empty()) {
      status_.reasons.push_back({"RuntimeMessage", std::string(subject), message});
    }
  }

  void tell_container() {
    if (finding_.container == nullptr) {
      return;
    }
    const auto& container = *finding_.container;
    status_.container = container.id;
    status_.restarts = container.restarts + memory_->restarts;
    status_.has_exited = container.state == ContainerState::exited;
    status_.exit_code = status_.has_exited ? container.exit_code : 0;
    status_.image = container.image_id;
    status_.unpinned = !container.image_id.empty();
    for (const auto& image : view_.observed.images) {
      if (image.id == container.image_id && !image.repo_digest.empty()) {
        status_.image = image.repo_digest;
        status_.unpinned = false;
      }
    }
  }

  bool tell_failed(const Memory& memory, const std::string& subject) {
    if (memory.last_error.empty()) {
      return false;
    }
    say(WorkloadState::failed,
        failure_code(memory.failed_verb),
        "cannot " + words(memory.failed_verb) + " " + subject + ", failed " +
            std::to_string(memory.failures) + " times in a row");
    add_words_of_runtime("runtime", memory.last_error);
    return true;
  }

  static std::string words(Verb verb) {
    std::string text = to_string(verb);
    return text.substr(0, text.find('_'));
  }

  /// Something it needs before it can be made could not be had.
  bool tell_obstacle() {
    const auto& spec = finding_.service->spec;
    if (!stack_.has_image(*finding_.service)) {
      if (!tell_failed(memory_of(view_.memories, "pull " + spec.image), "image " + spec.image)) {
        say(WorkloadState::pulling, "ImageMissing", "image " + spec.image + " is being fetched");
      }
      return true;
    }
    for (const auto& attachment : spec.networks) {
      const std::string key = stack_.stack().name + "/network " + attachment.network;
      if (tell_failed(memory_of(view_.memories, key), "network " + attachment.network)) {
        return true;
      }
    }
    for (const auto& mount : spec.mounts) {
      const std::string key = stack_.stack().name + "/volume " + mount.source;
      if (mount.type == document::Mount::Type::volume &&
          tell_failed(memory_of(view_.memories, key), "volume " + mount.source)) {
        return true;
      }
    }
    return false;
  }

  bool tell_blocker() {
    const auto* blocker = stack_.blocker(finding_, {});
    if (blocker == nullptr) {
      return false;
    }
    using Condition = document::Dependency::Condition;
    const std::string wanted = blocker->condition == Condition::healthy ? "is healthy"
                               : blocker->condition == Condition::completed_successfully
                                   ? "has completed"
                                   : "is started";
    say(WorkloadState::pending,
        "WaitingForDependency",
        "waits until service " + blocker->service + " " + wanted);
    return true;
  }

  void tell_unmade() {
    const bool is_missing = finding_.container == nullptr;
    if (finding_.need == Need::nothing) {
      say(is_missing ? WorkloadState::stopped : WorkloadState::pending,
          "Drifted",
          is_missing ? "the container is gone, and drift is only reported"
                     : "another container stands in its place, and drift is only reported");
    } else if (!tell_obstacle() && !tell_failed(*memory_, "the container") && !tell_blocker()) {
      say(WorkloadState::pending, is_missing ? "NotCreated" : "ToBeReplaced", finding_.reason);
    }
  }

  void tell_running() {
    const auto& container = *finding_.container;
    switch (container.health) {
      case Health::unhealthy:
        say(WorkloadState::unhealthy, "HealthCheckFailed", "its health check fails");
        add_words_of_runtime("container " + container.id.substr(0, short_id_length),
                             container.message);
        return;
      case Health::starting:
        say(WorkloadState::starting, "HealthCheckPending", "its health check has not passed yet");
        return;
      case Health::healthy:
        status_.state = WorkloadState::healthy;
        return;
      case Health::none:
        break;
    }
    const bool is_young = container.started_at && *container.started_at + proven_run > view_.now;
    if (finding_.service->spec.one_shot) {
      say(WorkloadState::starting, "NotCompleted", "a one-shot that has not come to its end yet");
    } else if (memory_->failures > 0 && is_young) {
      say(WorkloadState::starting, "RecentlyFailed", "it failed lately and has just been started");
    } else {
      status_.state = WorkloadState::healthy;
    }
  }

  void tell_exited() {
    const auto& container = *finding_.container;
    const std::string how = "exited with " + std::to_string(container.exit_code);
    switch (restarting(finding_.service->spec, ending(container), container.restarts)) {
      case Restarting::leave:
        say(WorkloadState::stopped, "Completed", how);
        return;
      case Restarting::leave_failed:
        say(WorkloadState::failed, "Exited", how + "; its restart policy leaves it so");
        break;
      case Restarting::at_once:
        say(stack_.enforces() ? WorkloadState::starting : WorkloadState::stopped,
            "StoppedByHand",
            "stopped by hand");
        return;
      case Restarting::after_backoff:
        if (tell_blocker()) {
          break;
        }
        if (memory_->failures == 0) {
          say(WorkloadState::starting, "Restarting", how);
        } else {
          say(WorkloadState::failed,
              "CrashLoop",
              how + ", " + std::to_string(memory_->failures) + " restarts in a row");
        }
        break;
    }
    add_words_of_runtime("container " + container.id.substr(0, short_id_length), container.message);
  }

  void tell_state() {
    const auto state = finding_.container->state;
    if (state != ContainerState::running && tell_failed(*memory_, "the container")) {
      return;
    }
    switch (state) {
      case ContainerState::created:
        if (!tell_blocker()) {
          say(WorkloadState::starting, "NotStarted", "made, not started yet");
        }
        return;
      case ContainerState::running:
        tell_running();
        return;
      case ContainerState::paused:
        say(WorkloadState::stopped, "Paused", "paused by hand");
        return;
      case ContainerState::restarting:
        say(WorkloadState::failed,
            "CrashLoop",
            "the runtime restarts it, " + std::to_string(finding_.container->restarts) +
                " times so far");
        add_words_of_runtime("container " + finding_.container->id.substr(0, short_id_length),
                             finding_.container->message);
        return;
      case ContainerState::exited:
        tell_exited();
        return;
      case ContainerState::dead:
        say(WorkloadState::failed, "Dead", "the runtime could not remove it");
        return;
    }
  }

  const View& view_;
  const StackView& stack_;
  const Finding& finding_;
  const Memory* memory_ = nullptr;
  ServiceStatus status_;
};

/// The worst first; a stack is as bad as its worst service.
int badness(const ServiceStatus& service) {
  const bool is_done = service.state == WorkloadState::stopped && !service.reasons.empty() &&
                       service.reasons.front().code == "Completed";
  switch (service.state) {
    case WorkloadState::failed:
      return 6;
    case WorkloadState::unhealthy:
      return 5;
    case WorkloadState::pulling:
      return 4;
    case WorkloadState::starting:
      return 3;
    case WorkloadState::pending:
      return 2;
    case WorkloadState::stopped:
      return is_done ? 0 : 1;
    default:
      return 0;
  }
}

document::StackStatus stack_status(const View& view, const DesiredStack& stack) {
  const StackView found(view, stack);
  document::StackStatus status{.name = stack.name,
                               .release = stack.release,
                               .wanted = stack.release,
                               .state = WorkloadState::healthy};
  for (const auto& service : stack.services) {
    status.services.push_back(Teller(view, found, *found.find(service.spec.name)).tell());
  }
  const auto worst = std::max_element(
      status.services.begin(), status.services.end(), [](const auto& a, const auto& b) {
        return badness(a) < badness(b);
      });
  if (worst != status.services.end() && badness(*worst) > 0) {
    status.state = worst->state;
    status.reasons.push_back(
        {"ServiceNotHealthy",
         "stack " + stack.name,
         "service " + worst->name + " is " + std::string(to_string(worst->state))});
    status.reasons.insert(status.reasons.end(), worst->reasons.begin(), worst->reasons.end());
  }
  return status;
}

}  // namespace

std::vector<document::StackStatus> status(const Desired& desired,
                                          const Observed& observed,
                                          const Memories& memories,
                                          Instant now) {
  std::vector<document::StackStatus> all;
  all.reserve(desired.stacks.size());
  const View view{desired, observed, memories, now};
  for (const auto& stack : desired.stacks) {
    all.push_back(stack_status(view, stack));
  }
  return all;
}

}  // namespace skerry::reconcile
