#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "document/codec.h"
#include "sim/fast_crypto.h"
#include "trust/admit.h"
#include "trust/judge.h"
#include "trust/keys.h"
#include "trust/openssl_crypto.h"
#include "trust/sign.h"
#include "trust/trust_walk.h"

namespace skerry::trust {

inline ErrorCode code_of(const Status& status) {
  return status ? ErrorCode{"accepted"} : status.error().code;
}

template <class T>
ErrorCode code_of(const Result<T>& result) {
  return result ? ErrorCode{"accepted"} : result.error().code;
}

inline constexpr ErrorCode accepted{"accepted"};

inline Uuid site_named(std::uint8_t last) {
  Uuid site;
  site.bytes[0] = 0x5A;
  site.bytes[15] = last;
  return site;
}

/// A release of one stack with one harmless service.
inline document::Release small_release() {
  document::Release release{.stack = "pos"};
  release.workload.project = "pos";
  release.workload.services.push_back({.name = "web", .image = "registry.example/web:1"});
  return release;
}

/// One installation and one enrolled site in it, at charter (1, 1) with no manifest yet.
template <class CryptoType>
struct World {
  CryptoType crypto;
  KeyRing keys = make_keys(crypto).value();
  KeyPair site_key = crypto.generate().value();
  document::Trust trust = first_trust(keys);
  document::Charter charter = {.site = site_named(1),
                               .site_keys = {site_key.public_key},
                               .planner = id_of(KeyRole::planner),
                               .state = document::Charter::State::active};
  Anchors anchors = {.root = id_of(KeyRole::root),
                     .trust = HeldTrust{trust, crypto.sha256(trust_payload(trust))},
                     .charter = held_charter(charter, {1, 1}),
                     .site = charter.site,
                     .own_key = site_key.public_key};

  Digest id_of(KeyRole role) const { return key_id(crypto, keys.get(role).public_key); }

  HeldCharter held_charter(const document::Charter& held, document::PlanNumber number) const {
    return {held, {number, crypto.sha256(charter_payload(held, number))}};
  }

  std::string sign_by(KeyRole role, const std::string& payload) {
    return sign(payload, keys.get(role), crypto).value();
  }

  document::Manifest manifest(std::string_view stack = "pos") const {
    document::Manifest made;
    made.stacks.push_back({.name = std::string(stack),
                           .release = crypto.sha256(release_payload(small_release())),
                           .drift = document::DriftMode::enforce});
    return made;
  }

  std::string manifest_at(document::PlanNumber number, std::string_view stack = "pos") const {
    return manifest_payload(manifest(stack), charter.site, number);
  }

  ErrorCode admit_code(std::string_view envelope) const {
    return code_of(admit(envelope, anchors, crypto));
  }

  /// Admits, judges and takes as the floor, as an agent does.
  ErrorCode accept(std::string_view envelope) {
    const Result<Admitted> admitted = admit(envelope, anchors, crypto);
    if (!admitted) {
      return admitted.error().code;
    }
    const Result<document::Manifest> judged = judge_manifest(*admitted, 1);
    if (judged) {
      anchors.floor = admitted->number();
    }
    return code_of(judged);
  }
};

using Cryptos = ::testing::Types<OpenSslCrypto, sim::FastCrypto>;

}  // namespace skerry::trust
