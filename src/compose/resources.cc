#include "compose/fields.h"
#include "compose/parts.h"

namespace skerry::compose {
namespace {

using document::Resources;
using document::Service;

/// Sets a limit that the file may say in two places, which must agree.
void set_limit(Reader& reader,
               const Value& value,
               std::optional<std::uint64_t> wanted,
               std::uint64_t& limit) {
  if (!wanted) {
    return;
  }
  if (limit != 0 && limit != *wanted) {
    reader.error(conflicting_fields,
                 value,
                 "another value stands elsewhere in this service",
                 "keep either the short form or deploy.resources");
  }
  limit = *wanted;
}

void read_cpu_limit(Reader& reader, const Value& value, Resources& resources) {
  if (const auto text = reader.scalar(value)) {
    set_limit(reader, value, reader.take(value, parse_cpu_nanos(*text)), resources.cpu_limit_nanos);
  }
}

void read_memory_limit(Reader& reader, const Value& value, Resources& resources) {
  set_limit(reader, value, reader.bytes(value), resources.memory_limit_bytes);
}

void read_memory_reservation(Reader& reader, const Value& value, Resources& resources) {
  set_limit(reader, value, reader.bytes(value), resources.memory_reservation_bytes);
}

void read_pids(Reader& reader, const Value& value, Resources& resources) {
  // -1 is how the reference writes "no limit".
  if (value.node().text != "-1") {
    set_limit(reader, value, reader.integer(value, 1ULL << 40), resources.pids_limit);
  }
}

constexpr Field<Resources> limit_fields[] = {
    {"cpus", &read_cpu_limit},
    {"memory", &read_memory_limit},
    {"pids", &read_pids},
};

constexpr Field<Resources> reservation_fields[] = {
    {"cpus", &ignore_at_a_site<Resources>},
    {"memory", &read_memory_reservation},
    {"devices", nullptr, "remove it; no device is handed to a container yet"},
    {"generic_resources", nullptr, "remove it; it is for Swarm"},
};

void read_limits(Reader& reader, const Value& value, Resources& resources) {
  read_fields<Resources>(reader, value, limit_fields, resources);
}

void read_reservations(Reader& reader, const Value& value, Resources& resources) {
  read_fields<Resources>(reader, value, reservation_fields, resources);
}

constexpr Field<Resources> resources_fields[] = {
    {"limits", &read_limits},
    {"reservations", &read_reservations},
};

void read_resources(Reader& reader, const Value& value, Service& service) {
  read_fields<Resources>(reader, value, resources_fields, service.resources);
}

/// One container a service is what there is.
void read_replicas(Reader& reader, const Value& value, Service&) {
  const auto count = reader.integer(value, 1'000'000);
  if (count && *count != 1) {
    reader.error(not_available,
                 value,
                 "more or less than one container a service is not available yet",
                 "write a service for each");
  }
}

constexpr Field<Service> deploy_fields[] = {
    {"resources", &read_resources},
    {"replicas", &read_replicas},
    {"endpoint_mode", nullptr, "remove it; it is for Swarm"},
    {"labels", nullptr, "label the service itself"},
    {"mode", nullptr, "remove it; a service has one container"},
    {"placement", nullptr, "choose sites with the stack's targets"},
    {"restart_policy", nullptr, "use `restart`"},
    {"rollback_config", nullptr, "remove it"},
    {"update_config", nullptr, "remove it"},
};

}  // namespace

void read_deploy(Reader& reader, const Value& value, Service& service) {
  read_fields<Service>(reader, value, deploy_fields, service);
}

void read_cpus(Reader& reader, const Value& value, Service& service) {
  read_cpu_limit(reader, value, service.resources);
}

void read_mem_limit(Reader& reader, const Value& value, Service& service) {
  read_memory_limit(reader, value, service.resources);
}

void read_mem_reservation(Reader& reader, const Value& value, Service& service) {
  read_memory_reservation(reader, value, service.resources);
}

void read_pids_limit(Reader& reader, const Value& value, Service& service) {
  read_pids(reader, value, service.resources);
}

}  // namespace skerry::compose
