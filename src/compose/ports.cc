#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "compose/fields.h"
#include "compose/parts.h"

namespace skerry::compose {
namespace {

using document::Port;
using document::Service;

struct Range {
  std::uint32_t first = 0;
  std::uint32_t last = 0;

  [[nodiscard]] std::uint32_t size() const { return last - first + 1; }
};

/// Ports as they are written, before a range becomes many.
struct PortSpec {
  Range target = {};
  Range published = {};  // From 0 to 0 where the runtime chooses.
  std::string host_ip = {};
  Port::Protocol protocol = Port::Protocol::tcp;
};

Result<std::uint32_t> parse_port(std::string_view text) {
  const std::optional<std::uint64_t> number = parse_unsigned(text);
  if (!number) {
    return fail(invalid("'" + std::string(text.substr(0, 80)) + "' is not a port"));
  }
  if (*number > 65535) {
    return fail(invalid("port " + std::string(text.substr(0, 80)) + " is out of range",
                        "ports are 1 to 65535"));
  }
  return static_cast<std::uint32_t>(*number);
}

/// "80" or "8000-8010".
Result<Range> parse_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  SKERRY_TRY(const std::uint32_t first, parse_port(text.substr(0, dash)));
  if (dash == std::string_view::npos) {
    return Range{first, first};
  }
  SKERRY_TRY(const std::uint32_t last, parse_port(text.substr(dash + 1)));
  if (last < first || first == 0) {
    return fail(invalid("'" + std::string(text) + "' is not a range of ports"));
  }
  return Range{first, last};
}

Result<Port::Protocol> parse_protocol(std::string_view text) {
  if (text == "tcp" || text == "TCP") {
    return Port::Protocol::tcp;
  }
  if (text == "udp" || text == "UDP") {
    return Port::Protocol::udp;
  }
  if (text == "sctp" || text == "SCTP") {
    return Port::Protocol::sctp;
  }
  return fail(invalid("'" + std::string(text.substr(0, 80)) + "' is not tcp, udp or sctp"));
}

/// "[[IP:][PUBLISHED]:]TARGET[/PROTOCOL]", read from the right because an IPv6 address has colons.
Result<PortSpec> parse_short(std::string_view text) {
  PortSpec spec;
  std::string_view rest = text;
  if (const std::size_t slash = rest.rfind('/'); slash != std::string_view::npos) {
    SKERRY_TRY(spec.protocol, parse_protocol(rest.substr(slash + 1)));
    rest = rest.substr(0, slash);
  }
  const std::size_t before_target = rest.rfind(':');
  SKERRY_TRY(
      spec.target,
      parse_range(before_target == std::string_view::npos ? rest : rest.substr(before_target + 1)));
  if (before_target == std::string_view::npos) {
    return spec;
  }
  rest = rest.substr(0, before_target);
  const std::size_t before_published = rest.rfind(':');
  const bool has_address = before_published != std::string_view::npos;
  const std::string_view published = has_address ? rest.substr(before_published + 1) : rest;
  if (!published.empty() || !has_address) {
    SKERRY_TRY(spec.published, parse_range(published));
  }
  if (has_address) {
    SKERRY_TRY(spec.host_ip, parse_address(rest.substr(0, before_published)));
  }
  return spec;
}

bool check_spec(Reader& reader, const Value& value, const PortSpec& spec) {
  if (spec.target.first == 0) {
    reader.error(invalid_value, value, "a container has no port 0");
    return false;
  }
  if (spec.published.first == 0 || spec.published.size() == spec.target.size()) {
    return true;
  }
  if (spec.target.size() == 1) {
    reader.error(not_available,
                 value,
                 "a choice of host ports for one container port is not available yet",
                 "name the one host port, or leave it out");
  } else {
    reader.error(invalid_value,
                 value,
                 "the two ranges have " + std::to_string(spec.published.size()) + " and " +
                     std::to_string(spec.target.size()) + " ports");
  }
  return false;
}

void add_ports(Reader& reader, const Value& value, const PortSpec& spec, Service& service) {
  if (!check_spec(reader, value, spec)) {
    return;
  }
  if (!reader.take_ports(spec.target.size())) {
    reader.error(too_many, value, "the file publishes more than 10000 ports");
    return;
  }
  for (std::uint32_t i = 0; i < spec.target.size(); ++i) {
    service.ports.push_back({.target = spec.target.first + i,
                             .published = spec.published.first == 0 ? 0 : spec.published.first + i,
                             .protocol = spec.protocol,
                             .host_ip = spec.host_ip});
  }
}

void read_target(Reader& reader, const Value& value, PortSpec& spec) {
  if (const auto text = reader.scalar(value)) {
    if (const auto port = reader.take(value, parse_port(*text))) {
      spec.target = {*port, *port};
    }
  }
}

void read_published(Reader& reader, const Value& value, PortSpec& spec) {
  if (const auto text = reader.scalar(value); text && !text->empty()) {
    spec.published = reader.take(value, parse_range(*text)).value_or(Range{});
  }
}

void read_host_ip(Reader& reader, const Value& value, PortSpec& spec) {
  if (const auto text = reader.string(value); text && !text->empty()) {
    spec.host_ip = reader.take(value, parse_address(*text)).value_or("");
  }
}

void read_protocol(Reader& reader, const Value& value, PortSpec& spec) {
  if (const auto text = reader.string(value)) {
    spec.protocol = reader.take(value, parse_protocol(*text)).value_or(Port::Protocol::tcp);
  }
}

constexpr Field<PortSpec> port_fields[] = {
    {"target", &read_target},
    {"published", &read_published},
    {"host_ip", &read_host_ip},
    {"protocol", &read_protocol},
    {"mode", &ignore_at_a_site<PortSpec>},
    {"name", &ignore_at_a_site<PortSpec>},
    {"app_protocol", &ignore_at_a_site<PortSpec>},
};

void read_long(Reader& reader, const Value& value, Service& service) {
  PortSpec spec;
  read_fields<PortSpec>(reader, value, port_fields, spec);
  if (value.node().get("target") == nullptr) {
    reader.error(missing_field, value, "a port needs a target");
  } else if (spec.target.first != 0 || !reader.has_errors()) {
    add_ports(reader, value, spec, service);
  }
}

void read_one(Reader& reader, const Value& value, Service& service) {
  if (value.node().is_mapping()) {
    read_long(reader, value, service);
    return;
  }
  if (const auto text = reader.scalar(value)) {
    if (const auto spec = reader.take(value, parse_short(*text))) {
      add_ports(reader, value, *spec, service);
    }
  }
}

}  // namespace

void read_ports(Reader& reader, const Value& value, Service& service) {
  if (!reader.is_list(value)) {
    return;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    read_one(reader, value[i], service);
  }
  const auto order = [](const Port& p) {
    return std::tie(p.target, p.protocol, p.published, p.host_ip);
  };
  std::ranges::sort(service.ports, {}, order);
  const auto repeats = std::ranges::unique(service.ports);
  service.ports.erase(repeats.begin(), repeats.end());
}

}  // namespace skerry::compose
