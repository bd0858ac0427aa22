#include <algorithm>
#include <array>
#include <set>

#include "compose/fields.h"
#include "compose/parts.h"
#include "compose/unique.h"

namespace skerry::compose {
namespace {

using document::Dependency;
using document::Service;
using document::Text;
using document::Workload;

constexpr std::array<std::string_view, 3> conditions{
    "service_started", "service_healthy", "service_completed_successfully"};

void read_condition(Reader& reader, const Value& value, Dependency& made) {
  if (const auto word = reader.word(value, conditions)) {
    made.condition = static_cast<Dependency::Condition>(*word + 1);
  }
}

void read_restart(Reader& reader, const Value& value, Dependency& made) {
  made.restart = reader.boolean(value).value_or(false);
}

void read_required(Reader& reader, const Value& value, Dependency& made) {
  made.required = reader.boolean(value).value_or(true);
}

constexpr Field<Dependency> dependency_fields[] = {
    {"condition", &read_condition},
    {"restart", &read_restart},
    {"required", &read_required},
};

bool is_there(Reader& reader, const Value& value, const Dependency& made) {
  if (reader.scope.services.contains(made.service)) {
    return true;
  }
  if (made.required) {
    report_missing(reader, value, "service", made.service, reader.scope.services);
  } else {
    reader.warn(
        suspicious,
        value,
        "there is no service '" + made.service + "', and it is not required; it is left out");
  }
  return false;
}

void add_dependency(Reader& reader,
                    const Value& value,
                    Dependency made,
                    Additions<Dependency>& dependencies) {
  if (is_there(reader, value, made)) {
    dependencies.add(value, std::move(made));
  }
}

void read_dependency_map(Reader& reader, const Value& value, Additions<Dependency>& dependencies) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Value entry = value[i];
    Dependency made{.service = std::string(entry.key()),
                    .condition = Dependency::Condition::started,
                    .required = true};
    if (!entry.is_null()) {
      read_fields<Dependency>(reader, entry, dependency_fields, made);
    }
    if (entry.node().get("condition") == nullptr) {
      reader.error(missing_field,
                   entry,
                   "a dependency in this form needs a condition",
                   "write condition: service_started");
    }
    add_dependency(reader, entry, std::move(made), dependencies);
  }
}

void read_dependency_list(Reader& reader, const Value& value, Additions<Dependency>& dependencies) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Value element = value[i];
    if (const auto name = reader.string(element)) {
      add_dependency(
          reader,
          element,
          {.service = *name, .condition = Dependency::Condition::started, .required = true},
          dependencies);
    }
  }
}

/// Removes services that depend on nothing left, over and over (Kahn): what stays is on a cycle or
/// waits for one.
class CycleFinder {
 public:
  explicit CycleFinder(const Workload& workload)
      : services_(workload.services), open_(services_.size(), 0), waiting_(services_.size()) {
    for (std::size_t i = 0; i < services_.size(); ++i) {
      open_[i] = services_[i].depends_on.size();
      for (const Dependency& dependency : services_[i].depends_on) {
        waiting_[index_of(dependency.service)].push_back(i);
      }
    }
  }

  /// One cycle as "a → b → a" and the service it begins with; empty where there is none.
  std::vector<std::size_t> find() {
    remove_free();
    const auto stuck = std::ranges::find_if(open_, [](std::size_t count) { return count > 0; });
    if (stuck == open_.end()) {
      return {};
    }
    std::vector<std::size_t> way{static_cast<std::size_t>(stuck - open_.begin())};
    std::vector<bool> seen(services_.size(), false);
    while (!seen[way.back()]) {
      seen[way.back()] = true;
      way.push_back(next_stuck(way.back()));
    }
    way.erase(way.begin(), std::ranges::find(way, way.back()));
    return way;
  }

 private:
  [[nodiscard]] std::size_t index_of(std::string_view name) const {
    return static_cast<std::size_t>(std::ranges::lower_bound(services_, name, {}, &Service::name) -
                                    services_.begin());
  }

  void remove_free() {
    std::vector<std::size_t> free;
    for (std::size_t i = 0; i < open_.size(); ++i) {
      if (open_[i] == 0) {
        free.push_back(i);
      }
    }
    while (!free.empty()) {
      const std::size_t done = free.back();
      free.pop_back();
      for (const std::size_t waiter : waiting_[done]) {
        if (--open_[waiter] == 0) {
          free.push_back(waiter);
        }
      }
    }
  }

  /// A service that is stuck waits for one that is.
  [[nodiscard]] std::size_t next_stuck(std::size_t from) const {
    for (const Dependency& dependency : services_[from].depends_on) {
      if (open_[index_of(dependency.service)] > 0) {
        return index_of(dependency.service);
      }
    }
    return from;
  }

  const std::vector<Service>& services_;
  std::vector<std::size_t> open_;
  std::vector<std::vector<std::size_t>> waiting_;
};

void mark_one_shots(Workload& workload) {
  std::set<std::string_view> awaited;
  for (const Service& service : workload.services) {
    for (const Dependency& dependency : service.depends_on) {
      if (dependency.condition == Dependency::Condition::completed_successfully) {
        awaited.insert(dependency.service);
      }
    }
  }
  for (Service& service : workload.services) {
    service.one_shot = awaited.contains(service.name);
  }
}

bool is_never_healthy(const Service& service) {
  return service.healthcheck && !service.healthcheck->test.empty() &&
         service.healthcheck->test[0].literal == "NONE";
}

/// Waiting that cannot end, as far as the file alone shows it.
void warn_of_vain_waits(Reader& reader, const Value& services, const Workload& workload) {
  for (std::size_t i = 0; i < services.size(); ++i) {
    const Value entry = services[i];
    const auto service =
        std::ranges::lower_bound(workload.services, entry.key(), {}, &Service::name);
    if (service == workload.services.end() || service->name != entry.key()) {
      continue;
    }
    if (service->one_shot && (service->restart == Service::Restart::always ||
                              service->restart == Service::Restart::unless_stopped)) {
      reader.warn(
          suspicious, entry, "others wait for it to complete, and its restart policy forbids that");
    }
    for (const Dependency& dependency : service->depends_on) {
      if (dependency.condition != Dependency::Condition::healthy) {
        continue;
      }
      const auto other =
          std::ranges::lower_bound(workload.services, dependency.service, {}, &Service::name);
      if (is_never_healthy(*other)) {
        reader.warn(suspicious,
                    entry,
                    "it waits for '" + dependency.service +
                        "' to be healthy, whose health check is switched off");
      }
    }
  }
}

}  // namespace

void read_depends_on(Reader& reader, const Value& value, Service& service) {
  Additions dependencies(service.depends_on, &Dependency::service);
  if (value.node().is_mapping()) {
    read_dependency_map(reader, value, dependencies);
  } else if (reader.is_list(value, "a list or a mapping")) {
    read_dependency_list(reader, value, dependencies);
  }
  dependencies.settle([&](const Value& twin, const std::string& name) {
    reader.error(duplicate_value, twin, "'" + name + "' is there already");
  });
}

void settle_dependencies(Reader& reader, const Value& services, Workload& workload) {
  const std::vector<std::size_t> cycle = CycleFinder(workload).find();
  if (!cycle.empty()) {
    std::string way;
    for (const std::size_t index : cycle) {
      way.append(way.empty() ? "" : " → ").append(workload.services[index].name);
    }
    for (std::size_t i = 0; i < services.size(); ++i) {
      if (services[i].key() == workload.services[cycle[0]].name) {
        reader.error_at_key(dependency_cycle, services[i], "services wait for each other: " + way);
      }
    }
    return;
  }
  mark_one_shots(workload);
  warn_of_vain_waits(reader, services, workload);
}

}  // namespace skerry::compose
