#include "document/workload_check.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "document/codec.h"

namespace skerry::document {

namespace {

/// The longest name the runtimes and DNS labels of a path take together (resources: 253).
constexpr std::size_t name_bytes_max = 253;
constexpr std::uint32_t port_max = 65'535;

using Names = std::set<std::string_view>;

Status broken(std::string path, std::string message) {
  return fail({.kind = ErrorKind::invalid,
               .code = malformed,
               .message = std::move(message),
               .field_path = std::move(path)});
}

/// Keys become parts of runtime names and of request paths, so nothing else may stand in them.
bool is_proper(std::string_view name) {
  return !name.empty() && name.size() <= name_bytes_max && name != "." && name != ".." &&
         std::ranges::all_of(name, [](char letter) {
           return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                  (letter >= '0' && letter <= '9') || letter == '.' || letter == '_' ||
                  letter == '-';
         });
}

/// The names of a list, each proper and there once.
template <class Element>
Result<Names> names_of(const std::vector<Element>& elements,
                       std::string Element::*name,
                       const std::string& path) {
  Names names;
  for (const Element& element : elements) {
    if (!is_proper(element.*name)) {
      return fail(broken(path, "\"" + element.*name + "\" is not a proper name").error());
    }
    if (!names.insert(element.*name).second) {
      return fail(broken(path, "\"" + element.*name + "\" stands twice").error());
    }
  }
  return names;
}

/// One run over a workload: what its references may name.
struct Check {
  Names services = {};
  Names networks = {};
  Names volumes = {};
  Names configs = {};
  std::size_t slots = 0;

  [[nodiscard]] Status text(const Text& value, const std::string& path) const;
  [[nodiscard]] Status texts(const std::vector<Text>& values, const std::string& path) const;
  [[nodiscard]] Status words(const std::optional<Words>& value, const std::string& path) const;
  [[nodiscard]] Status variables(const std::vector<Variable>& values,
                                 const std::string& path) const;
  [[nodiscard]] Status mount(const Mount& mount, const std::string& path) const;
  [[nodiscard]] Status texts_of(const Service& service, const std::string& path) const;
  [[nodiscard]] Status references_of(const Service& service, const std::string& path) const;
  [[nodiscard]] Status service(const Service& service) const;
};

Status Check::text(const Text& value, const std::string& path) const {
  std::uint32_t previous = 0;
  for (const Text::Hole& hole : value.holes) {
    if (hole.offset < previous || hole.offset > value.literal.size()) {
      return broken(path, "a hole is out of order or outside its text");
    }
    if (hole.slot >= slots) {
      return broken(path, "a hole names slot " + std::to_string(hole.slot));
    }
    previous = hole.offset;
  }
  return {};
}

Status Check::texts(const std::vector<Text>& values, const std::string& path) const {
  for (const Text& value : values) {
    SKERRY_CHECK(text(value, path));
  }
  return {};
}

Status Check::words(const std::optional<Words>& value, const std::string& path) const {
  return value ? texts(value->words, path) : Status();
}

Status Check::variables(const std::vector<Variable>& values, const std::string& path) const {
  Names names;
  for (const Variable& variable : values) {
    if (variable.name.empty() || !names.insert(variable.name).second) {
      return broken(path, "\"" + variable.name + "\" is empty or stands twice");
    }
    SKERRY_CHECK(text(variable.value, path));
  }
  return {};
}

Status check_options(const std::vector<Option>& options, const std::string& path) {
  Names names;
  for (const Option& option : options) {
    if (option.name.empty() || !names.insert(option.name).second) {
      return broken(path, "\"" + option.name + "\" is empty or stands twice");
    }
  }
  return {};
}

Status check_ports(const Service& service, const std::string& path) {
  for (const Port& port : service.ports) {
    if (port.target == 0 || port.target > port_max || port.published > port_max ||
        port.protocol == Port::Protocol::unspecified) {
      return broken(path + ".ports", "a port is out of range or has no protocol");
    }
  }
  return {};
}

Status Check::mount(const Mount& mount, const std::string& path) const {
  if (mount.type == Mount::Type::unspecified || mount.target.empty()) {
    return broken(path, "a mount has no type or no target");
  }
  if (mount.type == Mount::Type::bind && !mount.source.starts_with('/')) {
    return broken(path, "a bind mount is not from an absolute path");
  }
  if (mount.type == Mount::Type::volume && !mount.source.empty() &&
      !volumes.contains(mount.source)) {
    return broken(path, "no volume \"" + mount.source + "\"");
  }
  return {};
}

Status Check::texts_of(const Service& service, const std::string& path) const {
  SKERRY_CHECK(words(service.entrypoint, path + ".entrypoint"));
  SKERRY_CHECK(words(service.command, path + ".command"));
  SKERRY_CHECK(variables(service.environment, path + ".environment"));
  SKERRY_CHECK(variables(service.labels, path + ".labels"));
  if (service.healthcheck) {
    SKERRY_CHECK(texts(service.healthcheck->test, path + ".healthcheck"));
  }
  if (service.hostname) {
    SKERRY_CHECK(text(*service.hostname, path + ".hostname"));
  }
  return service.logging ? check_options(service.logging->options, path + ".logging") : Status();
}

Status Check::references_of(const Service& service, const std::string& path) const {
  for (const Mount& each : service.mounts) {
    SKERRY_CHECK(mount(each, path + ".mounts"));
  }
  Names attached;
  for (const Attachment& attachment : service.networks) {
    if (!networks.contains(attachment.network) || !attached.insert(attachment.network).second) {
      return broken(path + ".networks",
                    "network \"" + attachment.network + "\" is not there or stands twice");
    }
  }
  for (const ConfigMount& config : service.configs) {
    if (!configs.contains(config.source) || config.target.empty()) {
      return broken(path + ".configs", "no config \"" + config.source + "\" or no target");
    }
  }
  Names awaited;
  for (const Dependency& dependency : service.depends_on) {
    if (!services.contains(dependency.service) || !awaited.insert(dependency.service).second ||
        dependency.condition == Dependency::Condition::unspecified) {
      return broken(path + ".depends_on",
                    "service \"" + dependency.service + "\" is not there or stands twice");
    }
  }
  return {};
}

Status Check::service(const Service& service) const {
  const std::string path = "services." + service.name;
  if (service.image.empty()) {
    return broken(path + ".image", "no image");
  }
  SKERRY_CHECK(check_ports(service, path));
  SKERRY_CHECK(texts_of(service, path));
  return references_of(service, path);
}

/// Takes away, again and again, the services that wait for nobody left; a cycle stays.
Status check_cycles(const Workload& workload) {
  std::map<std::string_view, std::vector<std::string_view>> waiting_for;
  std::map<std::string_view, std::size_t> waits;
  std::vector<std::string_view> free;
  for (const Service& service : workload.services) {
    waits[service.name] = service.depends_on.size();
    for (const Dependency& dependency : service.depends_on) {
      waiting_for[dependency.service].emplace_back(service.name);
    }
    if (service.depends_on.empty()) {
      free.emplace_back(service.name);
    }
  }
  std::size_t done = 0;
  for (; !free.empty(); ++done) {
    const std::string_view name = free.back();
    free.pop_back();
    for (const std::string_view waiter : waiting_for[name]) {
      if (--waits[waiter] == 0) {
        free.push_back(waiter);
      }
    }
  }
  return done == workload.services.size() ? Status()
                                          : broken("services", "dependencies form a cycle");
}

Status check_networks(const Check& check, const Workload& workload) {
  for (const Network& network : workload.networks) {
    const std::string path = "networks." + network.key;
    if (network.name.empty()) {
      return broken(path, "no name");
    }
    SKERRY_CHECK(check_options(network.driver_options, path));
    SKERRY_CHECK(check.variables(network.labels, path + ".labels"));
  }
  return {};
}

Status check_volumes(const Check& check, const Workload& workload) {
  for (const Volume& volume : workload.volumes) {
    const std::string path = "volumes." + volume.key;
    if (volume.name.empty()) {
      return broken(path, "no name");
    }
    SKERRY_CHECK(check_options(volume.driver_options, path));
    SKERRY_CHECK(check.variables(volume.labels, path + ".labels"));
  }
  return {};
}

Result<Check> collect(const Workload& workload) {
  Check check{.slots = workload.slots.size()};
  SKERRY_TRY(check.services, names_of(workload.services, &Service::name, "services"));
  SKERRY_TRY(check.networks, names_of(workload.networks, &Network::key, "networks"));
  SKERRY_TRY(check.volumes, names_of(workload.volumes, &Volume::key, "volumes"));
  SKERRY_TRY(check.configs, names_of(workload.configs, &Config::key, "configs"));
  return check;
}

}  // namespace

Status check(const Workload& workload) {
  if (workload.services.size() > services_max || workload.slots.size() > slots_max) {
    return fail({.kind = ErrorKind::invalid,
                 .code = too_large,
                 .message = "more services or slots than one workload may have"});
  }
  if (!is_proper(workload.project)) {
    return broken("project", "no proper name");
  }
  SKERRY_TRY(const Check names, collect(workload));
  for (const Service& service : workload.services) {
    SKERRY_CHECK(names.service(service));
  }
  SKERRY_CHECK(check_networks(names, workload));
  SKERRY_CHECK(check_volumes(names, workload));
  for (const Config& config : workload.configs) {
    SKERRY_CHECK(names.text(config.content, "configs." + config.key));
  }
  return check_cycles(workload);
}

}  // namespace skerry::document
