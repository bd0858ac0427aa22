#include "case_file.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/text.h"
#include "reconcile/fields.h"
#include "reconcile/fill.h"
#include "trust/openssl_crypto.h"

namespace skerry::reconcile {

namespace {

using document::Dependency;
using document::Service;

/// The present, far enough from the epoch that everything before it has a time.
const Instant test_now = Instant{} + std::chrono::hours{1};

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) {
    words.push_back(word);
  }
  return words;
}

std::chrono::seconds seconds(const std::string& text) {
  return std::chrono::seconds{std::stol(text)};
}

std::pair<std::string, std::string> pair_of(const std::string& text, char separator) {
  const auto at = text.find(separator);
  if (at == std::string::npos) {
    return {text, ""};
  }
  return {text.substr(0, at), text.substr(at + 1)};
}

ContainerState state_of(const std::string& word) {
  const std::map<std::string, ContainerState> words = {{"created", ContainerState::created},
                                                       {"running", ContainerState::running},
                                                       {"paused", ContainerState::paused},
                                                       {"restarting", ContainerState::restarting},
                                                       {"exited", ContainerState::exited},
                                                       {"dead", ContainerState::dead}};
  return words.at(word);
}

Health health_of(const std::string& word) {
  const std::map<std::string, Health> words = {{"starting", Health::starting},
                                               {"healthy", Health::healthy},
                                               {"unhealthy", Health::unhealthy}};
  return words.at(word);
}

/// Builds desired, observed and memories from the lines.
class Reader {
 public:
  explicit Reader(const std::vector<std::string>& lines) {
    observed.complete = true;
    for (const auto& line : lines) {
      read_desired(words_of(line));
    }
    finish_stacks();
    for (const auto& line : lines) {
      read_observed(words_of(line));
    }
  }

  Desired desired;
  Observed observed;
  Memories memories;

 private:
  struct Draft {
    DesiredStack stack = {};
    std::vector<std::string> flags = {};
    std::map<std::string, std::string> pins = {};
  };

  bool has_flag(const Draft& draft, const std::string& flag) {
    return std::find(draft.flags.begin(), draft.flags.end(), flag) != draft.flags.end();
  }

  void read_desired(const std::vector<std::string>& words) {
    if (words.empty()) {
      return;
    }
    if (words[0] == "stack") {
      drafts_.push_back({.flags = words});
      drafts_.back().stack.name = words.at(1);
      drafts_.back().stack.project = words.at(1);
    } else if (words[0] == "service") {
      drafts_.back().stack.services.push_back({.spec = read_service(words)});
    } else if (words[0] == "network") {
      document::Network network{.key = words.at(1),
                                .name = drafts_.back().stack.name + "_" + words.at(1)};
      for (const auto& word : words) {
        network.external = network.external || word == "external";
        network.internal = network.internal || word == "internal";
      }
      drafts_.back().stack.networks.push_back(network);
    } else if (words[0] == "volume") {
      drafts_.back().stack.volumes.push_back({.key = words.at(1),
                                              .name = drafts_.back().stack.name + "_" + words.at(1),
                                              .external = words.back() == "external"});
    } else if (words[0] == "removal") {
      desired.removals.push_back(words.at(1));
    }
  }

  Service read_service(const std::vector<std::string>& words) {
    Service service{.name = words.at(1), .image = words.at(1) + ":1"};
    for (std::size_t i = 2; i < words.size(); ++i) {
      const auto [key, value] = pair_of(words[i], '=');
      if (key == "image") {
        service.image = value;
      } else if (key == "pinned") {
        drafts_.back().pins[service.name] = value;
      } else if (key == "restart") {
        read_restart(service, value);
      } else if (key == "needs") {
        service.depends_on.push_back(read_dependency(value));
      } else if (key == "one-shot") {
        service.one_shot = true;
      } else if (key == "on") {
        service.networks.push_back({.network = value});
      } else if (key == "uses") {
        service.mounts.push_back(
            {.type = document::Mount::Type::volume, .source = value, .target = "/" + value});
      } else if (key == "memory") {
        service.resources.memory_limit_bytes = std::stoul(value);
      } else if (key.starts_with("environment.")) {
        service.environment.push_back({key.substr(12), {.literal = value}});
      } else {
        ADD_FAILURE() << "unknown word of a service: " << words[i];
      }
    }
    return service;
  }

  static void read_restart(Service& service, const std::string& text) {
    const auto [policy, retries] = pair_of(text, ':');
    const std::map<std::string, Service::Restart> words = {
        {"no", Service::Restart::no},
        {"on-failure", Service::Restart::on_failure},
        {"always", Service::Restart::always},
        {"unless-stopped", Service::Restart::unless_stopped}};
    service.restart = words.at(policy);
    service.restart_retries_max =
        retries.empty() ? 0 : static_cast<std::uint32_t>(std::stoul(retries));
  }

  /// "db:healthy", "db?:started" (not required), "db:started!" (restart with it).
  static Dependency read_dependency(const std::string& text) {
    auto [service, condition] = pair_of(text, ':');
    Dependency dependency{.restart = condition.ends_with('!'), .required = !service.ends_with('?')};
    if (!dependency.required) {
      service.pop_back();
    }
    if (dependency.restart) {
      condition.pop_back();
    }
    dependency.service = service;
    dependency.condition = condition == "healthy" ? Dependency::Condition::healthy
                           : condition == "completed"
                               ? Dependency::Condition::completed_successfully
                               : Dependency::Condition::started;
    return dependency;
  }

  void finish_stacks() {
    const trust::OpenSslCrypto crypto;
    for (auto& draft : drafts_) {
      auto& stack = draft.stack;
      stack.settled = has_flag(draft, "settled");
      stack.drift =
          has_flag(draft, "report") ? document::DriftMode::report : document::DriftMode::enforce;
      for (auto& service : stack.services) {
        service.fields = desired_fields(crypto, stack, service.spec);
        service.config_hash = config_hash(crypto, service.fields);
        service.image_id = draft.pins[service.spec.name];
      }
      (has_flag(draft, "staging") ? desired.staging : desired.stacks).push_back(stack);
    }
  }

  void read_observed(const std::vector<std::string>& words) {
    if (words.empty()) {
      return;
    }
    const auto [stack, key] = words.size() > 1 ? pair_of(words[1], '/') : pair_of("", '/');
    if (words[0] == "incomplete") {
      observed.complete = false;
    } else if (words[0] == "as-desired") {
      observe_as_desired();
    } else if (words[0] == "image") {
      observed.images.push_back({words.at(1), words.size() > 2 ? words[2] : "id-" + words[1], ""});
    } else if (words[0] == "container") {
      observed.containers.push_back(read_container(words));
    } else if (words[0] == "no-container") {
      std::erase_if(observed.containers, [&, name = key, of = stack](const auto& container) {
        return container.stack == of && container.service == name;
      });
    } else if (words[0] == "no-image") {
      std::erase_if(observed.images,
                    [&](const auto& image) { return image.reference == words[1]; });
    } else if (words[0] == "found-network") {
      observed.networks.push_back(read_network(words, stack, key));
    } else if (words[0] == "no-network") {
      std::erase_if(observed.networks,
                    [&, name = key](const auto& item) { return item.key == name; });
    } else if (words[0] == "found-volume") {
      observed.volumes.push_back({stack + "_" + key, stack, key});
    } else if (words[0] == "change") {
      change_container(words, stack, key);
    } else if (words[0] == "memory") {
      read_memory(words);
    }
  }

  ObservedNetwork read_network(const std::vector<std::string>& words,
                               const std::string& stack,
                               const std::string& key) {
    ObservedNetwork network{
        .id = "n-" + key, .name = stack + "_" + key, .stack = stack, .key = key};
    for (std::size_t i = 2; i < words.size(); ++i) {
      network.fields.insert(pair_of(words[i], '='));
    }
    return network;
  }

  void observe_as_desired() {
    for (const auto& stack : desired.stacks) {
      for (const auto& service : stack.services) {
        observed.images.push_back({service.spec.image, image_id(service), ""});
        observed.containers.push_back(
            make_container(stack.name, service.spec.name, &service, "c-" + service.spec.name));
      }
      for (const auto& network : stack.networks) {
        observed.networks.push_back({"n-" + network.key,
                                     network.name,
                                     network.external ? "" : stack.name,
                                     network.key,
                                     desired_fields(network)});
      }
      for (const auto& volume : stack.volumes) {
        observed.volumes.push_back({volume.name, stack.name, volume.key});
      }
    }
  }

  static std::string image_id(const DesiredService& service) {
    return service.image_id.empty() ? "id-" + service.spec.image : service.image_id;
  }

  const DesiredService* find_service(const std::string& stack, const std::string& name) {
    for (const auto& candidate : desired.stacks) {
      for (const auto& service : candidate.services) {
        if (candidate.name == stack && service.spec.name == name) {
          return &service;
        }
      }
    }
    return nullptr;
  }

  ObservedContainer make_container(const std::string& stack,
                                   const std::string& name,
                                   const DesiredService* service,
                                   const std::string& id) {
    ObservedContainer container{.id = id,
                                .name = stack + "-" + name,
                                .has_own_name = true,
                                .stack = stack,
                                .service = name,
                                .state = ContainerState::running,
                                .started_at = test_now - std::chrono::seconds{100}};
    if (service != nullptr) {
      container.config_hash = service->config_hash;
      container.image_id = image_id(*service);
      container.fields = service->fields;
      std::erase_if(container.fields, [](const auto& field) {
        return field_rule(field.first)->remedy == Remedy::none;
      });
    }
    return container;
  }

  ObservedContainer read_container(const std::vector<std::string>& words) {
    const auto [stack, name] = pair_of(words.at(1), '/');
    auto container = make_container(stack, name, find_service(stack, name), "c-" + name);
    apply(container, words);
    return container;
  }

  void change_container(const std::vector<std::string>& words,
                        const std::string& stack,
                        const std::string& name) {
    for (auto& container : observed.containers) {
      if (container.stack == stack && container.service == name) {
        apply(container, words);
      }
    }
  }

  /// "exited:1" is a state with its exit code; "-name" takes a field away, "name:=value" sets one.
  void apply(ObservedContainer& container, const std::vector<std::string>& words) {
    for (std::size_t i = 2; i < words.size(); ++i) {
      const auto& word = words[i];
      const auto [key, value] = pair_of(word, '=');
      if (const auto at = word.find(":="); at != std::string::npos) {
        container.fields.insert_or_assign(word.substr(0, at), word.substr(at + 2));
      } else if (word.starts_with('-')) {
        container.fields.erase(word.substr(1));
      } else if (key == "id") {
        container.id = value;
      } else if (key == "hash") {
        container.config_hash = value;
      } else if (key == "image") {
        container.image_id = value;
      } else if (key == "health") {
        container.health = health_of(value);
      } else if (key == "message") {
        container.message = value;
      } else if (key == "unread") {
        container.unread = value;
        container.fields.clear();
      } else if (key == "restarts") {
        container.restarts = std::stoul(value);
      } else if (key == "ran") {
        container.started_at = test_now - seconds(value);
      } else if (key == "stopped") {
        container.stopped_at = test_now - seconds(value);
      } else if (word == "other-name") {
        container.has_own_name = false;
      } else if (word == "by-hand") {
        container.stopped_by_hand = true;
      } else {
        const auto [state, code] = pair_of(word, ':');
        container.state = state_of(state);
        container.exit_code = code.empty() ? 0 : static_cast<std::uint32_t>(std::stoul(code));
      }
    }
  }

  void read_memory(const std::vector<std::string>& words) {
    std::string memory_name = words.at(1);
    std::size_t i = 2;
    for (; i < words.size() && words[i].find('=') == std::string::npos; ++i) {
      memory_name += " " + words[i];
    }
    auto& memory = memories[memory_name];
    for (; i < words.size(); ++i) {
      const auto [key, value] = pair_of(words[i], '=');
      if (key == "failures") {
        memory.failures = static_cast<std::uint32_t>(std::stoul(value));
      } else if (key == "wait") {
        memory.not_before = test_now + seconds(value);
      } else if (key == "repair-wait") {
        memory.repair_not_before = test_now + seconds(value);
      } else if (key == "error") {
        memory.last_error = value;
      } else if (key == "verb") {
        memory.failed_verb = value == "create"   ? Action::Verb::create_container
                             : value == "volume" ? Action::Verb::create_volume
                             : value == "start"  ? Action::Verb::start_container
                                                 : Action::Verb::pull_image;
      } else if (key == "completed") {
        const auto [stack, name] = pair_of(memory_name, '/');
        memory.completed_hash = value == "now" ? find_service(stack, name)->config_hash : value;
      }
    }
  }

  std::vector<Draft> drafts_;
};

std::string action_text(const Action& action) {
  std::string text = to_string(action.verb) + " ";
  text += action.verb == Action::Verb::pull_image ? action.key : action.stack + "/" + action.key;
  text += action.network.empty() ? "" : " network " + action.network;
  text += action.id.empty() ? "" : " (" + action.id + ")";
  return text + ": " + action.reason + (action.is_repair ? " [repair]" : "");
}

std::string without_hash(const std::string& value) {
  // Hashes are golden elsewhere; here they would only be noise.
  return value.starts_with("v1:") ? "v1:…" : value;
}

std::string status_text(const std::string& subject,
                        document::WorkloadState state,
                        const std::vector<document::Reason>& reasons) {
  std::string text = "status " + subject + " " + std::string(to_string(state));
  for (const auto& reason : reasons) {
    text += " | " + reason.code + ": " + reason.message;
  }
  return text;
}

}  // namespace

std::vector<std::string> decide(const Case& from) {
  const Reader read(from.given);
  const Plan plan = reconcile(read.desired, read.observed, read.memories, test_now);
  std::vector<std::string> lines;
  for (const auto& action : plan.actions) {
    lines.push_back(action_text(action));
  }
  for (const auto& drift : plan.drift) {
    lines.push_back("drift " + drift.stack + " " + drift.object + " " + drift.field + ": wanted " +
                    without_hash(drift.wanted) + ", found " + without_hash(drift.found));
  }
  if (plan.wake_at) {
    const auto wait = std::chrono::duration_cast<std::chrono::seconds>(*plan.wake_at - test_now);
    lines.push_back("wake in " + std::to_string(wait.count()) + " s");
  }
  for (const auto& stack : status(read.desired, read.observed, read.memories, test_now)) {
    for (const auto& service : stack.services) {
      lines.push_back(status_text(stack.name + "/" + service.name, service.state, service.reasons));
    }
  }
  return lines;
}

std::vector<Case> read_cases(const std::string& path) {
  std::ifstream in(path);
  std::vector<Case> cases;
  bool is_expected = false;
  for (std::string line; std::getline(in, line);) {
    const auto start = line.find_first_not_of(' ');
    if (start == std::string::npos) {
      continue;
    }
    const std::string text = line.substr(start);
    if (text.starts_with("case ")) {
      cases.push_back({.name = text.substr(5)});
      is_expected = false;
    } else if (text == "=>") {
      is_expected = true;
    } else if (!cases.empty()) {
      (is_expected ? cases.back().expected : cases.back().given).push_back(text);
    }
  }
  return cases;
}

void write_cases(const std::string& path, const std::vector<Case>& cases) {
  std::ofstream out(path);
  for (const auto& item : cases) {
    out << "case " << item.name << "\n";
    for (const auto& line : item.given) {
      out << "  " << line << "\n";
    }
    out << "=>\n";
    for (const auto& line : item.expected) {
      out << "  " << line << "\n";
    }
    out << "\n";
  }
}

}  // namespace skerry::reconcile
