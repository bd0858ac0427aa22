#pragma once

#include <string>
#include <vector>

#include "compose/reader.h"
#include "document/workload.h"

/// Readers of one attribute each, by the file they are in. Private to the room.
namespace skerry::compose {

// service.cc
void read_services(Reader& reader, const Value& services, document::Workload& workload);

// command.cc
void read_command(Reader& reader, const Value& value, document::Service& service);
void read_entrypoint(Reader& reader, const Value& value, document::Service& service);
void read_healthcheck(Reader& reader, const Value& value, document::Service& service);

// ports.cc
void read_ports(Reader& reader, const Value& value, document::Service& service);

// mounts.cc, long_mounts.cc
void read_volume_mounts(Reader& reader, const Value& value, document::Service& service);
void read_tmpfs(Reader& reader, const Value& value, document::Service& service);
bool read_long_mount(Reader& reader, const Value& value, document::Mount& mount);
/// Reads "1777" or "01777", where what is written plain must begin with 0 to be octal for sure.
void read_mode(Reader& reader, const Value& value, std::uint32_t& mode);
/// Whether the volume is declared, after reporting it where not.
bool use_volume(Reader& reader, const Value& value, std::string_view key);

// service_networks.cc
void read_service_networks(Reader& reader, const Value& value, document::Service& service);
/// A service that names no network joins the project's default one.
void join_default_network(Reader& reader, document::Service& service);

// service_configs.cc
void read_service_configs(Reader& reader, const Value& value, document::Service& service);

// resources.cc
void read_deploy(Reader& reader, const Value& value, document::Service& service);
void read_cpus(Reader& reader, const Value& value, document::Service& service);
void read_mem_limit(Reader& reader, const Value& value, document::Service& service);
void read_mem_reservation(Reader& reader, const Value& value, document::Service& service);
void read_pids_limit(Reader& reader, const Value& value, document::Service& service);

// depends.cc
void read_depends_on(Reader& reader, const Value& value, document::Service& service);
/// Marks one-shot services and refuses cycles.
void settle_dependencies(Reader& reader, const Value& services, document::Workload& workload);

// pairs.cc
std::vector<document::Variable> read_labels(Reader& reader, const Value& value);
std::vector<document::Variable> read_environment(Reader& reader, const Value& value);
std::vector<document::Option> read_options(Reader& reader, const Value& value);
std::vector<std::string> read_extra_hosts(Reader& reader, const Value& value);

// top_level.cc
void read_networks(Reader& reader, const Value& value);
void read_volumes(Reader& reader, const Value& value);
void read_configs(Reader& reader, const Value& value);
/// Puts what services use into the workload and names what none uses.
void settle_declarations(Reader& reader, document::Workload& workload);

/// Whether a key may name a service, network, volume or config.
bool check_key(Reader& reader, const Value& entry);
/// Whether the runtime takes it as the name of a network or volume.
bool is_object_name(std::string_view name);

/// Among more names than this nobody is helped by the nearest, and each is compared for each hint.
inline constexpr std::size_t hint_names_max = 1'000;

/// Reports that there is no `kind` called `name`, with the nearest of the `names` that are there.
template <class T>
void report_missing(Reader& reader,
                    const Value& value,
                    std::string_view kind,
                    std::string_view name,
                    const std::map<std::string, T, std::less<>>& names) {
  // Each hint walks over all names, and a file may miss 10,000 of as many.
  if (!reader.wants_hints()) {
    return;
  }
  std::vector<std::string> all;
  if (names.size() <= hint_names_max) {
    for (const auto& [other, rest] : names) {
      all.push_back(other);
    }
  }
  reader.error(undefined_name,
               value,
               "there is no " + std::string(kind) + " '" + std::string(name) + "'",
               did_you_mean(name, all));
}

}  // namespace skerry::compose
