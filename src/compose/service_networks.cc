#include <algorithm>

#include "compose/fields.h"
#include "compose/parts.h"
#include "compose/unique.h"

namespace skerry::compose {
namespace {

using document::Attachment;
using document::Service;

constexpr std::string_view default_key = "default";

bool use_network(Reader& reader, const Value& value, std::string_view key) {
  const auto found = reader.scope.networks.find(key);
  if (found != reader.scope.networks.end()) {
    found->second.used = true;
    return true;
  }
  if (key == default_key) {
    document::Network made{.key = std::string(key), .name = reader.scope.project + "_default"};
    reader.scope.networks.emplace(key, Declaration<document::Network>{std::move(made), {}, true});
    return true;
  }
  report_missing(reader, value, "network", key, reader.scope.networks);
  return false;
}

void read_aliases(Reader& reader, const Value& value, Attachment& made) {
  made.aliases = reader.string_list(value);
  std::ranges::sort(made.aliases);
  const auto repeats = std::ranges::unique(made.aliases);
  made.aliases.erase(repeats.begin(), repeats.end());
}

/// The engine takes a fixed address only where the network has a subnet of its own, and `ipam` is
/// not available yet; an external network has been given one by whoever made it.
bool may_have_address(Reader& reader, const Value& value, const Attachment& made) {
  const auto network = reader.scope.networks.find(made.network);
  if (network != reader.scope.networks.end() && network->second.value.external) {
    return true;
  }
  reader.error(not_available,
               value,
               "a fixed address on a network of the stack is not available yet",
               "use an external network with a subnet, or reach the service by its name");
  return false;
}

template <auto member>
void read_address(Reader& reader, const Value& value, Attachment& made) {
  if (const auto text = reader.string(value); text && may_have_address(reader, value, made)) {
    made.*member = reader.take(value, parse_address(*text)).value_or("");
    const bool is_v6 = (made.*member).find(':') != std::string::npos;
    if (!(made.*member).empty() && is_v6 != (value.key() == "ipv6_address")) {
      reader.error(invalid_value, value, "the address is of the other family");
    }
  }
}

constexpr Field<Attachment> attachment_fields[] = {
    {"aliases", &read_aliases},
    {"ipv4_address", &read_address<&Attachment::ipv4_address>},
    {"ipv6_address", &read_address<&Attachment::ipv6_address>},
    {"driver_opts", nullptr, "set driver_opts on the network"},
    {"gw_priority", nullptr, "remove it"},
    {"interface_name", nullptr, "remove it; interfaces are named by the runtime"},
    {"link_local_ips", nullptr, "remove it"},
    {"mac_address", nullptr, "remove it; the runtime chooses the address"},
    {"priority", nullptr, "remove it; networks are joined in order of their names"},
};

void read_network_map(Reader& reader, const Value& value, Additions<Attachment>& networks) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Value entry = value[i];
    if (!use_network(reader, entry, entry.key())) {
      continue;
    }
    Attachment made{.network = std::string(entry.key())};
    if (!entry.is_null()) {
      read_fields<Attachment>(reader, entry, attachment_fields, made);
    }
    networks.add(entry, std::move(made));
  }
}

void read_network_list(Reader& reader, const Value& value, Additions<Attachment>& networks) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Value element = value[i];
    const std::optional<std::string> key = reader.string(element);
    if (key && use_network(reader, element, *key)) {
      networks.add(element, {.network = *key});
    }
  }
}

}  // namespace

void read_service_networks(Reader& reader, const Value& value, Service& service) {
  Additions networks(service.networks, &Attachment::network);
  if (value.node().is_mapping()) {
    read_network_map(reader, value, networks);
  } else if (reader.is_list(value, "a list or a mapping")) {
    read_network_list(reader, value, networks);
  }
  networks.settle([&](const Value& twin, const std::string& network) {
    reader.error(duplicate_value, twin, "network '" + network + "' is there already");
  });
}

void join_default_network(Reader& reader, Service& service) {
  if (service.networks.empty()) {
    const resource::Node nowhere;
    use_network(reader, Value(nowhere), default_key);
    service.networks.push_back({.network = std::string(default_key)});
  }
}

}  // namespace skerry::compose
