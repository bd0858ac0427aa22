#include <map>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "world.h"

namespace skerry::trust {
namespace {

using document::Manifest;
using document::PlanNumber;
using document::StackAssignment;

Manifest any_manifest() {
  const auto names = *rc::gen::unique<std::vector<std::string>>(
      rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange('a', 'z'))));
  Manifest manifest{.stale_after_s = *rc::gen::arbitrary<std::uint64_t>()};
  for (const std::string& name : names) {
    StackAssignment stack{
        .name = name,
        .slot_values = *rc::gen::arbitrary<std::vector<std::string>>(),
        .drift = *rc::gen::element(document::DriftMode::enforce, document::DriftMode::report)};
    stack.release.bytes.fill(*rc::gen::inRange<std::uint8_t>(1, 255));
    manifest.stacks.push_back(stack);
  }
  return manifest;
}

RC_GTEST_PROP(TrustProperties, WhatIsSignedIsWhatIsJudged, ()) {
  World<sim::FastCrypto> world;
  const Manifest manifest = any_manifest();
  const PlanNumber number{1, *rc::gen::arbitrary<std::uint64_t>()};
  RC_PRE(number.seq > 0U);
  const std::string envelope =
      world.sign_by(KeyRole::planner, manifest_payload(manifest, world.charter.site, number));
  const Result<Admitted> admitted = admit(envelope, world.anchors, world.crypto);
  RC_ASSERT(admitted.has_value());
  RC_ASSERT(admitted->number().number == number);
  RC_ASSERT(judge_manifest(*admitted, 1).value() == manifest);
}

RC_GTEST_PROP(TrustProperties, AnyMixOfBatchesIsAcceptedLeafByLeaf, ()) {
  World<sim::FastCrypto> world;
  const auto size = *rc::gen::inRange<std::size_t>(1, batch_size_max + 1);
  std::vector<std::string> payloads;
  for (std::size_t i = 0; i < size; ++i) {
    payloads.push_back(world.manifest_at({1, i + 1}));
  }
  const SignedBatch batch =
      sign_batch(payloads, {}, world.keys.get(KeyRole::planner), world.crypto).value();
  const auto index = *rc::gen::inRange<std::size_t>(0, size);
  RC_ASSERT(world.admit_code(batch.envelopes[index]) == accepted);
}

RC_GTEST_PROP(TrustProperties, TheFloorNeverFallsWhateverArrives, ()) {
  World<sim::FastCrypto> world;
  std::map<PlanNumber, Digest> seen;
  const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(1, 4), rc::gen::inRange(1, 6)));
  for (const auto& [term, seq] : steps) {
    const PlanNumber number{static_cast<std::uint64_t>(term), static_cast<std::uint64_t>(seq)};
    if (*rc::gen::arbitrary<bool>() && number.term > world.anchors.charter->number.number.term) {
      world.anchors.charter = world.held_charter(world.charter, {number.term, 1});
    }
    const Floor before = world.anchors.floor;
    const auto* stack = *rc::gen::element("a", "b");
    const ErrorCode code =
        world.accept(world.sign_by(KeyRole::planner, world.manifest_at(number, stack)));
    RC_ASSERT(world.anchors.floor.number >= before.number);
    if (code == accepted) {
      const auto [entry, is_new] = seen.emplace(number, world.anchors.floor.digest);
      RC_ASSERT(is_new || entry->second == world.anchors.floor.digest);
      RC_ASSERT(number.term == world.anchors.charter->number.number.term ||
                world.anchors.floor == before);
    } else {
      RC_ASSERT(world.anchors.floor == before);
    }
  }
}

RC_GTEST_PROP(TrustProperties, NoiseIsRefusedAndNeverCrashes, ()) {
  World<sim::FastCrypto> world;
  const auto noise = *rc::gen::arbitrary<std::string>();
  RC_ASSERT(world.admit_code(noise) != accepted);
  // Noise where it hurts: as the payload or the body of something well signed.
  RC_ASSERT(world.admit_code(world.sign_by(KeyRole::planner, noise)) != accepted);
  RC_ASSERT(world.accept(world.sign_by(KeyRole::planner,
                                       document::encode(document::Payload{
                                           .header = {.type = document::Header::Type::manifest,
                                                      .audience = world.charter.site,
                                                      .term = 1,
                                                      .seq = 1},
                                           .body = noise}))) != refusal::rollback);
}

}  // namespace
}  // namespace skerry::trust
