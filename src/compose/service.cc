#include <algorithm>
#include <array>

#include "compose/fields.h"
#include "compose/parts.h"

namespace skerry::compose {
namespace {

using document::Logging;
using document::Service;

/// capabilities(7) of Linux 6.1, without CAP_.
constexpr std::string_view capabilities[] = {"ALL",
                                             "AUDIT_CONTROL",
                                             "AUDIT_READ",
                                             "AUDIT_WRITE",
                                             "BLOCK_SUSPEND",
                                             "BPF",
                                             "CHECKPOINT_RESTORE",
                                             "CHOWN",
                                             "DAC_OVERRIDE",
                                             "DAC_READ_SEARCH",
                                             "FOWNER",
                                             "FSETID",
                                             "IPC_LOCK",
                                             "IPC_OWNER",
                                             "KILL",
                                             "LEASE",
                                             "LINUX_IMMUTABLE",
                                             "MAC_ADMIN",
                                             "MAC_OVERRIDE",
                                             "MKNOD",
                                             "NET_ADMIN",
                                             "NET_BIND_SERVICE",
                                             "NET_BROADCAST",
                                             "NET_RAW",
                                             "PERFMON",
                                             "SETFCAP",
                                             "SETGID",
                                             "SETPCAP",
                                             "SETUID",
                                             "SYSLOG",
                                             "SYS_ADMIN",
                                             "SYS_BOOT",
                                             "SYS_CHROOT",
                                             "SYS_MODULE",
                                             "SYS_NICE",
                                             "SYS_PACCT",
                                             "SYS_PTRACE",
                                             "SYS_RAWIO",
                                             "SYS_RESOURCE",
                                             "SYS_TIME",
                                             "SYS_TTY_CONFIG",
                                             "WAKE_ALARM"};

void read_image(Reader& reader, const Value& value, Service& service) {
  if (std::optional<std::string> image = reader.string(value)) {
    if (Status good = check_image(*image); !good) {
      reader.error(value, std::move(good).error());
    }
    service.image = *std::move(image);
  }
}

/// Upper case and without CAP_, so that one capability has one spelling.
std::string canonical_capability(std::string name) {
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return name.starts_with("CAP_") ? name.substr(4) : name;
}

template <auto member>
void read_capabilities(Reader& reader, const Value& value, Service& service) {
  std::vector<std::string>& made = service.*member;
  for (std::size_t i = 0; reader.is_list(value) && i < value.size(); ++i) {
    const std::optional<std::string> written = reader.string(value[i]);
    if (!written) {
      continue;
    }
    const std::string name = canonical_capability(*written);
    if (std::ranges::count(capabilities, name) == 0 && reader.wants_hints()) {
      reader.error(invalid_value,
                   value[i],
                   "'" + *written + "' is not a capability",
                   did_you_mean(name, {std::begin(capabilities), std::end(capabilities)}));
    }
    made.push_back(name);
  }
  std::ranges::sort(made);
  const auto repeats = std::ranges::unique(made);
  made.erase(repeats.begin(), repeats.end());
}

void read_restart(Reader& reader, const Value& value, Service& service) {
  const std::optional<std::string> text = reader.string(value);
  if (!text || text->empty()) {
    return;
  }
  constexpr std::array<std::string_view, 4> words{"no", "on-failure", "always", "unless-stopped"};
  constexpr std::string_view limited = "on-failure:";
  const std::size_t word =
      static_cast<std::size_t>(std::ranges::find(words, *text) - words.begin());
  const bool has_limit = text->starts_with(limited);
  const std::optional<std::uint64_t> limit =
      has_limit ? parse_unsigned(text->substr(limited.size())) : std::nullopt;
  if (limit && *limit <= 1'000'000) {
    service.restart = Service::Restart::on_failure;
    service.restart_retries_max = static_cast<std::uint32_t>(*limit);
  } else if (word < words.size()) {
    service.restart = static_cast<Service::Restart>(word + 1);
  } else {
    reader.error(invalid_value,
                 value,
                 "'" + *text + "' is not a restart policy",
                 "no, always, unless-stopped, on-failure or on-failure:N");
  }
}

void read_working_dir(Reader& reader, const Value& value, Service& service) {
  if (const auto text = reader.string(value)) {
    service.working_dir = reader.take(value, parse_absolute_path(*text)).value_or("");
  }
}

void read_hostname(Reader& reader, const Value& value, Service& service) {
  service.hostname = reader.text(value);
  if (service.hostname && service.hostname->literal.find_first_of(" \t\n/") != std::string::npos) {
    reader.error(invalid_value, value, "a host name has no white space and no slash");
  }
}

void read_init(Reader& reader, const Value& value, Service& service) {
  if (const auto on = reader.boolean(value)) {
    service.init = *on ? Service::Init::on : Service::Init::off;
  }
}

void read_stop_grace_period(Reader& reader, const Value& value, Service& service) {
  const std::optional<std::uint64_t> period = reader.duration_ms(value);
  if (period && *period == 0) {
    reader.error(not_available,
                 value,
                 "killing without any grace is not available yet",
                 "write 1s, or stop_signal: SIGKILL");
  }
  service.stop_grace_period_ms = period.value_or(0);
}

void read_stop_signal(Reader& reader, const Value& value, Service& service) {
  const std::optional<std::string> text = reader.scalar(value);
  if (!text) {
    return;
  }
  const bool good = !text->empty() && text->size() <= 16 && std::ranges::all_of(*text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-';
  });
  if (!good) {
    reader.error(invalid_value,
                 value,
                 "'" + *text + "' is not a signal",
                 "write for instance SIGTERM or SIGINT");
  }
  service.stop_signal = *text;
}

void read_log_options(Reader& reader, const Value& value, Logging& logging) {
  logging.options = read_options(reader, value);
}

constexpr Field<Logging> logging_fields[] = {
    {"driver", &read_into<&Logging::driver, &Reader::string, Logging>},
    {"options", &read_log_options},
};

void read_logging(Reader& reader, const Value& value, Service& service) {
  Logging made;
  read_fields<Logging>(reader, value, logging_fields, made);
  service.logging = std::move(made);
}

void read_service_environment(Reader& reader, const Value& value, Service& service) {
  service.environment = read_environment(reader, value);
}

void read_service_labels(Reader& reader, const Value& value, Service& service) {
  service.labels = read_labels(reader, value);
}

void read_hosts(Reader& reader, const Value& value, Service& service) {
  service.extra_hosts = read_extra_hosts(reader, value);
}

/// A built image has to be in a registry, or at the site, before the site can run it.
void read_build(Reader& reader, const Value& value, Service&) {
  reader.warn(no_effect, value, "nothing is built for a site; it runs `image` as it is");
}

/// Fetching what is missing is what a site does anyway.
void read_pull_policy(Reader& reader, const Value& value, Service&) {
  const std::optional<std::string> policy = reader.string(value);
  if (policy && *policy != "missing" && *policy != "if_not_present") {
    reader.error(not_available,
                 value,
                 "pull_policy '" + *policy + "' is not available yet",
                 "write missing, or leave it out");
  }
}

void read_one_container(Reader& reader, const Value& value, Service&) {
  const auto count = reader.integer(value, 1'000'000);
  if (count && *count != 1) {
    reader.error(not_available,
                 value,
                 "more or less than one container a service is not available yet",
                 "write a service for each");
  }
}

constexpr std::string_view remove_it = "remove it";
constexpr std::string_view inline_it =
    "write the values under `environment` or in an inline config";

/// Every attribute of a service that the Compose Specification knows.
constexpr Field<Service> service_fields[] = {
    {"image", &read_image},
    {"command", &read_command},
    {"entrypoint", &read_entrypoint},
    {"environment", &read_service_environment},
    {"labels", &read_service_labels},
    {"ports", &read_ports},
    {"volumes", &read_volume_mounts},
    {"tmpfs", &read_tmpfs},
    {"networks", &read_service_networks},
    {"configs", &read_service_configs},
    {"healthcheck", &read_healthcheck},
    {"restart", &read_restart},
    {"depends_on", &read_depends_on},
    {"user", &read_into<&Service::user, &Reader::string, Service>},
    {"working_dir", &read_working_dir},
    {"hostname", &read_hostname},
    {"cap_add", &read_capabilities<&Service::cap_add>},
    {"cap_drop", &read_capabilities<&Service::cap_drop>},
    {"privileged", &read_into<&Service::privileged, &Reader::boolean, Service>},
    {"read_only", &read_into<&Service::read_only, &Reader::boolean, Service>},
    {"logging", &read_logging},
    {"deploy", &read_deploy},
    {"cpus", &read_cpus},
    {"mem_limit", &read_mem_limit},
    {"mem_reservation", &read_mem_reservation},
    {"pids_limit", &read_pids_limit},
    {"stop_grace_period", &read_stop_grace_period},
    {"stop_signal", &read_stop_signal},
    {"init", &read_init},
    {"extra_hosts", &read_hosts},
    {"build", &read_build},
    {"pull_policy", &read_pull_policy},
    {"scale", &read_one_container},
    {"attach", &ignore_at_a_site<Service>},
    {"develop", &ignore_at_a_site<Service>},
    {"expose", &ignore_at_a_site<Service>},
    {"annotations", nullptr, "use `labels`"},
    {"blkio_config", nullptr, remove_it},
    {"cgroup", nullptr, remove_it},
    {"cgroup_parent", nullptr, remove_it},
    {"container_name", nullptr, "remove it; others reach the service by its name"},
    {"cpu_count", nullptr, "use `cpus`"},
    {"cpu_percent", nullptr, "use `cpus`"},
    {"cpu_period", nullptr, "use `cpus`"},
    {"cpu_quota", nullptr, "use `cpus`"},
    {"cpu_rt_period", nullptr, "use `cpus`"},
    {"cpu_rt_runtime", nullptr, "use `cpus`"},
    {"cpu_shares", nullptr, "use `cpus`"},
    {"cpuset", nullptr, "use `cpus`"},
    {"credential_spec", nullptr, remove_it},
    {"device_cgroup_rules", nullptr, remove_it},
    {"devices", nullptr, "remove it; no device is handed to a container yet"},
    {"dns", nullptr, "set it in the runtime's own configuration"},
    {"dns_opt", nullptr, "set it in the runtime's own configuration"},
    {"dns_search", nullptr, "set it in the runtime's own configuration"},
    {"domainname", nullptr, "use `hostname`"},
    {"env_file", nullptr, inline_it},
    {"extends", nullptr, "copy what it extends, or use an anchor and a merge key"},
    {"external_links", nullptr, "use an external network"},
    {"gpus", nullptr, "remove it; no device is handed to a container yet"},
    {"group_add", nullptr, "use `user: uid:gid`"},
    {"ipc", nullptr, remove_it},
    {"isolation", nullptr, "remove it; it is for Windows"},
    {"label_file", nullptr, "use `labels`"},
    {"links", nullptr, "remove it; services reach each other by name, and `networks` has aliases"},
    {"mac_address", nullptr, "remove it; the runtime chooses the address"},
    {"mem_swappiness", nullptr, remove_it},
    {"memswap_limit", nullptr, "use `mem_limit`"},
    {"models", nullptr, remove_it},
    {"network_mode", nullptr, "use `networks` and `ports`"},
    {"oom_kill_disable", nullptr, "use `mem_limit`"},
    {"oom_score_adj", nullptr, "use `mem_limit`"},
    {"pid", nullptr, remove_it},
    {"platform", nullptr, "remove it; a site pulls what fits its own architecture"},
    {"post_start", nullptr, "use a service that others wait for"},
    {"pre_stop", nullptr, "use `stop_signal` and `stop_grace_period`"},
    {"profiles", nullptr, "make a stack for each profile"},
    {"provider", nullptr, remove_it},
    {"pull_refresh_after", nullptr, remove_it},
    {"runtime", nullptr, "set it in the runtime's own configuration"},
    {"secrets", nullptr, "mount a file of the site, until secrets are there"},
    {"security_opt", nullptr, remove_it},
    {"shm_size", nullptr, "mount a tmpfs at /dev/shm"},
    {"stdin_open", nullptr, "remove it; nobody types there"},
    {"storage_opt", nullptr, remove_it},
    {"sysctls", nullptr, "set it on the host"},
    {"tty", nullptr, remove_it},
    {"ulimits", nullptr, "set it in the runtime's own configuration"},
    {"use_api_socket", nullptr, remove_it},
    {"userns_mode", nullptr, remove_it},
    {"uts", nullptr, remove_it},
    {"volumes_from", nullptr, "mount the same named volume in both"},
};

void check_image_is_there(Reader& reader, const Value& entry) {
  const resource::Node* const image = entry.node().get("image");
  if (image != nullptr && type_of(*image) != resource::ScalarType::null) {
    return;
  }
  for (std::size_t i = 0; i < entry.size(); ++i) {
    if (entry[i].key() == "build") {
      reader.error_at_key(not_available,
                          entry[i],
                          "nothing is built at a site",
                          "build and push the image, and name it with `image`");
      return;
    }
  }
  reader.error_at_key(missing_field, entry, "a service needs an image");
}

void read_service(Reader& reader, const Value& entry, document::Workload& workload) {
  if (!check_key(reader, entry) || !reader.is_mapping(entry)) {
    return;
  }
  Service service{.name = std::string(entry.key())};
  read_fields<Service>(reader, entry, service_fields, service);
  check_image_is_there(reader, entry);
  join_default_network(reader, service);
  workload.services.push_back(std::move(service));
}

}  // namespace

void read_services(Reader& reader, const Value& services, document::Workload& workload) {
  if (!reader.is_mapping(services)) {
    return;
  }
  for (std::size_t i = 0; i < services.size(); ++i) {
    reader.scope.services.emplace(services[i].key(), i);
  }
  for (std::size_t i = 0; i < services.size(); ++i) {
    read_service(reader, services[i], workload);
  }
  if (reader.scope.services.empty()) {
    reader.error(missing_field, services, "the file has no services");
  }
  std::ranges::sort(workload.services, {}, &Service::name);
  if (!reader.has_errors()) {
    settle_dependencies(reader, services, workload);
  }
}

}  // namespace skerry::compose
