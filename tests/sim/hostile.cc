#include <algorithm>
#include <utility>

#include "document/codec.h"
#include "sim/fast_crypto.h"
#include "sim/simulation.h"
#include "trust/admit.h"
#include "trust/codes.h"
#include "trust/sign.h"

/// Hostile relays: what they forge, replay and break must be refused and change nothing.
namespace skerry::sim {
namespace {

constexpr std::uint64_t kinds = 12;

std::string flip(std::string bytes, std::uint64_t where) {
  char& byte = bytes[where % bytes.size()];
  byte = static_cast<char>(byte ^ 0x10);
  return bytes;
}

}  // namespace

void Simulation::hostile_document(AgentNode& node) {
  const auto stream = network_->stream(static_cast<std::size_t>(
      std::ranges::find_if(agents_, [&](const auto& each) { return each.get() == &node; }) -
      agents_.begin()));
  if (!stream || !node.is_running() || !node.agent().link().is_steady()) {
    return;
  }
  const std::string envelope = forge(node, random_.below(kinds));
  if (!envelope.empty()) {
    network_->send(
        *stream, End::server, wire::encode_message(wire::Document{.envelope = envelope}));
  }
}

std::string Simulation::forge(AgentNode& node, std::uint64_t kind) {
  const trust::Anchors& anchors = node.agent().intake().anchors();
  const document::PlanNumber floor = anchors.floor.number;
  const std::size_t self = node_of_.contains(anchors.site) ? node_of_[anchors.site] : 0;
  const auto sign = [&](trust::KeyRole role, std::string payload) {
    return trust::sign(std::move(payload), server_->keys().get(role), *crypto_).value();
  };
  const auto manifest = [&](document::PlanNumber number, const document::Manifest& body = {}) {
    return trust::manifest_payload(body, anchors.site, number);
  };
  const document::PlanNumber next{.term = floor.term, .seq = floor.seq + 1};
  switch (kind) {
    case 0:  // Older, as it once came.
      return told_[self].empty() ? "" : told_[self][random_.below(told_[self].size())];
    case 1: {  // Another site's.
      const auto& others = told_[(self + 1) % agents_.size()];
      return others.empty() ? "" : others.back();
    }
    case 2: {  // A flipped byte.
      const auto& own = told_[self];
      return own.empty() ? "" : flip(own.back(), random_.next());
    }
    case 3:  // The accepted number with another digest.
      return floor.seq == 0 ? "" : sign(trust::KeyRole::planner, manifest(floor));
    case 4:  // A right that its signer does not have.
      return sign(trust::KeyRole::author, manifest(next));
    case 5: {  // A planner that nobody knows.
      FastCrypto other(random_.next());
      return trust::sign(manifest(next), other.generate().value(), other).value();
    }
    case 6:
      return std::string(trust::envelope_bytes_max + 1, 'x');
    case 7:  // Of a term to come.
      return sign(trust::KeyRole::planner, manifest({.term = floor.term + 5, .seq = 1}));
    case 8: {  // Beyond the next trust document.
      document::Trust trust = trust::first_trust(server_->keys());
      trust.version += 1000;
      return sign(trust::KeyRole::root, trust::trust_payload(trust));
    }
    case 9:
      return "no envelope at all";
    case 10:  // Genuine, and in need of what this build cannot do.
      return floor.seq == 0
                 ? ""
                 : sign(trust::KeyRole::planner, manifest(next, {.capabilities = {"time_travel"}}));
    default: {  // Genuine, and two stacks of one name.
      document::Manifest twice;
      twice.stacks = {{.name = "a"}, {.name = "a"}};
      return floor.seq == 0 ? "" : sign(trust::KeyRole::planner, manifest(next, twice));
    }
  }
}

/// Spoils releases while it is a hostile relay's time.
std::string Simulation::tamper(std::size_t agent, std::string bytes) {
  if (!spoiled_.contains(agent)) {
    return bytes;
  }
  wire::FrameReader reader;
  reader.feed(bytes);
  std::string out;
  for (;;) {
    const auto frame = reader.next();
    if (!frame || !*frame) {
      return out;
    }
    wire::Message message = wire::decode_message(**frame).value();
    if (auto* blob = std::get_if<wire::Blob>(&message);
        blob != nullptr && !blob->envelope.empty()) {
      const document::Release other{.stack = "other", .workload = {.project = "other"}};
      blob->envelope = random_.chance(500)
                           ? flip(blob->envelope, random_.next())
                           : trust::sign(trust::release_payload(other),
                                         server_->keys().get(trust::KeyRole::author),
                                         *crypto_)
                                 .value();
    }
    out += wire::encode_message(message);
  }
}

}  // namespace skerry::sim
