#include "trust/judge.h"

#include <gtest/gtest.h>

#include "world.h"

namespace skerry::trust {
namespace {

using document::Manifest;

class Judge : public ::testing::Test {
 protected:
  ErrorCode judged(const Manifest& manifest, std::uint32_t attempts = 1) {
    const std::string envelope =
        world_.sign_by(KeyRole::planner, manifest_payload(manifest, world_.charter.site, {1, 1}));
    return code_of(
        judge_manifest(admit(envelope, world_.anchors, world_.crypto).value(), attempts));
  }

  ErrorCode judged_body(std::string body) {
    const document::Payload payload{.header = {.type = document::Header::Type::manifest,
                                               .audience = world_.charter.site,
                                               .term = 1,
                                               .seq = 1},
                                    .body = std::move(body)};
    const std::string envelope = world_.sign_by(KeyRole::planner, document::encode(payload));
    return code_of(judge_manifest(admit(envelope, world_.anchors, world_.crypto).value(), 1));
  }

  World<sim::FastCrypto> world_;
};

TEST_F(Judge, TakesAnEmptyManifest) {
  EXPECT_EQ(judged({}), accepted);
}

TEST_F(Judge, QuarantinesWhatWasBegunThreeTimes) {
  EXPECT_EQ(judged(world_.manifest(), attempts_max - 1), accepted);
  EXPECT_EQ(judged(world_.manifest(), attempts_max), refusal::quarantined);
}

TEST_F(Judge, QuarantinesWithoutReadingTheBody) {
  const document::Payload payload{.header = {.type = document::Header::Type::manifest,
                                             .audience = world_.charter.site,
                                             .term = 1,
                                             .seq = 1},
                                  .body = "crashes the reader"};
  const std::string envelope = world_.sign_by(KeyRole::planner, document::encode(payload));
  EXPECT_EQ(code_of(judge_manifest(admit(envelope, world_.anchors, world_.crypto).value(), 3)),
            refusal::quarantined);
}

TEST_F(Judge, RefusesACapabilityThatThisBuildLacks) {
  Manifest manifest = world_.manifest();
  manifest.capabilities = {"slots"};
  EXPECT_EQ(judged(manifest), accepted);
  manifest.capabilities = {"slots", "teleport"};
  EXPECT_EQ(judged(manifest), refusal::capability);
}

TEST_F(Judge, RefusesAnUnknownFieldAsAMissingCapability) {
  EXPECT_EQ(judged_body(document::encode(world_.manifest()) + "\xF8\x01\x01"), refusal::capability);
}

TEST_F(Judge, RefusesASecondEncodingOfTheSameManifest) {
  EXPECT_EQ(judged_body(std::string("\x10\x00", 2)), refusal::malformed);
}

TEST_F(Judge, RefusesAStackTwice) {
  Manifest manifest = world_.manifest();
  manifest.stacks.push_back(manifest.stacks[0]);
  EXPECT_EQ(judged(manifest), refusal::malformed);
}

TEST_F(Judge, RefusesAStackWithoutNameReleaseOrDriftMode) {
  Manifest manifest = world_.manifest("");
  EXPECT_EQ(judged(manifest), refusal::malformed);
  manifest = world_.manifest();
  manifest.stacks[0].release = {};
  EXPECT_EQ(judged(manifest), refusal::malformed);
  manifest = world_.manifest();
  manifest.stacks[0].drift = document::DriftMode::unspecified;
  EXPECT_EQ(judged(manifest), refusal::malformed);
}

TEST_F(Judge, RefusesMoreStacksThanASiteMayHave) {
  Manifest manifest;
  for (std::size_t i = 0; i <= stacks_max; ++i) {
    manifest.stacks.push_back({.name = "s" + std::to_string(i),
                               .release = world_.manifest().stacks[0].release,
                               .drift = document::DriftMode::enforce});
  }
  EXPECT_EQ(judged(manifest), refusal::too_large);
  manifest.stacks.pop_back();
  EXPECT_EQ(judged(manifest), accepted);
}

TEST_F(Judge, RefusesADocumentOfAnotherKind) {
  const std::string envelope = world_.sign_by(KeyRole::author, release_payload(small_release()));
  const Admitted admitted = admit(envelope, world_.anchors, world_.crypto).value();
  EXPECT_EQ(code_of(judge_manifest(admitted, 1)), refusal::malformed);
  EXPECT_EQ(code_of(judge_trust(admitted)), refusal::malformed);
  EXPECT_EQ(code_of(judge_rekey(admitted)), refusal::malformed);
  EXPECT_EQ(code_of(judge_charter(admitted, world_.anchors, world_.crypto, 1)), refusal::malformed);
}

TEST_F(Judge, RecallsWhatWasAcceptedThoughTheRightIsGone) {
  const std::string payload = world_.manifest_at({1, 1});
  const std::string envelope = world_.sign_by(KeyRole::planner, payload);
  const Digest digest = world_.crypto.sha256(payload);
  world_.anchors.trust->trust.keys.clear();
  EXPECT_EQ(world_.admit_code(envelope), refusal::bad_signature);
  EXPECT_EQ(recall<Manifest>(envelope, digest, world_.crypto).value(), world_.manifest());
}

TEST_F(Judge, RecallsNothingButTheDigestThatWasAccepted) {
  const std::string envelope = world_.sign_by(KeyRole::planner, world_.manifest_at({1, 1}));
  EXPECT_EQ(code_of(recall<Manifest>(envelope, Digest{}, world_.crypto)), refusal::digest);
}

TEST_F(Judge, RecallsTrustAndCharterForItsAnchors) {
  const std::string charter = charter_payload(world_.charter, {3, 2});
  const HeldCharter held =
      recall_charter(
          world_.sign_by(KeyRole::assign, charter), world_.crypto.sha256(charter), world_.crypto)
          .value();
  EXPECT_EQ(held.charter, world_.charter);
  EXPECT_EQ(held.number.number, (document::PlanNumber{3, 2}));
  const std::string trust = trust_payload(world_.trust);
  EXPECT_EQ(
      recall_trust(world_.sign_by(KeyRole::root, trust), world_.crypto.sha256(trust), world_.crypto)
          .value()
          .trust,
      world_.trust);
}

class JudgeRelease : public Judge {
 protected:
  ErrorCode judged(const document::Release& release,
                   KeyRole signer = KeyRole::author,
                   std::uint32_t attempts = 1) {
    const std::string payload = release_payload(release);
    return code_of(judge_release(
        world_.sign_by(signer, payload),
        {.digest = world_.crypto.sha256(payload), .ceiling = ceiling_, .attempts = attempts},
        world_.anchors,
        world_.crypto));
  }

  document::Ceiling ceiling_;
};

TEST_F(JudgeRelease, TakesOneThatAnAuthorSigned) {
  EXPECT_EQ(judged(small_release()), accepted);
}

TEST_F(JudgeRelease, RefusesOneThatNoAuthorSigned) {
  for (const KeyRole role : {KeyRole::root, KeyRole::planner, KeyRole::assign, KeyRole::server}) {
    EXPECT_EQ(judged(small_release(), role), refusal::bad_signature) << file_name(role);
  }
}

TEST_F(JudgeRelease, RefusesAnotherThanTheManifestNames) {
  const std::string envelope = world_.sign_by(KeyRole::author, release_payload(small_release()));
  EXPECT_EQ(code_of(judge_release(envelope, {}, world_.anchors, world_.crypto)), refusal::digest);
}

TEST_F(JudgeRelease, RefusesWhatTheCeilingForbidsWhoeverSignedIt) {
  document::Release release = small_release();
  release.workload.services[0].privileged = true;
  EXPECT_EQ(judged(release), accepted);
  ceiling_.forbid_privileged = true;
  EXPECT_EQ(judged(release), refusal::ceiling);
}

TEST_F(JudgeRelease, RefusesAWorkloadThatBreaksItsInvariants) {
  document::Release release = small_release();
  release.workload.services.push_back(release.workload.services[0]);
  EXPECT_EQ(judged(release), refusal::malformed);
  release = small_release();
  release.stack.clear();
  EXPECT_EQ(judged(release), refusal::malformed);
}

TEST_F(JudgeRelease, QuarantinesWhatWasBegunThreeTimes) {
  EXPECT_EQ(judged(small_release(), KeyRole::author, attempts_max), refusal::quarantined);
}

TEST_F(JudgeRelease, RefusesOneThatNamesASiteOrANumber) {
  const std::string body = document::encode(small_release());
  const auto judge = [&](document::Header header) {
    header.type = document::Header::Type::release;
    const std::string payload = document::encode(document::Payload{.header = header, .body = body});
    return code_of(judge_release(world_.sign_by(KeyRole::author, payload),
                                 {.digest = world_.crypto.sha256(payload)},
                                 world_.anchors,
                                 world_.crypto));
  };
  EXPECT_EQ(judge({.audience = site_named(1)}), refusal::wrong_audience);
  EXPECT_EQ(judge({.seq = 1}), refusal::malformed);
  EXPECT_EQ(judge({}), accepted);
}

TEST_F(JudgeRelease, RefusesAnUnknownFieldAsAMissingCapability) {
  const document::Payload payload{.header = {.type = document::Header::Type::release},
                                  .body = document::encode(small_release()) + "\xF8\x01\x01"};
  const std::string bytes = document::encode(payload);
  EXPECT_EQ(code_of(judge_release(world_.sign_by(KeyRole::author, bytes),
                                  {.digest = world_.crypto.sha256(bytes)},
                                  world_.anchors,
                                  world_.crypto)),
            refusal::capability);
}

TEST_F(JudgeRelease, NeverAcceptsAReleaseWithAnyByteChanged) {
  const std::string payload = release_payload(small_release());
  const std::string envelope = world_.sign_by(KeyRole::author, payload);
  const ReleaseTerms terms{.digest = world_.crypto.sha256(payload)};
  for (std::size_t at = 0; at < envelope.size(); ++at) {
    std::string changed = envelope;
    changed[at] = static_cast<char>(changed[at] ^ 0x04);
    EXPECT_FALSE(judge_release(changed, terms, world_.anchors, world_.crypto)) << at;
  }
}

TEST(JudgeAssignment, WantsTheStackAndOneValueForEachSlot) {
  document::Release release = small_release();
  release.workload.slots = {{.expression = "${SKERRY_SITE_NAME}"}};
  document::StackAssignment assignment{.name = "pos", .slot_values = {"store-1"}};
  EXPECT_EQ(code_of(judge_assignment(assignment, release)), accepted);
  assignment.slot_values.clear();
  EXPECT_EQ(code_of(judge_assignment(assignment, release)), refusal::malformed);
  assignment = {.name = "other", .slot_values = {"store-1"}};
  EXPECT_EQ(code_of(judge_assignment(assignment, release)), refusal::malformed);
}

}  // namespace
}  // namespace skerry::trust
