#include "agent/runtime/docker/inspect_reader.h"

#include <algorithm>
#include <map>
#include <utility>

#include "agent/runtime/docker/codes.h"
#include "agent/runtime/docker/create_request.h"
#include "base/text.h"
#include "document/workload.h"
#include "reconcile/fields.h"

namespace skerry::agent::docker {
namespace {

using document::Mount;
using reconcile::Fields;

/// The engine's and the health check's words are shown to people; more than this helps nobody.
constexpr std::size_t message_size_max = 512;
constexpr std::int64_t nanos_per_ms = 1'000'000;

Error invalid_reply(std::string message) {
  return {.kind = ErrorKind::invalid, .code = runtime_reply_invalid, .message = std::move(message)};
}

std::string shortened(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
    text.pop_back();
  }
  if (text.size() > message_size_max) {
    text.resize(message_size_max);
    while (!text.empty() && !is_utf8(text)) {
      text.pop_back();
    }
  }
  return text;
}

void add_text(Fields& fields, std::string_view name, const std::string& value) {
  if (!value.empty()) {
    fields.insert_or_assign(std::string(name), value);
  }
}

void add_number(Fields& fields, std::string_view name, std::int64_t value) {
  // Lifted limits are -1 in some places and 0 in others.
  if (value > 0) {
    fields.insert_or_assign(std::string(name), std::to_string(value));
  }
}

void add_environment(Fields& fields, JsonView list) {
  for (const auto& entry : list.texts()) {
    const auto equals = entry.find('=');
    if (equals != std::string::npos) {
      fields["environment." + entry.substr(0, equals)] = entry.substr(equals + 1);
    }
  }
}

void add_labels(Fields& fields, JsonView labels) {
  labels.each_member([&](const std::string& name, JsonView value) {
    if (!is_reserved_label(name)) {
      fields["labels." + name] = value.text();
    }
  });
}

void add_healthcheck(Fields& fields, JsonView check) {
  reconcile::add_list(fields, "healthcheck.test", check["Test"].texts());
  add_number(fields, "healthcheck.interval_ms", check["Interval"].number() / nanos_per_ms);
  add_number(fields, "healthcheck.timeout_ms", check["Timeout"].number() / nanos_per_ms);
  add_number(fields, "healthcheck.start_period_ms", check["StartPeriod"].number() / nanos_per_ms);
  add_number(fields, "healthcheck.retries", check["Retries"].number());
}

/// What containers and images describe alike.
void add_config(Fields& fields, JsonView config) {
  reconcile::add_list(fields, "entrypoint", config["Entrypoint"].texts());
  reconcile::add_list(fields, "command", config["Cmd"].texts());
  add_environment(fields, config["Env"]);
  add_labels(fields, config["Labels"]);
  add_healthcheck(fields, config["Healthcheck"]);
  add_text(fields, "user", config["User"].text());
  add_text(fields, "working_dir", config["WorkingDir"].text());
  add_text(fields, "stop_signal", config["StopSignal"].text());
}

document::Port::Protocol protocol_of(std::string_view name) {
  using enum document::Port::Protocol;
  return name == "udp" ? udp : name == "sctp" ? sctp : tcp;
}

/// "8080/tcp" and one of its bindings.
document::Port port_of(std::string_view name, JsonView binding) {
  const auto slash = name.find('/');
  const auto host = parse_unsigned(binding["HostPort"].text());
  return {.target = static_cast<std::uint32_t>(parse_unsigned(name.substr(0, slash)).value_or(0)),
          .published = static_cast<std::uint32_t>(host.value_or(0)),
          .protocol = protocol_of(slash == std::string_view::npos ? "" : name.substr(slash + 1)),
          .host_ip = binding["HostIp"].text()};
}

/// What was asked for, not what was bound: a stopped container has bound nothing.
void add_ports(Fields& fields, JsonView bindings) {
  bindings.each_member([&](const std::string& name, JsonView list) {
    std::vector<document::Port> ports;
    list.each([&](JsonView binding) { ports.push_back(port_of(name, binding)); });
    if (!ports.empty()) {
      fields["ports." + reconcile::port_name(ports.front())] = reconcile::ports_value(ports);
    }
  });
}

bool is_config_file(const Identity& identity, std::string_view source) {
  const auto& directory = identity.engine_config_directory;
  return !directory.empty() && source.starts_with(directory + "/");
}

/// "source:target[:ro,rslave]"; a source without a slash is a volume of that name.
Mount mount_of_bind(std::string_view bind) {
  const auto parts = split(bind, ':');
  Mount out;
  out.type = parts[0].starts_with('/') ? Mount::Type::bind : Mount::Type::volume;
  out.source = std::string(parts[0]);
  out.target = std::string(parts.size() > 1 ? parts[1] : "");
  for (const auto option : split(parts.size() > 2 ? parts[2] : "", ',')) {
    if (option == "ro") {
      out.read_only = true;
    } else if (option == "nocopy") {
      out.no_copy = true;
    } else if (option.ends_with("private") || option.ends_with("shared") ||
               option.ends_with("slave")) {
      out.propagation = std::string(option);
    }
  }
  return out;
}

Mount mount_of(JsonView mount) {
  const auto type = mount["Type"].text();
  Mount out;
  out.type = type == "bind"    ? Mount::Type::bind
             : type == "tmpfs" ? Mount::Type::tmpfs
                               : Mount::Type::volume;
  out.source = mount["Source"].text();
  out.target = mount["Target"].text();
  out.read_only = mount["ReadOnly"].truth();
  out.propagation = mount["BindOptions"]["Propagation"].text();
  out.no_copy = mount["VolumeOptions"]["NoCopy"].truth();
  out.tmpfs_size_bytes = mount["TmpfsOptions"]["SizeBytes"].count();
  out.tmpfs_mode = static_cast<std::uint32_t>(mount["TmpfsOptions"]["Mode"].count());
  return out;
}

/// From what was asked for (HostConfig); the engine's own list also holds the anonymous volumes
/// that an image declares.
void add_mounts(FoundContainer& found, const Identity& identity, JsonView host) {
  const auto add = [&](const Mount& mount) {
    if (mount.type == Mount::Type::bind && is_config_file(identity, mount.source)) {
      found.config_files.push_back(mount.source.substr(mount.source.rfind('/') + 1));
    } else {
      found.observed.fields["mounts." + mount.target] = reconcile::mount_value(mount);
    }
  };
  for (const auto& bind : host["Binds"].texts()) {
    add(mount_of_bind(bind));
  }
  host["Mounts"].each([&](JsonView mount) { add(mount_of(mount)); });
  // `docker run --tmpfs` has a form of its own.
  host["Tmpfs"].each_member([&](const std::string& target, JsonView) {
    add({.type = Mount::Type::tmpfs, .target = target});
  });
}

void add_logging(Fields& fields, JsonView log) {
  add_text(fields, "logging.driver", log["Type"].text());
  log["Config"].each_member([&](const std::string& name, JsonView value) {
    fields["logging.options." + name] = value.text();
  });
}

void add_restart(Fields& fields, JsonView policy) {
  using enum document::Service::Restart;
  static const std::map<std::string, document::Service::Restart, std::less<>> names = {
      {"on-failure", on_failure}, {"always", always}, {"unless-stopped", unless_stopped}};
  const auto found = names.find(policy["Name"].text());
  fields["restart"] =
      reconcile::restart_value(found == names.end() ? no : found->second,
                               static_cast<std::uint32_t>(policy["MaximumRetryCount"].count()));
}

void add_host(FoundContainer& found, const Identity& identity, JsonView host) {
  auto& fields = found.observed.fields;
  add_ports(fields, host["PortBindings"]);
  add_mounts(found, identity, host);
  add_logging(fields, host["LogConfig"]);
  add_restart(fields, host["RestartPolicy"]);
  add_number(fields, "cpu_limit_nanos", host["NanoCpus"].number());
  add_number(fields, "memory_limit_bytes", host["Memory"].number());
  add_number(fields, "memory_reservation_bytes", host["MemoryReservation"].number());
  add_number(fields, "pids_limit", host["PidsLimit"].number());
  add_text(fields, "cap_add", reconcile::capabilities_value(host["CapAdd"].texts()));
  add_text(fields, "cap_drop", reconcile::capabilities_value(host["CapDrop"].texts()));
  add_text(fields, "privileged", host["Privileged"].truth() ? "true" : "");
  add_text(fields, "read_only", host["ReadonlyRootfs"].truth() ? "true" : "");
  if (host["Init"].is_present()) {
    fields["init"] = host["Init"].truth() ? "true" : "false";
  }
  auto hosts = host["ExtraHosts"].texts();
  std::ranges::sort(hosts);
  std::string joined;
  for (const auto& entry : hosts) {
    joined += (joined.empty() ? "" : ", ") + entry;
  }
  add_text(fields, "extra_hosts", joined);
}

/// The host name is an alias everywhere by the engine's doing; only where the label says so did the
/// file ask for it.
bool keeps_alias(JsonView config,
                 const FoundContainer& found,
                 std::string_view network,
                 const std::string& alias) {
  if (alias == found.observed.id.substr(0, 12) || alias == found.observed.name) {
    return false;
  }
  if (alias != config["Hostname"].text()) {
    return true;
  }
  const auto asked = config["Labels"][std::string(label::hostname_aliases).c_str()].text();
  const auto networks = split(asked, ',');
  return std::ranges::find(networks, network) != networks.end();
}

void add_network(FoundContainer& found,
                 JsonView config,
                 const std::string& name,
                 JsonView endpoint) {
  const auto aliases = endpoint["Aliases"].texts();
  const auto& service = found.observed.service;
  if (name == "none" || name == "host") {
    return;
  }
  found.networks.push_back(name);
  if (std::ranges::find(aliases, service) == aliases.end()) {
    // Connected by somebody else's hand: without its service's name it is not on the network as
    // wanted, and connecting anew is what puts it right.
    found.observed.fields["networks." + name] = "without the service's own alias";
    return;
  }
  document::Attachment attachment{.network = name,
                                  .ipv4_address = endpoint["IPAMConfig"]["IPv4Address"].text(),
                                  .ipv6_address = endpoint["IPAMConfig"]["IPv6Address"].text()};
  for (const auto& alias : aliases) {
    const bool known = std::ranges::count(attachment.aliases, alias) != 0;
    if (!known && alias != service && keeps_alias(config, found, name, alias)) {
      attachment.aliases.push_back(alias);
    }
  }
  found.observed.fields["networks." + name] = reconcile::attachment_value(attachment, service);
}

Result<reconcile::ContainerState> read_state(JsonView state) {
  using enum reconcile::ContainerState;
  static const std::map<std::string, reconcile::ContainerState, std::less<>> states = {
      {"created", created},
      {"running", running},
      {"paused", paused},
      {"restarting", restarting},
      {"exited", exited},
      {"dead", dead},
      {"removing", dead}};
  const auto found = states.find(state["Status"].text());
  if (found == states.end()) {
    return fail(invalid_reply("the engine shows a container in no known state"));
  }
  return found->second;
}

void read_health(reconcile::ObservedContainer& out, JsonView health) {
  const auto status = health["Status"].text();
  using enum reconcile::Health;
  out.health = status == "healthy"     ? healthy
               : status == "unhealthy" ? unhealthy
               : status == "starting"  ? starting
                                       : none;
  const auto log = health["Log"];
  const auto last = log.at(log.size() == 0 ? 0 : log.size() - 1);
  if (out.health != healthy && last["ExitCode"].number() != 0) {
    out.message = shortened(last["Output"].text());
  }
}

Status read_run(FoundContainer& found, JsonView reply) {
  const auto state = reply["State"];
  auto& out = found.observed;
  SKERRY_TRY(out.state, read_state(state));
  out.exit_code = static_cast<std::uint32_t>(state["ExitCode"].count());
  out.restarts = reply["RestartCount"].count();
  read_health(out, state["Health"]);
  if (const auto error = state["Error"].text(); !error.empty()) {
    out.message = shortened(error);
  } else if (state["OOMKilled"].truth()) {
    out.message = "killed for want of memory";
  }
  found.started_at = read_time(state["StartedAt"].text()) ? state["StartedAt"].text() : "";
  found.finished_at = read_time(state["FinishedAt"].text()) ? state["FinishedAt"].text() : "";
  return {};
}

/// `container_name` or `second_container_name`, told from the labels that were made with it.
bool has_own_name(const reconcile::ObservedContainer& container,
                  const Identity& identity,
                  std::string_view project) {
  const reconcile::DesiredStack stack{.project = std::string(project)};
  return container.name == container_name(stack, container.service) ||
         container.name == second_container_name(identity, stack, container.service);
}

void read_names(reconcile::ObservedContainer& out,
                const Identity& identity,
                JsonView reply,
                JsonView labels) {
  const auto name = reply["Name"].text();
  out.name = name.starts_with('/') ? name.substr(1) : name;
  out.stack = labels[std::string(label::stack).c_str()].text();
  out.service = labels[std::string(label::service).c_str()].text();
  out.config_hash = labels[std::string(label::config).c_str()].text();
  out.has_own_name = has_own_name(out, identity, labels["com.docker.compose.project"].text());
  out.image_id = reply["Image"].text();
}

}  // namespace

Result<FoundContainer> read_container(const Identity& identity, JsonView reply) {
  FoundContainer found;
  auto& out = found.observed;
  out.id = reply["Id"].text();
  if (out.id.empty()) {
    return fail(invalid_reply("the engine shows a container without an id"));
  }
  const auto config = reply["Config"];
  if (config["Labels"][std::string(label::install).c_str()].text() != identity.install_id) {
    return fail({.kind = ErrorKind::not_found,
                 .code = object_missing,
                 .message = "the container is not ours"});
  }
  read_names(out, identity, reply, config["Labels"]);
  SKERRY_CHECK(read_run(found, reply));
  add_config(out.fields, config);
  add_text(out.fields, "hostname", config["Hostname"].text());
  add_host(found, identity, reply["HostConfig"]);
  reply["NetworkSettings"]["Networks"].each_member([&](const std::string& name, JsonView endpoint) {
    add_network(found, config, name, endpoint);
  });
  if (config["StopTimeout"].is_present()) {
    found.stop_timeout = std::chrono::seconds(
        std::clamp<std::int64_t>(config["StopTimeout"].number(), 0, 86'400 * 30));
  }
  return found;
}

Result<FoundImage> read_image(JsonView reply) {
  FoundImage out;
  out.id = reply["Id"].text();
  if (out.id.empty()) {
    return fail(invalid_reply("the engine shows an image without an id"));
  }
  const auto digests = reply["RepoDigests"].texts();
  out.repo_digest = digests.empty() ? "" : digests.front();
  out.entrypoint = reply["Config"]["Entrypoint"].texts();
  add_config(out.fields, reply["Config"]);
  return out;
}

std::optional<WallTime> read_time(std::string_view text) {
  if (text.empty() || text.starts_with("0001-") || text.size() > 40) {
    return std::nullopt;
  }
  // The engine writes up to nine decimals and leaves trailing zeros out; milliseconds will do.
  std::string whole(text);
  const auto dot = whole.find('.');
  const auto end = whole.find_first_of("Z+-", 19);
  if (end == std::string::npos) {
    return std::nullopt;
  }
  std::string millis = dot == std::string::npos ? "" : whole.substr(dot + 1, end - dot - 1);
  millis.resize(3, '0');
  const auto time = parse_rfc3339(whole.substr(0, 19) + "." + millis + whole.substr(end));
  return time ? std::optional(*time) : std::nullopt;
}

}  // namespace skerry::agent::docker
