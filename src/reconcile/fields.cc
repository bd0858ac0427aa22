#include "reconcile/fields.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"

namespace skerry::reconcile {

namespace {

using document::Mount;
using document::Port;
using document::Service;

/// Sorted by name; the table of fields.h.
constexpr std::array<FieldRule, 29> rule_table = {{
    {"cap_add", Absent::nothing, Remedy::recreate},
    {"cap_drop", Absent::nothing, Remedy::recreate},
    {"command", Absent::image, Remedy::recreate},
    {"configs", Absent::runtime, Remedy::none},
    {"cpu_limit_nanos", Absent::nothing, Remedy::update},
    {"entrypoint", Absent::image, Remedy::recreate},
    {"environment", Absent::image, Remedy::recreate},
    {"extra_hosts", Absent::nothing, Remedy::recreate},
    {"healthcheck", Absent::image, Remedy::recreate},
    {"hostname", Absent::runtime, Remedy::recreate},
    {"image", Absent::runtime, Remedy::none},
    {"init", Absent::runtime, Remedy::recreate},
    {"labels", Absent::image, Remedy::recreate},
    {"logging", Absent::runtime, Remedy::recreate},
    {"memory_limit_bytes", Absent::nothing, Remedy::update},
    {"memory_reservation_bytes", Absent::nothing, Remedy::update},
    {"mount_options", Absent::runtime, Remedy::none},
    {"mounts", Absent::nothing, Remedy::recreate},
    {"network_settings", Absent::runtime, Remedy::none},
    {"networks", Absent::nothing, Remedy::network},
    {"pids_limit", Absent::nothing, Remedy::update},
    {"ports", Absent::nothing, Remedy::recreate},
    {"privileged", Absent::nothing, Remedy::recreate},
    {"read_only", Absent::nothing, Remedy::recreate},
    {"restart", Absent::nothing, Remedy::update},
    {"stop_grace_period_ms", Absent::runtime, Remedy::none},
    {"stop_signal", Absent::image, Remedy::recreate},
    {"user", Absent::image, Remedy::recreate},
    {"working_dir", Absent::image, Remedy::recreate},
}};

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const auto& part : parts) {
    if (!text.empty()) {
      text += separator;
    }
    text += part;
  }
  return text;
}

std::string octal(std::uint32_t mode) {
  std::string digits;
  for (; mode != 0; mode /= 8) {
    digits.insert(digits.begin(), static_cast<char>('0' + mode % 8));
  }
  return "0" + digits;
}

void add_text(Fields& fields, std::string_view name, const std::string& value) {
  if (!value.empty()) {
    fields.insert_or_assign(std::string(name), value);
  }
}

void add_number(Fields& fields, std::string_view name, std::uint64_t value) {
  if (value != 0) {
    fields.insert_or_assign(std::string(name), std::to_string(value));
  }
}

void add_flag(Fields& fields, std::string_view name, bool value) {
  add_text(fields, name, value ? "true" : "");
}

std::vector<std::string> literals(const std::vector<document::Text>& texts) {
  std::vector<std::string> words;
  words.reserve(texts.size());
  for (const auto& text : texts) {
    words.push_back(text.literal);
  }
  return words;
}

void add_words(Fields& fields, std::string_view name, const std::optional<document::Words>& words) {
  if (!words) {
    return;
  }
  if (words->words.empty()) {
    add_text(fields, name, "[]");
  }
  add_list(fields, name, literals(words->words));
}

void add_variables(Fields& fields,
                   std::string_view prefix,
                   const std::vector<document::Variable>& variables) {
  for (const auto& variable : variables) {
    fields.insert_or_assign(std::string(prefix) + "." + variable.name, variable.value.literal);
  }
}

void add_ports(Fields& fields, const Service& service) {
  std::map<std::string, std::vector<Port>> by_target;
  for (const auto& port : service.ports) {
    by_target[port_name(port)].push_back(port);
  }
  for (const auto& [target, bindings] : by_target) {
    fields.insert_or_assign("ports." + target, ports_value(bindings));
  }
}

template <class Item>
const Item* find_key(const std::vector<Item>& items, std::string_view key) {
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.key == key; });
  return found == items.end() ? nullptr : &*found;
}

void add_mounts(Fields& fields, const DesiredStack& stack, const Service& service) {
  for (Mount mount : service.mounts) {
    if (mount.type == Mount::Type::volume) {
      if (const auto* volume = find_key(stack.volumes, mount.source)) {
        mount.source = volume->name;
      }
    }
    fields.insert_or_assign("mounts." + mount.target, mount_value(mount));
    if (mount.create_host_path) {
      fields.insert_or_assign("mount_options." + mount.target, "create_host_path");
    }
  }
}

void add_configs(Fields& fields,
                 const Crypto& crypto,
                 const DesiredStack& stack,
                 const Service& service) {
  for (const auto& mount : service.configs) {
    const auto* config = find_key(stack.configs, mount.source);
    const std::string content = config == nullptr ? std::string() : config->content.literal;
    fields.insert_or_assign("configs." + mount.target,
                            to_string(crypto.sha256(content)) + " uid=" + mount.uid +
                                " gid=" + mount.gid + " mode=" + octal(mount.mode));
  }
}

std::string one_line(const Fields& fields) {
  std::vector<std::string> parts;
  parts.reserve(fields.size());
  for (const auto& [name, value] : fields) {
    parts.push_back(name + "=" + value);
  }
  return join(parts, " ");
}

void add_networks(Fields& fields, const DesiredStack& stack, const Service& service) {
  for (const auto& attachment : service.networks) {
    const auto* network = find_key(stack.networks, attachment.network);
    const std::string name = network == nullptr ? attachment.network : network->name;
    fields.insert_or_assign("networks." + name, attachment_value(attachment, service.name));
    if (network != nullptr && !network->external) {
      add_text(fields, "network_settings." + name, one_line(desired_fields(*network)));
    }
  }
}

void add_healthcheck(Fields& fields, const std::optional<document::Healthcheck>& check) {
  if (!check) {
    return;
  }
  add_list(fields, "healthcheck.test", literals(check->test));
  add_number(fields, "healthcheck.interval_ms", check->interval_ms);
  add_number(fields, "healthcheck.timeout_ms", check->timeout_ms);
  add_number(fields, "healthcheck.start_period_ms", check->start_period_ms);
  add_number(fields, "healthcheck.retries", check->retries);
}

void add_logging(Fields& fields, const std::optional<document::Logging>& logging) {
  if (!logging) {
    return;
  }
  add_text(fields, "logging.driver", logging->driver);
  for (const auto& option : logging->options) {
    fields.insert_or_assign("logging.options." + option.name, option.value);
  }
}

void add_limits(Fields& fields, const document::Resources& resources) {
  add_number(fields, "cpu_limit_nanos", resources.cpu_limit_nanos);
  add_number(fields, "memory_limit_bytes", resources.memory_limit_bytes);
  add_number(fields, "memory_reservation_bytes", resources.memory_reservation_bytes);
  add_number(fields, "pids_limit", resources.pids_limit);
}

void add_process(Fields& fields, const Service& service) {
  add_words(fields, "entrypoint", service.entrypoint);
  add_words(fields, "command", service.command);
  add_variables(fields, "environment", service.environment);
  add_text(fields, "user", service.user);
  add_text(fields, "working_dir", service.working_dir);
  add_text(fields, "stop_signal", service.stop_signal);
  add_number(fields, "stop_grace_period_ms", service.stop_grace_period_ms);
  add_text(fields, "restart", restart_value(service.restart, service.restart_retries_max));
  if (service.init != Service::Init::unspecified) {
    add_text(fields, "init", service.init == Service::Init::on ? "true" : "false");
  }
  if (service.hostname) {
    add_text(fields, "hostname", service.hostname->literal);
  }
}

void add_rights(Fields& fields, const Service& service) {
  add_text(fields, "cap_add", capabilities_value(service.cap_add));
  add_text(fields, "cap_drop", capabilities_value(service.cap_drop));
  add_flag(fields, "privileged", service.privileged);
  add_flag(fields, "read_only", service.read_only);
}

void erase_list(Fields& fields, std::string_view name) {
  const std::string prefix = std::string(name) + "[";
  std::erase_if(fields, [&](const auto& field) { return field.first.starts_with(prefix); });
}

Remedy remedy_of(const FieldRule* rule, bool is_wanted) {
  if (rule == nullptr) {
    return Remedy::none;
  }
  if (rule->remedy == Remedy::update && !is_wanted) {
    return Remedy::recreate;  // An engine changes a limit in place, but lifts none.
  }
  return rule->remedy;
}

/// Tells a value that is there and empty from none at all.
std::string shown(const std::string& value) {
  return value.empty() ? "\"\"" : value;
}

void compare_wanted(std::vector<Difference>& out, const Fields& wanted, const Fields& found) {
  for (const auto& [name, value] : wanted) {
    const auto* rule = field_rule(name);
    const auto at = found.find(name);
    if (rule == nullptr || rule->remedy == Remedy::none ||
        (at != found.end() && at->second == value)) {
      continue;
    }
    out.push_back({name, shown(value), at == found.end() ? "" : shown(at->second), rule->remedy});
  }
}

void compare_found(std::vector<Difference>& out, const Fields& wanted, const Fields& found) {
  for (const auto& [name, value] : found) {
    const auto* rule = field_rule(name);
    if (rule == nullptr || rule->absent == Absent::runtime || wanted.contains(name)) {
      continue;
    }
    out.push_back({name, "", shown(value), remedy_of(rule, false)});
  }
}

void sort_by_field(std::vector<Difference>& differences) {
  std::sort(differences.begin(), differences.end(), [](const auto& a, const auto& b) {
    return a.field < b.field;
  });
}

}  // namespace

std::span<const FieldRule> field_rules() {
  return rule_table;
}

const FieldRule* field_rule(std::string_view field) {
  const std::string_view name = field.substr(0, field.find_first_of(".["));
  const auto* found = std::lower_bound(
      rule_table.begin(),
      rule_table.end(),
      name,
      [](const FieldRule& rule, std::string_view wanted) { return rule.name < wanted; });
  return found != rule_table.end() && found->name == name ? found : nullptr;
}

std::string ports_value(const std::vector<Port>& bindings) {
  std::set<std::string> values;
  for (const auto& port : bindings) {
    const std::string number = port.published == 0 ? "auto" : std::to_string(port.published);
    const bool is_ipv6 = port.host_ip.find(':') != std::string::npos;
    const std::string address = is_ipv6 ? "[" + port.host_ip + "]" : port.host_ip;
    values.insert(address.empty() ? number : address + ":" + number);
  }
  return join({values.begin(), values.end()}, ", ");
}

std::string port_name(const Port& port) {
  const auto protocol = port.protocol == Port::Protocol::udp    ? "/udp"
                        : port.protocol == Port::Protocol::sctp ? "/sctp"
                                                                : "/tcp";
  return std::to_string(port.target) + protocol;
}

std::string mount_value(const Mount& mount) {
  std::vector<std::string> words = {mount.type == Mount::Type::bind    ? "bind"
                                    : mount.type == Mount::Type::tmpfs ? "tmpfs"
                                                                       : "volume"};
  if (!mount.source.empty()) {
    words.push_back(mount.source);
  }
  if (mount.read_only) {
    words.emplace_back("ro");
  }
  if (mount.no_copy) {
    words.emplace_back("nocopy");
  }
  if (!mount.propagation.empty()) {
    words.push_back("propagation=" + mount.propagation);
  }
  if (mount.tmpfs_size_bytes != 0) {
    words.push_back("size=" + std::to_string(mount.tmpfs_size_bytes));
  }
  if (mount.tmpfs_mode != 0) {
    words.push_back("mode=" + octal(mount.tmpfs_mode));
  }
  return join(words, " ");
}

std::string capabilities_value(const std::vector<std::string>& capabilities) {
  std::set<std::string> names;
  for (std::string name : capabilities) {
    for (char& letter : name) {
      letter = letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
    }
    names.insert(name.starts_with("CAP_") ? name.substr(4) : name);
  }
  return join({names.begin(), names.end()}, ", ");
}

std::string restart_value(Service::Restart restart, std::uint32_t retries_max) {
  switch (restart) {
    case Service::Restart::always:
      return "always";
    case Service::Restart::unless_stopped:
      return "unless-stopped";
    case Service::Restart::on_failure:
      return retries_max == 0 ? "on-failure" : "on-failure:" + std::to_string(retries_max);
    case Service::Restart::no:
    case Service::Restart::unspecified:
      break;
  }
  return "no";
}

std::string attachment_value(const document::Attachment& attachment, std::string_view service) {
  std::set<std::string> aliases;
  for (const auto& alias : attachment.aliases) {
    if (alias != service) {
      aliases.insert("alias=" + alias);
    }
  }
  std::vector<std::string> words = {"connected"};
  words.insert(words.end(), aliases.begin(), aliases.end());
  if (!attachment.ipv4_address.empty()) {
    words.push_back("ipv4=" + attachment.ipv4_address);
  }
  if (!attachment.ipv6_address.empty()) {
    words.push_back("ipv6=" + attachment.ipv6_address);
  }
  return join(words, " ");
}

void add_list(Fields& fields, std::string_view prefix, const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    fields.insert_or_assign(std::string(prefix) + "[" + std::to_string(i) + "]", words[i]);
  }
}

Fields desired_fields(const Crypto& crypto, const DesiredStack& stack, const Service& service) {
  Fields fields;
  add_text(fields, "image", service.image);
  add_process(fields, service);
  add_rights(fields, service);
  add_variables(fields, "labels", service.labels);
  add_ports(fields, service);
  add_mounts(fields, stack, service);
  add_configs(fields, crypto, stack, service);
  add_networks(fields, stack, service);
  add_healthcheck(fields, service.healthcheck);
  add_logging(fields, service.logging);
  add_limits(fields, service.resources);
  std::vector<std::string> hosts = service.extra_hosts;
  std::sort(hosts.begin(), hosts.end());
  add_text(fields, "extra_hosts", join(hosts, ", "));
  return fields;
}

Fields desired_fields(const document::Network& network) {
  Fields fields;
  add_text(fields, "driver", network.driver);
  add_flag(fields, "internal", network.internal);
  add_flag(fields, "attachable", network.attachable);
  add_flag(fields, "enable_ipv6", network.enable_ipv6);
  for (const auto& option : network.driver_options) {
    fields.insert_or_assign("options." + option.name, option.value);
  }
  add_variables(fields, "labels", network.labels);
  return fields;
}

std::string config_hash(const Crypto& crypto, const Fields& fields) {
  std::string canonical;
  for (const auto& [name, value] : fields) {
    // Lengths in front, so that no name or value can be written to look like another list.
    canonical += std::to_string(name.size()) + ":" + name + "=" + std::to_string(value.size()) +
                 ":" + value + "\n";
  }
  return "v1:" + to_hex(crypto.sha256(canonical).view());
}

Fields effective_fields(const Fields& wanted, const Fields& image) {
  Fields effective = image;
  const auto gives = [&](std::string_view name) {
    return wanted.contains(name) || wanted.contains(std::string(name) + "[0]");
  };
  if (gives("entrypoint")) {
    erase_list(effective, "entrypoint");
    erase_list(effective, "command");
  }
  for (const std::string_view list : {"command", "healthcheck.test"}) {
    if (gives(list)) {
      erase_list(effective, list);
    }
  }
  for (const auto& [name, value] : wanted) {
    effective.insert_or_assign(name, value);
  }
  effective.erase("entrypoint");  // "[]" clears the image's; an empty list has no fields.
  effective.erase("command");
  return effective;
}

std::vector<Difference> diff(const DesiredService& wanted, const ObservedContainer& found) {
  std::vector<Difference> differences;
  const Fields effective = effective_fields(wanted.fields, found.image_fields);
  compare_wanted(differences, effective, found.fields);
  compare_found(differences, effective, found.fields);
  if (!wanted.image_id.empty() && wanted.image_id != found.image_id) {
    differences.push_back({"image", wanted.image_id, found.image_id, Remedy::recreate});
  }
  sort_by_field(differences);
  return differences;
}

std::vector<Difference> diff(const document::Network& wanted, const ObservedNetwork& found) {
  std::vector<Difference> differences;
  const Fields fields = desired_fields(wanted);
  for (const auto& [name, value] : fields) {
    const auto at = found.fields.find(name);
    if (at == found.fields.end() || at->second != value) {
      differences.push_back(
          {name, value, at == found.fields.end() ? "" : at->second, Remedy::recreate});
    }
  }
  for (const auto& [name, value] : found.fields) {
    const bool is_open = name == "driver" || name.starts_with("options.");
    if (!is_open && !fields.contains(name)) {
      differences.push_back({name, "", value, Remedy::recreate});
    }
  }
  sort_by_field(differences);
  return differences;
}

}  // namespace skerry::reconcile
