#pragma once

#include "document/codec.h"
#include "document/manifest.h"
#include "sim/fast_crypto.h"
#include "trust/anchors.h"
#include "trust/keys.h"
#include "trust/sign.h"

/// One installation and one of its sites, the same in each run. Its crypto is the simulator's: it
/// keeps every promise towards who does not have the keys, and costs nanoseconds.
namespace skerry::fuzz {

struct World {
  sim::FastCrypto crypto;
  trust::KeyRing keys = trust::make_keys(crypto).value();
  KeyPair site_key = crypto.generate().value();
  document::Trust trust = trust::first_trust(keys);
  document::Charter charter = {.site = site_named(1),
                               .site_keys = {site_key.public_key},
                               .planner = id_of(trust::KeyRole::planner),
                               .state = document::Charter::State::active};

  static Uuid site_named(std::uint8_t last) {
    Uuid site;
    site.bytes[0] = 0x5A;
    site.bytes[15] = last;
    return site;
  }

  Digest id_of(trust::KeyRole role) const { return key_id(crypto, keys.get(role).public_key); }

  std::string sign(trust::KeyRole role, std::string payload) {
    return trust::sign(std::move(payload), keys.get(role), crypto).value();
  }

  document::Release release() const {
    document::Release release{.stack = "pos"};
    release.workload.project = "pos";
    release.workload.slots = {{.expression = "${SKERRY_SITE_NAME}"}};
    release.workload.services.push_back(
        {.name = "web",
         .image = "registry.example/web:1",
         .environment = {
             {.name = "SITE", .value = {.literal = "", .holes = {{.offset = 0, .slot = 0}}}}}});
    return release;
  }

  document::Manifest manifest() const {
    document::Manifest made;
    made.stacks.push_back({.name = "pos",
                           .release = crypto.sha256(trust::release_payload(release())),
                           .slot_values = {"north"},
                           .drift = document::DriftMode::enforce});
    return made;
  }

  trust::Anchors enrolled() const {
    const document::PlanNumber first{.term = 1, .seq = 1};
    return {
        .root = id_of(trust::KeyRole::root),
        .trust = trust::HeldTrust{trust, crypto.sha256(trust::trust_payload(trust))},
        .charter =
            trust::HeldCharter{
                charter,
                {.number = first, .digest = crypto.sha256(trust::charter_payload(charter, first))}},
        .site = charter.site,
        .own_key = site_key.public_key};
  }

  trust::Anchors joining() const {
    return {.root = id_of(trust::KeyRole::root), .own_key = site_key.public_key};
  }
};

}  // namespace skerry::fuzz
