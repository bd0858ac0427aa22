#pragma once

#include <fstream>
#include <string>

#include "base/text.h"
#include "document/charter.h"
#include "document/manifest.h"
#include "document/report.h"
#include "document/trust_document.h"
#include "document/workload.h"

/// The values behind tests/data/document/v1. Neither they nor the files ever change: a site that
/// was away for years still sends and reads these bytes.
namespace skerry::document::golden {

/// The bytes of a file of hexadecimal lines.
inline std::string bytes_of(const std::string& name) {
  std::ifstream file(std::string(SKERRY_TEST_DATA) + "/document/v1/" + name + ".hex");
  std::string digits;
  for (std::string line; std::getline(file, line);) {
    digits += line;
  }
  return from_hex(digits).value();
}

template <class Fixed>
Fixed filled(std::uint8_t byte) {
  Fixed value;
  value.bytes.fill(byte);
  return value;
}

inline PublicKey key(std::uint8_t byte) {
  PublicKey value = filled<PublicKey>(byte);
  value.bytes[0] = 4;
  return value;
}

inline Trust trust() {
  using Right = TrustedKey::Right;
  return {.version = 2,
          .threshold = 1,
          .keys = {{key(0x11), {Right::root}},
                   {key(0x22), {Right::author, Right::plan}},
                   {key(0x33), {Right::enrol, Right::assign, Right::update, Right::serve}}}};
}

inline Charter charter() {
  return {.site = filled<Uuid>(0x5A),
          .site_keys = {key(0x44)},
          .planner = filled<Digest>(0x22),
          .state = Charter::State::active,
          .ceiling = {.forbid_privileged = true, .image_prefixes = {"registry.example/"}}};
}

inline Rekey rekey() {
  return {.site = filled<Uuid>(0x5A), .new_key = key(0x55)};
}

inline Manifest manifest() {
  return {.stacks = {{.name = "pos",
                      .release = filled<Digest>(0x77),
                      .slot_values = {"store-1", ""},
                      .drift = DriftMode::enforce}},
          .stale_after_s = 300,
          .capabilities = {"slots"}};
}

inline Release release() {
  Service web{.name = "web", .image = "registry.example/web:1"};
  web.command = Words{{{.literal = "--store="}, {.literal = "x", .holes = {{1, 0}}}}};
  web.ports = {{.target = 80, .published = 8080, .protocol = Port::Protocol::tcp}};
  web.mounts = {{.type = Mount::Type::volume, .source = "data", .target = "/data"}};
  web.restart = Service::Restart::unless_stopped;
  web.resources.memory_limit_bytes = 64 * 1024 * 1024;
  Workload workload{.project = "pos", .services = {web}};
  workload.volumes = {{.key = "data", .name = "pos_data"}};
  workload.slots = {{.expression = "${SKERRY_SITE_NAME}"}};
  return {.stack = "pos", .workload = workload};
}

inline Report report() {
  return {.number = {.start = 3, .seq = 9},
          .time_ms = 1'700'000'000'000,
          .accepted = {.term = 1, .seq = 4},
          .stacks = {{.name = "pos",
                      .wanted = filled<Digest>(0x77),
                      .state = WorkloadState::pulling,
                      .reasons = {{"ImagePullFailed", "service web", "no such image"}}}},
          .conditions = {{"Stale", "site", ""}},
          .facts = {{"arch", "amd64"}}};
}

inline Event event() {
  return {.number = {.start = 3, .seq = 10},
          .time_ms = 1'700'000'000'001,
          .event_class = Event::Class::security,
          .code = "equivocation",
          .message = "the number of another document accepted here"};
}

}  // namespace skerry::document::golden
