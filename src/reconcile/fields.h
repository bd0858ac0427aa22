#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "document/workload.h"
#include "reconcile/state.h"

/// The versioned list of fields that make two containers the same or different.
///
/// Names and values are the ones people read in events and in `skerry describe`. The agent writes
/// what it wants, a driver writes what it finds at the runtime; both use the writers below, so the
/// two can be compared as text. Version 1:
///
///   field                      value                                  absent     put right by
///   image                      the reference as written               -          (see below)
///   entrypoint[0]…             one word each; `entrypoint` = "[]"     image's    recreation
///   command[0]…                where an empty one clears the image's  image's    recreation
///   environment.NAME           the value                              image's    recreation
///   labels.NAME                the value, without the agent's own     image's    recreation
///   healthcheck.test[0]…       {"CMD", …} as the Engine API has it    image's    recreation
///   healthcheck.interval_ms    also timeout_ms, start_period_ms,      image's    recreation
///                              retries: decimal
///   user working_dir stop_signal  as written                          image's    recreation
///   ports.8080/tcp             `ports_value`                          nothing    recreation
///   mounts./data               `mount_value`                          nothing    recreation
///   cap_add cap_drop           `capabilities_value`                   nothing    recreation
///   privileged read_only       "true"                                 nothing    recreation
///   extra_hosts                "name:address", sorted, by ", "        nothing    recreation
///   networks.NAME              `attachment_value`, by runtime name    nothing    connect,
///   disconnect restart                    `restart_value`                        (always)   update
///   memory_limit_bytes memory_reservation_bytes
///   cpu_limit_nanos pids_limit decimal                                nothing    update
///   hostname                   as written                             runtime's  recreation
///   init                       "true" or "false"                      runtime's  recreation
///   logging.driver logging.options.NAME  the value                    runtime's  recreation
///   stop_grace_period_ms       decimal                                -          hash alone
///   configs./etc/app.conf      SHA-256 of the content, uid, gid, mode -          hash alone
///   mount_options./data        "create_host_path"                     -          hash alone
///   network_settings.NAME      the network fields, one line           -          hash alone
///
/// "absent" says what a field that is not wanted stands for. "nothing": a found value is a
/// difference. "image's": it is wanted as the container's image has it (`image_fields`).
/// "runtime's": whatever the runtime chose is right. A list (entrypoint, command, healthcheck.test)
/// is taken as a whole, and an entrypoint of the service clears the image's command, as in Compose.
///
/// Fields marked "hash alone" are part of the hash, and drivers do not report them. The image is
/// part of the hash by its reference and compared by id: `DesiredService::image_id` with
/// `ObservedContainer::image_id`; drivers leave the field `image` out.
/// A container's network counts as found only while it exists under the id that the container
/// holds. A limit that is not wanted but found needs recreation: an engine cannot lift one in
/// place.
///
/// Network fields (ObservedNetwork::fields): `driver` (absent: runtime's), `internal`,
/// `attachable`, `enable_ipv6` ("true"; absent: nothing), `options.NAME` and `labels.NAME`
/// (absent: nothing for labels without the agent's own, runtime's for options).
///
/// What must never change: the fields of version 1, how each is written, and the hash over them,
/// or an upgrade would recreate every container (tests/data/reconcile/golden_hashes.txt). A field
/// that a later version adds is written only where a service uses it.
namespace skerry::reconcile {

/// How a difference is put right.
enum class Remedy : std::uint8_t { none, update, network, recreate };

/// What a field that is not wanted stands for.
enum class Absent : std::uint8_t { nothing, image, runtime };

/// One row of the table above; `name` is the part of a field before the first of ".[".
struct FieldRule {
  std::string_view name = {};
  Absent absent = Absent::nothing;
  Remedy remedy = Remedy::recreate;
};

/// All rows, sorted by name.
std::span<const FieldRule> field_rules();
/// The row of "environment.MODE" or "command[0]"; null for a name that no row has.
const FieldRule* field_rule(std::string_view field);

/// "[ip:]port" or "auto" for each binding of one target port, sorted, by ", ". An IPv6 address
/// stands in brackets.
std::string ports_value(const std::vector<document::Port>& bindings);
/// The part after "ports.": "8080/tcp".
std::string port_name(const document::Port& port);
/// "volume NAME", "volume" (anonymous), "bind /path" or "tmpfs", then "ro", "nocopy",
/// "propagation=…", "size=…", "mode=0…" where they are not the default, by spaces.
///
/// @param mount   `source` is the volume's name at the runtime, not its key
std::string mount_value(const document::Mount& mount);
/// Upper case, without "CAP_", sorted, by ", ".
std::string capabilities_value(const std::vector<std::string>& capabilities);
/// "no", "on-failure", "on-failure:3", "always", "unless-stopped". Absent is "no" at the runtime:
/// the agent restarts it.
std::string restart_value(document::Service::Restart restart, std::uint32_t retries_max);
/// "connected", then "alias=…" for each, sorted, then "ipv4=…" and "ipv6=…" where asked for, by
/// spaces. Left out of the aliases: the service's own name and what the runtime adds (the
/// container's name and id).
std::string attachment_value(const document::Attachment& attachment, std::string_view service);
/// Writes `prefix[0]`, `prefix[1]`, …
void add_list(Fields& fields, std::string_view prefix, const std::vector<std::string>& words);

/// The wanted values of a service. Its holes are filled already.
///
/// @param stack  for the runtime names of networks and volumes and the content of configs
Fields desired_fields(const Crypto& crypto,
                      const DesiredStack& stack,
                      const document::Service& service);
/// The wanted values of a network.
Fields desired_fields(const document::Network& network);

/// "v1:" and the SHA-256 over all fields, in hexadecimal.
std::string config_hash(const Crypto& crypto, const Fields& fields);

/// What is wanted of a container once its image has filled in what the service left open.
Fields effective_fields(const Fields& wanted, const Fields& image);

struct Difference {
  std::string field = {};
  /// Empty where the field should not be there; "\"\"" where its value is the empty one.
  std::string wanted = {};
  /// Empty where the field is missing.
  std::string found = {};
  Remedy remedy = Remedy::recreate;

  friend bool operator==(const Difference&, const Difference&) = default;
};

/// What is different about a container of the same configuration hash, sorted by field.
std::vector<Difference> diff(const DesiredService& wanted, const ObservedContainer& found);
/// The same for a network; every remedy is recreation.
std::vector<Difference> diff(const document::Network& wanted, const ObservedNetwork& found);

}  // namespace skerry::reconcile
