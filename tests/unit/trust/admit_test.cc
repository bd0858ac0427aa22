#include "trust/admit.h"

#include <gtest/gtest.h>

#include "world.h"

namespace skerry::trust {
namespace {

using document::Header;
using document::PlanNumber;
using Freshness = Admitted::Freshness;

template <class CryptoType>
class Admission : public ::testing::Test {
 protected:
  std::string plan(PlanNumber number, std::string_view stack = "pos") {
    return world_.sign_by(KeyRole::planner, world_.manifest_at(number, stack));
  }

  World<CryptoType> world_;
};

TYPED_TEST_SUITE(Admission, Cryptos);

TYPED_TEST(Admission, AcceptsAManifestOfItsPlanner) {
  EXPECT_EQ(this->world_.accept(this->plan({1, 1})), accepted);
  EXPECT_EQ(this->world_.anchors.floor.number, (PlanNumber{1, 1}));
}

TYPED_TEST(Admission, SaysWhatItAdmitted) {
  auto& world = this->world_;
  const std::string payload = world.manifest_at({1, 7});
  const Admitted admitted =
      admit(world.sign_by(KeyRole::planner, payload), world.anchors, world.crypto).value();
  EXPECT_EQ(admitted.header().type, Header::Type::manifest);
  EXPECT_EQ(admitted.number().number, (PlanNumber{1, 7}));
  EXPECT_EQ(admitted.digest(), world.crypto.sha256(payload));
  EXPECT_EQ(admitted.freshness(), Freshness::newer);
  EXPECT_EQ(judge_manifest(admitted, 1).value(), world.manifest());
}

TYPED_TEST(Admission, SkipsManifestsInBetween) {
  EXPECT_EQ(this->world_.accept(this->plan({1, 1})), accepted);
  EXPECT_EQ(this->world_.accept(this->plan({1, 9})), accepted);
}

TYPED_TEST(Admission, TakesTheSameManifestAgainAsNothingNew) {
  auto& world = this->world_;
  ASSERT_EQ(world.accept(this->plan({1, 2})), accepted);
  // ECDSA is randomised: another envelope, the same document.
  const Result<Admitted> again = admit(this->plan({1, 2}), world.anchors, world.crypto);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->freshness(), Freshness::same);
}

TYPED_TEST(Admission, RefusesAReplayedOlderManifest) {
  const std::string old = this->plan({1, 1});
  ASSERT_EQ(this->world_.accept(old), accepted);
  ASSERT_EQ(this->world_.accept(this->plan({1, 2})), accepted);
  EXPECT_EQ(this->world_.admit_code(old), refusal::rollback);
}

TYPED_TEST(Admission, CallsAnEqualNumberWithOtherContentEquivocation) {
  ASSERT_EQ(this->world_.accept(this->plan({1, 2})), accepted);
  EXPECT_EQ(this->world_.admit_code(this->plan({1, 2}, "other")), refusal::equivocation);
  EXPECT_TRUE(refusal::is_security_event(refusal::equivocation));
}

TYPED_TEST(Admission, NeedsTheSignatureBeforeItSpeaksOfEquivocation) {
  auto& world = this->world_;
  ASSERT_EQ(world.accept(this->plan({1, 2})), accepted);
  EXPECT_EQ(world.admit_code(
                sign(world.manifest_at({1, 2}, "other"), world.site_key, world.crypto).value()),
            refusal::bad_signature);
}

TYPED_TEST(Admission, RecoversFromAFastForwardedNumberByANewTerm) {
  auto& world = this->world_;
  constexpr std::uint64_t far = 0x7FFF'FFFF'FFFF'FFFF;
  ASSERT_EQ(world.accept(this->plan({1, far})), accepted);
  EXPECT_EQ(world.admit_code(this->plan({1, 2})), refusal::rollback);
  world.anchors.charter = world.held_charter(world.charter, {2, 1});
  EXPECT_EQ(world.accept(this->plan({2, 1})), accepted);
  EXPECT_EQ(world.admit_code(this->plan({1, far})), refusal::rollback);
}

TYPED_TEST(Admission, FencesOffTheTermThatHasPassed) {
  auto& world = this->world_;
  ASSERT_EQ(world.accept(this->plan({1, 1})), accepted);
  world.anchors.charter = world.held_charter(world.charter, {2, 1});
  EXPECT_EQ(world.admit_code(this->plan({1, 2})), refusal::rollback);
}

TYPED_TEST(Admission, AsksForTheCharterOfATermItDoesNotKnow) {
  EXPECT_EQ(this->world_.admit_code(this->plan({2, 1})), refusal::trust_gap);
  this->world_.anchors.charter.reset();
  EXPECT_EQ(this->world_.admit_code(this->plan({1, 1})), refusal::trust_gap);
}

TYPED_TEST(Admission, AsksForTrustWhereItHasNone) {
  auto& world = this->world_;
  world.anchors.trust.reset();
  EXPECT_EQ(world.admit_code(this->plan({1, 1})), refusal::trust_gap);
  EXPECT_EQ(world.admit_code(world.sign_by(KeyRole::author, release_payload(small_release()))),
            refusal::trust_gap);
}

TYPED_TEST(Admission, RefusesAnotherSitesManifest) {
  auto& world = this->world_;
  const std::string other = manifest_payload(world.manifest(), site_named(2), {1, 1});
  EXPECT_EQ(world.admit_code(world.sign_by(KeyRole::planner, other)), refusal::wrong_audience);
}

TYPED_TEST(Admission, RefusesAManifestForEveryone) {
  auto& world = this->world_;
  const std::string all = manifest_payload(world.manifest(), {}, {1, 1});
  EXPECT_EQ(world.admit_code(world.sign_by(KeyRole::planner, all)), refusal::wrong_audience);
  world.anchors.site = {};
  EXPECT_EQ(world.admit_code(world.sign_by(KeyRole::planner, all)), refusal::wrong_audience);
}

TYPED_TEST(Admission, RefusesAManifestByAnyOtherKeyOfTheInstallation) {
  auto& world = this->world_;
  for (const KeyRole role :
       {KeyRole::root, KeyRole::author, KeyRole::enrol, KeyRole::assign, KeyRole::server}) {
    EXPECT_EQ(world.admit_code(world.sign_by(role, world.manifest_at({1, 1}))),
              refusal::bad_signature)
        << file_name(role);
  }
}

TYPED_TEST(Admission, RefusesATrustedPlannerThatIsNotThisSites) {
  auto& world = this->world_;
  const KeyPair hub = world.crypto.generate().value();
  world.anchors.trust->trust.keys.push_back(
      {.key = hub.public_key, .rights = {document::TrustedKey::Right::plan}});
  const std::string envelope = sign(world.manifest_at({1, 1}), hub, world.crypto).value();
  EXPECT_EQ(world.admit_code(envelope), refusal::bad_signature);
  world.anchors.charter->charter.planner = key_id(world.crypto, hub.public_key);
  EXPECT_EQ(world.admit_code(envelope), accepted);
}

TYPED_TEST(Admission, TakesAPlannerThatTheCharterBringsAndNoOther) {
  auto& world = this->world_;
  const KeyPair fresh = world.crypto.generate().value();
  const std::string by_fresh = sign(world.manifest_at({1, 1}), fresh, world.crypto).value();
  document::Charter& charter = world.anchors.charter->charter;
  charter.planner_keys = {fresh.public_key};
  EXPECT_EQ(world.admit_code(by_fresh), refusal::bad_signature) << "it does not name it";
  charter.planner = key_id(world.crypto, fresh.public_key);
  EXPECT_EQ(world.admit_code(by_fresh), accepted);
  EXPECT_EQ(world.admit_code(this->plan({1, 1})), refusal::bad_signature);
  charter.planner_keys.clear();
  EXPECT_EQ(world.admit_code(by_fresh), refusal::bad_signature);
}

TYPED_TEST(Admission, RefusesAPlannerWhoseRightWasWithdrawn) {
  auto& world = this->world_;
  const std::string envelope = this->plan({1, 1});
  ASSERT_EQ(world.admit_code(envelope), accepted);
  for (document::TrustedKey& key : world.anchors.trust->trust.keys) {
    if (key.rights.front() == document::TrustedKey::Right::plan) {
      key.rights = {document::TrustedKey::Right::update};
    }
  }
  EXPECT_EQ(world.admit_code(envelope), refusal::bad_signature);
}

TYPED_TEST(Admission, RefusesEverythingUnderARevokedCharter) {
  auto& world = this->world_;
  world.anchors.charter->charter.state = document::Charter::State::ended;
  EXPECT_EQ(world.admit_code(this->plan({1, 1})), refusal::bad_signature);
}

TYPED_TEST(Admission, RefusesAnEnvelopeWithoutASignature) {
  document::Envelope envelope{.payload = this->world_.manifest_at({1, 1})};
  EXPECT_EQ(this->world_.admit_code(document::encode(envelope)), refusal::bad_signature);
}

TYPED_TEST(Admission, RefusesASecondSignatureOnWhatOneKeySigns) {
  auto& world = this->world_;
  document::Envelope envelope = document::decode<document::Envelope>(this->plan({1, 1})).value();
  envelope.signatures.push_back(envelope.signatures[0]);
  EXPECT_EQ(world.admit_code(document::encode(envelope)), refusal::malformed);
}

TYPED_TEST(Admission, RefusesMoreBytesThanADocumentMayCost) {
  EXPECT_EQ(this->world_.admit_code(std::string(envelope_bytes_max + 1, '\n')), refusal::too_large);
}

TYPED_TEST(Admission, RefusesMoreSignaturesThanADocumentMayCost) {
  auto& world = this->world_;
  document::Envelope envelope{.payload = trust_payload(world.trust)};
  envelope.signatures.resize(signatures_max + 1);
  EXPECT_EQ(world.admit_code(document::encode(envelope)), refusal::too_large);
  envelope.signatures.resize(10'000);
  EXPECT_EQ(world.admit_code(document::encode(envelope)), refusal::too_large);
}

TYPED_TEST(Admission, RefusesWhatIsNoEnvelope) {
  auto& world = this->world_;
  EXPECT_EQ(world.admit_code(""), refusal::malformed);
  EXPECT_EQ(world.admit_code("\x0A\x02\x0A"), refusal::malformed);
  EXPECT_EQ(world.admit_code(this->plan({1, 1}) + std::string("\xF8\x01\x01")),
            refusal::capability);
}

TYPED_TEST(Admission, RefusesATypeThatThisBuildDoesNotKnow) {
  auto& world = this->world_;
  const document::Payload payload{
      .header = {.type = Header::Type::decommission, .audience = world.charter.site, .term = 1}};
  EXPECT_EQ(world.admit_code(world.sign_by(KeyRole::planner, document::encode(payload))),
            refusal::capability);
  EXPECT_EQ(
      world.admit_code(world.sign_by(KeyRole::planner, document::encode(document::Payload{}))),
      refusal::malformed);
}

TYPED_TEST(Admission, NeverTakesOneTypeOfDocumentForAnother) {
  auto& world = this->world_;
  document::Payload payload =
      document::decode<document::Payload>(world.manifest_at({1, 1})).value();
  payload.header.type = Header::Type::charter;
  EXPECT_EQ(world.admit_code(world.sign_by(KeyRole::planner, document::encode(payload))),
            refusal::bad_signature);
}

TYPED_TEST(Admission, DoesNotReadTheBodyOfAManifest) {
  auto& world = this->world_;
  document::Payload payload =
      document::decode<document::Payload>(world.manifest_at({1, 1})).value();
  payload.body = "not a manifest";
  const std::string envelope = world.sign_by(KeyRole::planner, document::encode(payload));
  EXPECT_EQ(world.admit_code(envelope), accepted);
  EXPECT_EQ(world.accept(envelope), refusal::malformed);
  EXPECT_EQ(world.anchors.floor, Floor{});
}

TYPED_TEST(Admission, NeverAcceptsAnEnvelopeWithAnyByteChanged) {
  auto& world = this->world_;
  const std::string envelope = this->plan({1, 1});
  ASSERT_EQ(world.admit_code(envelope), accepted);
  for (std::size_t at = 0; at < envelope.size(); ++at) {
    for (const char bit : {'\x01', '\x10', '\x80'}) {
      std::string changed = envelope;
      changed[at] = static_cast<char>(changed[at] ^ bit);
      EXPECT_NE(world.admit_code(changed), accepted) << at;
    }
  }
}

TYPED_TEST(Admission, NeverAcceptsACutEnvelope) {
  const std::string envelope = this->plan({1, 1});
  for (std::size_t size = 0; size < envelope.size(); ++size) {
    EXPECT_NE(this->world_.admit_code(envelope.substr(0, size)), accepted) << size;
  }
}

}  // namespace
}  // namespace skerry::trust
