#include <gtest/gtest.h>

#include "world.h"

namespace skerry::trust {
namespace {

using document::Charter;
using document::PlanNumber;

class CharterAcceptance : public ::testing::Test {
 protected:
  /// As a site does while it enrols: trust is walked, nothing else is known but its own key.
  void forget_everything() {
    world_.anchors.charter.reset();
    world_.anchors.site = {};
  }

  ErrorCode offer(const Charter& charter,
                  PlanNumber number,
                  KeyRole signer = KeyRole::assign,
                  std::uint32_t attempts = 1) {
    const std::string envelope = world_.sign_by(signer, charter_payload(charter, number));
    const Result<Admitted> admitted = admit(envelope, world_.anchors, world_.crypto);
    return admitted ? code_of(judge_charter(*admitted, world_.anchors, world_.crypto, attempts))
                    : admitted.error().code;
  }

  World<sim::FastCrypto> world_;
};

TEST_F(CharterAcceptance, AnEnrollingKeySignsTheFirst) {
  forget_everything();
  EXPECT_EQ(offer(world_.charter, {1, 1}, KeyRole::enrol), accepted);
}

TEST_F(CharterAcceptance, AnEnrollingKeySignsNoLaterOne) {
  EXPECT_EQ(offer(world_.charter, {1, 2}, KeyRole::enrol), refusal::bad_signature);
  EXPECT_EQ(offer(world_.charter, {2, 1}, KeyRole::enrol), refusal::bad_signature);
  forget_everything();
  EXPECT_EQ(offer(world_.charter, {2, 1}, KeyRole::enrol), refusal::bad_signature);
}

TEST_F(CharterAcceptance, AnEnrollingKeysCharterMayArriveTwice) {
  EXPECT_EQ(offer(world_.charter, {1, 1}, KeyRole::enrol), accepted);
}

TEST_F(CharterAcceptance, AnEnrollingKeyNamesNoPlannerOfItsOwn) {
  forget_everything();
  Charter charter = world_.charter;
  charter.planner = world_.id_of(KeyRole::enrol);
  EXPECT_EQ(offer(charter, {1, 1}, KeyRole::enrol), refusal::bad_signature);
  EXPECT_EQ(offer(charter, {1, 1}, KeyRole::assign), accepted);
}

TEST_F(CharterAcceptance, MayBringItsPlannersKeyAndNoOther) {
  const KeyPair fresh = world_.crypto.generate().value();
  Charter charter = world_.charter;
  charter.planner_keys = {fresh.public_key};
  EXPECT_EQ(offer(charter, {2, 1}), refusal::malformed);
  charter.planner = key_id(world_.crypto, fresh.public_key);
  EXPECT_EQ(offer(charter, {2, 1}), accepted);
  charter.planner_keys.push_back(fresh.public_key);
  EXPECT_EQ(offer(charter, {2, 1}), refusal::malformed);
  forget_everything();
  charter.planner_keys.pop_back();
  EXPECT_EQ(offer(charter, {1, 1}, KeyRole::enrol), refusal::bad_signature);
}

TEST_F(CharterAcceptance, RootAndAssignSignAnyOther) {
  EXPECT_EQ(offer(world_.charter, {1, 2}, KeyRole::root), accepted);
  EXPECT_EQ(offer(world_.charter, {7, 1}, KeyRole::assign), accepted);
  for (const KeyRole role : {KeyRole::author, KeyRole::planner, KeyRole::server}) {
    EXPECT_EQ(offer(world_.charter, {1, 2}, role), refusal::bad_signature) << file_name(role);
  }
}

TEST_F(CharterAcceptance, OnlyRises) {
  world_.anchors.charter = world_.held_charter(world_.charter, {2, 3});
  Charter other = world_.charter;
  other.ceiling.forbid_privileged = true;
  EXPECT_EQ(offer(other, {2, 2}), refusal::rollback);
  EXPECT_EQ(offer(other, {1, 9}), refusal::rollback);
  EXPECT_EQ(offer(other, {2, 3}), refusal::equivocation);
  EXPECT_EQ(offer(world_.charter, {2, 3}), accepted);
  EXPECT_EQ(offer(other, {2, 4}), accepted);
  EXPECT_EQ(offer(other, {3, 1}), accepted);
}

TEST_F(CharterAcceptance, ALostCharterDoesNotLetAnOlderTermBack) {
  world_.anchors.charter.reset();
  world_.anchors.floor.number = {3, 8};
  EXPECT_EQ(offer(world_.charter, {2, 1}), refusal::rollback);
  EXPECT_EQ(offer(world_.charter, {3, 1}), accepted);
}

TEST_F(CharterAcceptance, IsForThisSiteAndItsKey) {
  Charter charter = world_.charter;
  charter.site = site_named(2);
  EXPECT_EQ(offer(charter, {1, 2}), refusal::wrong_audience);
  charter = world_.charter;
  charter.site_keys = {world_.keys.get(KeyRole::server).public_key};
  EXPECT_EQ(offer(charter, {1, 2}), refusal::wrong_audience);
  forget_everything();
  EXPECT_EQ(offer(charter, {1, 1}), refusal::wrong_audience);
  world_.anchors.own_key.reset();
  EXPECT_EQ(offer(world_.charter, {1, 1}), refusal::wrong_audience);
}

TEST_F(CharterAcceptance, SaysInsideWhatItsHeaderSays) {
  const document::Payload payload{.header = {.type = document::Header::Type::charter,
                                             .audience = world_.charter.site,
                                             .term = 1,
                                             .seq = 2},
                                  .body = [&] {
                                    Charter other = world_.charter;
                                    other.site = site_named(2);
                                    return document::encode(other);
                                  }()};
  const Admitted admitted =
      admit(
          world_.sign_by(KeyRole::assign, document::encode(payload)), world_.anchors, world_.crypto)
          .value();
  EXPECT_EQ(code_of(judge_charter(admitted, world_.anchors, world_.crypto, 1)),
            refusal::wrong_audience);
}

TEST_F(CharterAcceptance, ARevocationNeedsNoKeys) {
  const Charter ended{.site = world_.charter.site, .state = Charter::State::ended};
  EXPECT_EQ(offer(ended, {1, 2}), accepted);
}

TEST_F(CharterAcceptance, RefusesWhatNoCharterCanSay) {
  Charter charter = world_.charter;
  charter.state = Charter::State::unspecified;
  EXPECT_EQ(offer(charter, {1, 2}), refusal::malformed);
  charter = world_.charter;
  charter.planner = {};
  EXPECT_EQ(offer(charter, {1, 2}), refusal::malformed);
  charter = world_.charter;
  charter.site_keys.clear();
  EXPECT_EQ(offer(charter, {1, 2}), refusal::malformed);
  world_.anchors.charter.reset();
  EXPECT_EQ(offer(world_.charter, {0, 1}), refusal::malformed);
}

TEST_F(CharterAcceptance, RefusesAnUnknownFieldAsAMissingCapability) {
  const document::Payload payload{.header = {.type = document::Header::Type::charter,
                                             .audience = world_.charter.site,
                                             .term = 1,
                                             .seq = 2},
                                  .body = document::encode(world_.charter) + "\xF8\x01\x01"};
  const Admitted admitted =
      admit(
          world_.sign_by(KeyRole::assign, document::encode(payload)), world_.anchors, world_.crypto)
          .value();
  EXPECT_EQ(code_of(judge_charter(admitted, world_.anchors, world_.crypto, 1)),
            refusal::capability);
}

TEST_F(CharterAcceptance, QuarantinesWhatWasBegunThreeTimes) {
  EXPECT_EQ(offer(world_.charter, {1, 2}, KeyRole::assign, attempts_max), refusal::quarantined);
}

TEST_F(CharterAcceptance, AsksForTrustWhereItHasNone) {
  world_.anchors.trust.reset();
  EXPECT_EQ(offer(world_.charter, {1, 2}), refusal::trust_gap);
}

TEST_F(CharterAcceptance, NeverAcceptsOneWithAnyByteChanged) {
  const std::string envelope =
      world_.sign_by(KeyRole::assign, charter_payload(world_.charter, {1, 2}));
  for (std::size_t at = 0; at < envelope.size(); ++at) {
    std::string changed = envelope;
    changed[at] = static_cast<char>(changed[at] ^ 0x01);
    EXPECT_NE(world_.admit_code(changed), accepted) << at;
  }
}

class RekeyAcceptance : public ::testing::Test {
 protected:
  ErrorCode offer(const KeyPair& signer, PlanNumber charter) {
    return offer_payload(signer, rekey_payload(rekey_, charter));
  }

  ErrorCode offer_payload(const KeyPair& signer, const std::string& payload) {
    const Result<Admitted> admitted =
        admit(sign(payload, signer, world_.crypto).value(), world_.anchors, world_.crypto);
    return admitted ? code_of(judge_rekey(*admitted)) : admitted.error().code;
  }

  World<sim::FastCrypto> world_;
  document::Rekey rekey_ = {.site = world_.charter.site,
                            .new_key = world_.crypto.generate().value().public_key};
};

TEST_F(RekeyAcceptance, TheOldKeyNamesTheNewOne) {
  EXPECT_EQ(offer(world_.site_key, {1, 1}), accepted);
}

TEST_F(RekeyAcceptance, NobodyElseDoes) {
  EXPECT_EQ(offer(world_.keys.get(KeyRole::root), {1, 1}), refusal::bad_signature);
  EXPECT_EQ(offer(world_.crypto.generate().value(), {1, 1}), refusal::bad_signature);
}

TEST_F(RekeyAcceptance, ARevokedSiteDoesNot) {
  world_.anchors.charter->charter.state = Charter::State::ended;
  EXPECT_EQ(offer(world_.site_key, {1, 1}), refusal::bad_signature);
}

TEST_F(RekeyAcceptance, IsAboutTheCharterThatIsHeld) {
  world_.anchors.charter->number.number = {2, 4};
  EXPECT_EQ(offer(world_.site_key, {2, 3}), refusal::rollback);
  EXPECT_EQ(offer(world_.site_key, {2, 5}), refusal::trust_gap);
  world_.anchors.charter.reset();
  EXPECT_EQ(offer(world_.site_key, {2, 4}), refusal::trust_gap);
}

TEST_F(RekeyAcceptance, IsAboutOneSite) {
  rekey_.site = site_named(2);
  EXPECT_EQ(offer(world_.site_key, {1, 1}), refusal::wrong_audience);
  const document::Payload payload{.header = {.type = document::Header::Type::rekey,
                                             .audience = world_.charter.site,
                                             .term = 1,
                                             .seq = 1},
                                  .body = document::encode(rekey_)};
  EXPECT_EQ(offer_payload(world_.site_key, document::encode(payload)), refusal::wrong_audience);
}

TEST_F(RekeyAcceptance, NamesAKey) {
  rekey_.new_key = {};
  EXPECT_EQ(offer(world_.site_key, {1, 1}), refusal::malformed);
}

}  // namespace
}  // namespace skerry::trust
