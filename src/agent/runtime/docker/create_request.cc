#include "agent/runtime/docker/create_request.h"

#include <algorithm>
#include <utility>

#include "agent/runtime/docker/codes.h"
#include "agent/runtime/docker/json.h"

namespace skerry::agent::docker {
namespace {

using document::Mount;
using document::Service;

constexpr std::int64_t nanos_per_ms = 1'000'000;

tl::unexpected<Error> not_supported(std::string message, std::string field) {
  return fail({.kind = ErrorKind::invalid,
               .code = spec_not_supported,
               .message = std::move(message),
               .field_path = std::move(field)});
}

std::vector<std::string> words_of(const std::vector<document::Text>& texts) {
  std::vector<std::string> out;
  out.reserve(texts.size());
  for (const auto& text : texts) {
    out.push_back(text.literal);
  }
  return out;
}

Json options_of(const std::vector<document::Option>& options) {
  Json out = Json::object();
  for (const auto& option : options) {
    out.set(option.name, Json::text(option.value));
  }
  return out;
}

/// The file's labels; ours are added after, so they cannot be replaced.
Result<Json> labels_of(const std::vector<document::Variable>& labels) {
  Json out = Json::object();
  for (const auto& label : labels) {
    if (is_reserved_label(label.name)) {
      return fail({.kind = ErrorKind::invalid,
                   .code = label_reserved,
                   .message = "the label " + label.name + " belongs to the agent",
                   .field_path = "labels." + label.name});
    }
    out.set(label.name, Json::text(label.value.literal));
  }
  return out;
}

void add_own_labels(Json& labels, const Identity& identity, const reconcile::DesiredStack& stack) {
  labels.set(label::install, Json::text(identity.install_id));
  labels.set(label::stack, Json::text(stack.name));
  labels.set("com.docker.compose.project", Json::text(stack.project));
}

std::string hostname_alias_networks(const CreateInput& input) {
  const Service& spec = input.service->spec;
  std::string out;
  for (const auto& attachment : spec.networks) {
    const auto* network = find_network(*input.stack, attachment.network);
    const bool asks =
        spec.hostname && std::ranges::count(attachment.aliases, spec.hostname->literal);
    if (network != nullptr && asks) {
      out += (out.empty() ? "" : ",") + network->name;
    }
  }
  return out;
}

Result<Json> container_labels(const CreateInput& input) {
  const auto& service = *input.service;
  SKERRY_TRY(Json labels, labels_of(service.spec.labels));
  add_own_labels(labels, *input.identity, *input.stack);
  labels.set(label::service, Json::text(service.spec.name));
  labels.set(label::config, Json::text(service.config_hash));
  if (const auto networks = hostname_alias_networks(input); !networks.empty()) {
    labels.set(label::hostname_aliases, Json::text(networks));
  }
  labels.set("com.docker.compose.service", Json::text(service.spec.name));
  labels.set("com.docker.compose.container-number", Json::text("1"));
  labels.set("com.docker.compose.oneoff", Json::text("False"));
  labels.set("com.docker.compose.version", Json::text("skerry"));
  labels.set("com.docker.compose.config-hash", Json::text(service.config_hash));
  return labels;
}

void add_command(Json& body, const CreateInput& input) {
  const Service& spec = input.service->spec;
  if (spec.entrypoint) {
    // {""} is how the engine is told to drop the image's entrypoint; an empty list would keep the
    // image's command, which an entrypoint of the file always clears.
    const auto words = words_of(spec.entrypoint->words);
    body.set("Entrypoint", words.empty() ? Json::array({""}) : Json::array(words));
  }
  if (!spec.command) {
    return;
  }
  const auto words = words_of(spec.command->words);
  body.set("Cmd", Json::array(words));
  if (words.empty() && !spec.entrypoint && !input.image_entrypoint.empty()) {
    body.set("Entrypoint", Json::array(input.image_entrypoint));
  }
}

Json healthcheck_of(const document::Healthcheck& check) {
  const auto nanos = [](std::uint64_t ms) {
    return Json::signed_number(
        static_cast<std::int64_t>(std::min<std::uint64_t>(ms, INT64_MAX / nanos_per_ms)) *
        nanos_per_ms);
  };
  Json out = Json::object();
  if (!check.test.empty()) {
    out.set("Test", Json::array(words_of(check.test)));
  }
  out.set("Interval", nanos(check.interval_ms)).set("Timeout", nanos(check.timeout_ms));
  out.set("StartPeriod", nanos(check.start_period_ms)).set("Retries", Json::number(check.retries));
  return out;
}

std::string_view protocol_name(document::Port::Protocol protocol) {
  switch (protocol) {
    case document::Port::Protocol::udp:
      return "udp";
    case document::Port::Protocol::sctp:
      return "sctp";
    default:
      return "tcp";
  }
}

void add_ports(Json& body, Json& host, const std::vector<document::Port>& ports) {
  Json exposed = Json::object();
  Json bindings = Json::object();
  for (const auto& port : ports) {
    const auto name = std::to_string(port.target) + "/" + std::string(protocol_name(port.protocol));
    exposed.set(name, Json::object());
    Json binding = Json::object();
    binding.set("HostIp", Json::text(port.host_ip));
    binding.set("HostPort", Json::text(port.published == 0 ? "" : std::to_string(port.published)));
    if (bindings.view()[name.c_str()].is_array()) {
      json_array_append_new(bindings.view()[name.c_str()].raw(), json_incref(binding.view().raw()));
    } else {
      Json list = Json::array();
      list.add(std::move(binding));
      bindings.set(name, std::move(list));
    }
  }
  body.set("ExposedPorts", std::move(exposed));
  host.set("PortBindings", std::move(bindings));
}

/// "source:target[:options]". The engine makes the source where it is missing only in this form.
Result<std::string> bind_of(const Mount& mount) {
  if (mount.source.find(':') != std::string::npos || mount.target.find(':') != std::string::npos) {
    return not_supported("a path that is to be made must not hold a colon",
                         "mounts." + mount.target);
  }
  std::string out = mount.source + ":" + mount.target + (mount.read_only ? ":ro" : ":rw");
  return mount.propagation.empty() ? out : out + "," + mount.propagation;
}

Result<Json> volume_mount(const reconcile::DesiredStack& stack, const Mount& mount) {
  Json out = Json::object();
  out.set("Type", Json::text("volume"));
  if (!mount.source.empty()) {
    const auto* volume = find_volume(stack, mount.source);
    if (volume == nullptr) {
      return not_supported("no volume " + mount.source + " in this stack",
                           "mounts." + mount.target);
    }
    out.set("Source", Json::text(volume->name));
  }
  if (mount.no_copy) {
    Json options = Json::object();
    options.set("NoCopy", Json::boolean(true));
    out.set("VolumeOptions", std::move(options));
  }
  return out;
}

Json tmpfs_mount(const Mount& mount) {
  Json options = Json::object();
  if (mount.tmpfs_size_bytes != 0) {
    options.set("SizeBytes", Json::number(mount.tmpfs_size_bytes));
  }
  if (mount.tmpfs_mode != 0) {
    options.set("Mode", Json::number(mount.tmpfs_mode));
  }
  Json out = Json::object();
  out.set("Type", Json::text("tmpfs")).set("TmpfsOptions", std::move(options));
  return out;
}

Json bind_mount(std::string_view source, std::string_view propagation) {
  Json out = Json::object();
  out.set("Type", Json::text("bind")).set("Source", Json::text(source));
  if (!propagation.empty()) {
    Json options = Json::object();
    options.set("Propagation", Json::text(propagation));
    out.set("BindOptions", std::move(options));
  }
  return out;
}

Result<Json> mount_of(const reconcile::DesiredStack& stack, const Mount& mount) {
  switch (mount.type) {
    case Mount::Type::volume:
      return volume_mount(stack, mount);
    case Mount::Type::tmpfs:
      return tmpfs_mount(mount);
    case Mount::Type::bind:
      return bind_mount(mount.source, mount.propagation);
    case Mount::Type::unspecified:
      break;
  }
  return not_supported("a mount without a type", "mounts." + mount.target);
}

Status add_mounts(Json& host, const CreateInput& input) {
  Json binds = Json::array();
  Json mounts = Json::array();
  for (const auto& mount : input.service->spec.mounts) {
    if (mount.type == Mount::Type::bind && mount.create_host_path) {
      SKERRY_TRY(const std::string bind, bind_of(mount));
      binds.add(Json::text(bind));
      continue;
    }
    SKERRY_TRY(Json out, mount_of(*input.stack, mount));
    out.set("Target", Json::text(mount.target)).set("ReadOnly", Json::boolean(mount.read_only));
    mounts.add(std::move(out));
  }
  for (std::size_t index = 0; index < input.config_paths.size(); ++index) {
    Json out = bind_mount(input.config_paths[index], "");
    out.set("Target", Json::text(input.service->spec.configs.at(index).target));
    out.set("ReadOnly", Json::boolean(true));
    mounts.add(std::move(out));
  }
  host.set("Binds", std::move(binds)).set("Mounts", std::move(mounts));
  return {};
}

std::string_view restart_name(Service::Restart restart) {
  switch (restart) {
    case Service::Restart::on_failure:
      return "on-failure";
    case Service::Restart::always:
      return "always";
    case Service::Restart::unless_stopped:
      return "unless-stopped";
    default:
      // Absent too: then the agent restarts it, and two restarters would race.
      return "no";
  }
}

Json restart_of(const Service& spec) {
  Json out = Json::object();
  out.set("Name", Json::text(restart_name(spec.restart)));
  const bool counts = spec.restart == Service::Restart::on_failure;
  out.set("MaximumRetryCount", Json::number(counts ? spec.restart_retries_max : 0));
  return out;
}

/// Limits by the names that creating and updating share; those of 0 are left out.
void add_limits(Json& to, const document::Resources& resources) {
  const auto set = [&to](std::string_view name, std::uint64_t value) {
    if (value != 0) {
      to.set(name, Json::number(value));
    }
  };
  set("NanoCpus", resources.cpu_limit_nanos);
  set("Memory", resources.memory_limit_bytes);
  set("MemoryReservation", resources.memory_reservation_bytes);
  set("PidsLimit", resources.pids_limit);
}

Json endpoint_of(const document::Attachment& attachment, const Service& service) {
  std::vector<std::string> aliases = attachment.aliases;
  if (std::ranges::count(aliases, service.name) == 0) {
    aliases.insert(aliases.begin(), service.name);
  }
  Json out = Json::object();
  out.set("Aliases", Json::array(aliases));
  Json addresses = Json::object();
  if (!attachment.ipv4_address.empty()) {
    addresses.set("IPv4Address", Json::text(attachment.ipv4_address));
  }
  if (!attachment.ipv6_address.empty()) {
    addresses.set("IPv6Address", Json::text(attachment.ipv6_address));
  }
  if (!addresses.empty()) {
    out.set("IPAMConfig", std::move(addresses));
  }
  return out;
}

/// The engine takes one network at creation; the others are connected before the start.
Status add_first_network(Json& body, Json& host, const CreateInput& input) {
  const Service& spec = input.service->spec;
  if (spec.networks.empty()) {
    host.set("NetworkMode", Json::text("none"));
    return {};
  }
  const auto& first = spec.networks.front();
  const auto* network = find_network(*input.stack, first.network);
  if (network == nullptr) {
    return not_supported("no network " + first.network + " in this stack", "networks");
  }
  host.set("NetworkMode", Json::text(network->name));
  Json endpoints = Json::object();
  endpoints.set(network->name, endpoint_of(first, spec));
  Json networking = Json::object();
  networking.set("EndpointsConfig", std::move(endpoints));
  body.set("NetworkingConfig", std::move(networking));
  return {};
}

void add_rights(Json& host, const Service& spec) {
  host.set("CapAdd", Json::array(spec.cap_add)).set("CapDrop", Json::array(spec.cap_drop));
  host.set("Privileged", Json::boolean(spec.privileged));
  host.set("ReadonlyRootfs", Json::boolean(spec.read_only));
}

Result<Json> host_config(Json& body, const CreateInput& input) {
  const Service& spec = input.service->spec;
  Json host = Json::object();
  add_ports(body, host, spec.ports);
  SKERRY_CHECK(add_mounts(host, input));
  SKERRY_CHECK(add_first_network(body, host, input));
  add_rights(host, spec);
  add_limits(host, spec.resources);
  host.set("RestartPolicy", restart_of(spec));
  host.set("ExtraHosts", Json::array(spec.extra_hosts));
  if (spec.init != Service::Init::unspecified) {
    host.set("Init", Json::boolean(spec.init == Service::Init::on));
  }
  if (spec.logging) {
    Json logging = Json::object();
    logging.set("Type", Json::text(spec.logging->driver));
    logging.set("Config", options_of(spec.logging->options));
    host.set("LogConfig", std::move(logging));
  }
  return host;
}

void add_text(Json& body, std::string_view key, const std::string& value) {
  if (!value.empty()) {
    body.set(key, Json::text(value));
  }
}

void add_process(Json& body, const Service& spec) {
  std::vector<std::string> environment;
  environment.reserve(spec.environment.size());
  for (const auto& variable : spec.environment) {
    environment.push_back(variable.name + "=" + variable.value.literal);
  }
  body.set("Env", Json::array(environment));
  add_text(body, "User", spec.user);
  add_text(body, "WorkingDir", spec.working_dir);
  add_text(body, "Hostname", spec.hostname ? spec.hostname->literal : "");
  add_text(body, "StopSignal", spec.stop_signal);
  if (spec.stop_grace_period_ms != 0) {
    // Whole seconds are all the engine takes; rather a moment longer than killed early.
    body.set("StopTimeout", Json::number((spec.stop_grace_period_ms - 1) / 1000 + 1));
  }
  if (spec.healthcheck) {
    body.set("Healthcheck", healthcheck_of(*spec.healthcheck));
  }
}

}  // namespace

Result<std::string> container_body(const CreateInput& input) {
  Json body = Json::object();
  body.set("Image", Json::text(input.image));
  SKERRY_TRY(Json labels, container_labels(input));
  body.set("Labels", std::move(labels));
  add_command(body, input);
  add_process(body, input.service->spec);
  SKERRY_TRY(Json host, host_config(body, input));
  body.set("HostConfig", std::move(host));
  return body.dump();
}

std::string connect_body(const document::Attachment& attachment,
                         const document::Service& service,
                         std::string_view container) {
  Json body = Json::object();
  body.set("Container", Json::text(container));
  body.set("EndpointConfig", endpoint_of(attachment, service));
  return body.dump();
}

std::string disconnect_body(std::string_view container) {
  return Json::object().set("Container", Json::text(container)).dump();
}

std::string update_body(const document::Service& service) {
  Json body = Json::object();
  add_limits(body, service.resources);
  if (service.resources.memory_limit_bytes != 0) {
    // Memory and swap together: twice the memory, as at creation. Without it the engine refuses a
    // memory limit above the swap limit that is set.
    body.set("MemorySwap", Json::number(service.resources.memory_limit_bytes * 2));
  }
  body.set("RestartPolicy", restart_of(service));
  return body.dump();
}

Result<std::string> network_body(const Identity& identity,
                                 const reconcile::DesiredStack& stack,
                                 const document::Network& network) {
  SKERRY_TRY(Json labels, labels_of(network.labels));
  add_own_labels(labels, identity, stack);
  labels.set(label::network, Json::text(network.key));
  labels.set("com.docker.compose.network", Json::text(network.key));
  Json body = Json::object();
  // Without CheckDuplicate the engine would make a second network of the same name.
  body.set("Name", Json::text(network.name)).set("CheckDuplicate", Json::boolean(true));
  add_text(body, "Driver", network.driver);
  body.set("Internal", Json::boolean(network.internal));
  body.set("Attachable", Json::boolean(network.attachable));
  body.set("EnableIPv6", Json::boolean(network.enable_ipv6));
  body.set("Options", options_of(network.driver_options)).set("Labels", std::move(labels));
  return body.dump();
}

Result<std::string> volume_body(const Identity& identity,
                                const reconcile::DesiredStack& stack,
                                const document::Volume& volume) {
  SKERRY_TRY(Json labels, labels_of(volume.labels));
  add_own_labels(labels, identity, stack);
  labels.set(label::volume, Json::text(volume.key));
  labels.set("com.docker.compose.volume", Json::text(volume.key));
  Json body = Json::object();
  body.set("Name", Json::text(volume.name));
  add_text(body, "Driver", volume.driver);
  body.set("DriverOpts", options_of(volume.driver_options)).set("Labels", std::move(labels));
  return body.dump();
}

std::string container_name(const reconcile::DesiredStack& stack, std::string_view service) {
  return stack.project + "-" + std::string(service) + "-1";
}

std::string second_container_name(const Identity& identity,
                                  const reconcile::DesiredStack& stack,
                                  std::string_view service) {
  return container_name(stack, service) + "-" + identity.install_id.substr(0, 8);
}

const document::Network* find_network(const reconcile::DesiredStack& stack, std::string_view key) {
  const auto found = std::ranges::find(stack.networks, key, &document::Network::key);
  return found == stack.networks.end() ? nullptr : &*found;
}

const document::Volume* find_volume(const reconcile::DesiredStack& stack, std::string_view key) {
  const auto found = std::ranges::find(stack.volumes, key, &document::Volume::key);
  return found == stack.volumes.end() ? nullptr : &*found;
}

std::string url_escape(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char byte : text) {
    const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    const bool plain = letter || (byte >= '0' && byte <= '9') ||
                       std::string_view("-_.~").find(byte) != std::string_view::npos;
    if (plain) {
      out += byte;
      continue;
    }
    const auto value = static_cast<unsigned char>(byte);
    out += '%';
    out += digits[value >> 4U];
    out += digits[value & 15U];
  }
  return out;
}

}  // namespace skerry::agent::docker
