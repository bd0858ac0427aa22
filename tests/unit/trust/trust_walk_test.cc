#include "trust/trust_walk.h"

#include <gtest/gtest.h>

#include "world.h"

namespace skerry::trust {
namespace {

using document::Trust;
using Right = document::TrustedKey::Right;

class TrustWalk : public ::testing::Test {
 protected:
  TrustWalk() {
    for (int i = 0; i < 6; ++i) {
      roots_.push_back(crypto_.generate().value());
    }
    anchors_.root = key_id(crypto_, roots_[0].public_key);
  }

  /// Version `version` with these of `roots_` as its roots.
  Trust trust(std::uint64_t version, std::vector<int> roots, std::uint32_t threshold = 1) {
    Trust made{.version = version, .threshold = threshold};
    for (const int root : roots) {
      made.keys.push_back(
          {.key = roots_[static_cast<std::size_t>(root)].public_key, .rights = {Right::root}});
    }
    return made;
  }

  std::string signed_by(const Trust& trust, std::vector<int> signers) {
    std::vector<KeyPair> keys;
    for (const int signer : signers) {
      keys.push_back(roots_[static_cast<std::size_t>(signer)]);
    }
    return sign_by_all(trust_payload(trust), keys, crypto_).value();
  }

  void hold(const Trust& trust) {
    anchors_.trust = HeldTrust{trust, crypto_.sha256(trust_payload(trust))};
  }

  ErrorCode offer(const std::string& envelope) {
    return code_of(admit(envelope, anchors_, crypto_));
  }

  sim::FastCrypto crypto_;
  std::vector<KeyPair> roots_;
  Anchors anchors_;
};

TEST_F(TrustWalk, TheFirstIsAnchoredByTheKeyGivenAtEnrolment) {
  EXPECT_EQ(offer(signed_by(trust(1, {0}), {0})), accepted);
  EXPECT_EQ(offer(signed_by(trust(1, {1}), {1})), refusal::bad_signature);
  EXPECT_EQ(offer(signed_by(trust(1, {1, 0}), {1})), refusal::bad_signature);
}

TEST_F(TrustWalk, TheAnchorMustBeARootOfTheFirst) {
  Trust stranger = trust(1, {1, 0});
  stranger.keys[1].rights = {Right::serve};
  EXPECT_EQ(offer(signed_by(stranger, {1, 0})), refusal::bad_signature);
}

TEST_F(TrustWalk, ANewSiteMayStartAtALaterVersion) {
  EXPECT_EQ(offer(signed_by(trust(5, {0}), {0})), accepted);
}

TEST_F(TrustWalk, WalksFromOneToFive) {
  EXPECT_EQ(offer(signed_by(trust(1, {0}), {0})), accepted);
  hold(trust(1, {0}));
  EXPECT_EQ(offer(signed_by(trust(2, {1}), {0, 1})), accepted);
  hold(trust(2, {1}));
  EXPECT_EQ(offer(signed_by(trust(3, {1, 2, 3}, 2), {1, 2})), accepted);
  hold(trust(3, {1, 2, 3}, 2));
  EXPECT_EQ(offer(signed_by(trust(4, {3, 4}, 2), {2, 3, 4})), accepted);
  hold(trust(4, {3, 4}, 2));
  EXPECT_EQ(offer(signed_by(trust(5, {5}), {3, 4, 5})), accepted);
}

TEST_F(TrustWalk, RefusesToSkipAVersion) {
  hold(trust(1, {0}));
  EXPECT_EQ(offer(signed_by(trust(3, {0}), {0})), refusal::trust_gap);
}

TEST_F(TrustWalk, RefusesToGoBack) {
  hold(trust(3, {0}));
  EXPECT_EQ(offer(signed_by(trust(2, {0}), {0})), refusal::rollback);
}

TEST_F(TrustWalk, TakesTheSameAgainAsNothingNew) {
  hold(trust(3, {0}));
  const Result<Admitted> again = admit(signed_by(trust(3, {0}), {0}), anchors_, crypto_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->freshness(), Admitted::Freshness::same);
}

TEST_F(TrustWalk, CallsAnotherDocumentOfTheSameVersionEquivocation) {
  hold(trust(3, {0}));
  EXPECT_EQ(offer(signed_by(trust(3, {0, 1}), {0})), refusal::equivocation);
  EXPECT_EQ(offer(signed_by(trust(3, {1}), {1})), refusal::bad_signature);
}

TEST_F(TrustWalk, WantsEnoughOfTheOldRoots) {
  hold(trust(1, {0, 1, 2}, 2));
  EXPECT_EQ(offer(signed_by(trust(2, {0, 1, 2}, 2), {0})), refusal::bad_signature);
  EXPECT_EQ(offer(signed_by(trust(2, {0, 1, 2}, 2), {0, 2})), accepted);
  EXPECT_EQ(offer(signed_by(trust(2, {0, 1, 2}, 2), {0, 1, 2})), accepted);
}

TEST_F(TrustWalk, WantsEnoughOfTheNewRoots) {
  hold(trust(1, {0}));
  EXPECT_EQ(offer(signed_by(trust(2, {1, 2, 3}, 2), {0})), refusal::bad_signature);
  EXPECT_EQ(offer(signed_by(trust(2, {1, 2, 3}, 2), {0, 1})), refusal::bad_signature);
  EXPECT_EQ(offer(signed_by(trust(2, {1, 2, 3}, 2), {1, 2})), refusal::bad_signature);
  EXPECT_EQ(offer(signed_by(trust(2, {1, 2, 3}, 2), {0, 1, 2})), accepted);
}

TEST_F(TrustWalk, CountsAKeyOnce) {
  hold(trust(1, {0, 1}, 2));
  EXPECT_EQ(offer(signed_by(trust(2, {0, 1}, 2), {0, 0})), refusal::malformed);
}

TEST_F(TrustWalk, RefusesASignatureOfAStrangerBesideGoodOnes) {
  hold(trust(1, {0}));
  EXPECT_EQ(offer(signed_by(trust(2, {0}), {0, 5})), refusal::bad_signature);
}

TEST_F(TrustWalk, RefusesWhatNoTrustDocumentCanSay) {
  hold(trust(1, {0}));
  EXPECT_EQ(offer(signed_by(trust(2, {0}, 0), {0})), refusal::malformed);
  EXPECT_EQ(offer(signed_by(trust(2, {0, 1}, 3), {0, 1})), refusal::malformed);
  EXPECT_EQ(offer(signed_by(trust(2, {0, 0}), {0})), refusal::malformed);
  EXPECT_EQ(offer(signed_by(trust(2, {}), {0})), refusal::malformed);
  Trust no_rights = trust(2, {0, 1});
  no_rights.keys[1].rights.clear();
  EXPECT_EQ(offer(signed_by(no_rights, {0})), refusal::malformed);
  no_rights.keys[1].rights = {Right::plan, Right::plan};
  EXPECT_EQ(offer(signed_by(no_rights, {0})), refusal::malformed);
}

TEST_F(TrustWalk, TheHeaderSaysTheVersion) {
  hold(trust(1, {0}));
  const document::Payload payload{.header = {.type = document::Header::Type::trust, .seq = 2},
                                  .body = document::encode(trust(7, {0}))};
  EXPECT_EQ(offer(sign(document::encode(payload), roots_[0], crypto_).value()), refusal::malformed);
}

TEST_F(TrustWalk, IsForEveryone) {
  hold(trust(1, {0}));
  const document::Payload payload{
      .header = {.type = document::Header::Type::trust, .audience = site_named(1), .seq = 2},
      .body = document::encode(trust(2, {0}))};
  EXPECT_EQ(offer(sign(document::encode(payload), roots_[0], crypto_).value()),
            refusal::wrong_audience);
}

TEST_F(TrustWalk, RefusesAnUnknownRightAsAMissingCapability) {
  hold(trust(1, {0}));
  std::string body = document::encode(trust(2, {0}));
  body.back() = '\x63';  // The last byte is the last key's right.
  const document::Payload payload{.header = {.type = document::Header::Type::trust, .seq = 2},
                                  .body = body};
  EXPECT_EQ(offer(sign(document::encode(payload), roots_[0], crypto_).value()),
            refusal::capability);
}

TEST_F(TrustWalk, DoesNotReadTheBodyOfAStranger) {
  hold(trust(1, {0}));
  const document::Payload payload{.header = {.type = document::Header::Type::trust, .seq = 2},
                                  .body = "not a trust document"};
  EXPECT_EQ(offer(sign(document::encode(payload), roots_[5], crypto_).value()),
            refusal::bad_signature);
}

TEST_F(TrustWalk, NeverAcceptsOneWithAnyByteChanged) {
  hold(trust(1, {0, 1, 2}, 2));
  const std::string envelope = signed_by(trust(2, {1, 2, 3}, 2), {0, 1, 2});
  ASSERT_EQ(offer(envelope), accepted);
  for (std::size_t at = 0; at < envelope.size(); ++at) {
    std::string changed = envelope;
    changed[at] = static_cast<char>(changed[at] ^ 0x02);
    EXPECT_NE(offer(changed), accepted) << at;
  }
}

TEST(FirstTrust, GivesEachKeyItsOneRight) {
  sim::FastCrypto crypto;
  const KeyRing keys = make_keys(crypto).value();
  const Trust trust = first_trust(keys);
  EXPECT_EQ(trust.version, 1U);
  EXPECT_EQ(trust.threshold, 1U);
  ASSERT_EQ(trust.keys.size(), 6U);
  for (std::size_t i = 0; i < trust.keys.size(); ++i) {
    EXPECT_EQ(trust.keys[i].key, keys.get(key_roles[i]).public_key);
    EXPECT_EQ(trust.keys[i].rights, std::vector{right_of(key_roles[i])});
  }
  const Anchors anchors{.root = key_id(crypto, keys.get(KeyRole::root).public_key)};
  EXPECT_TRUE(
      admit(sign(trust_payload(trust), keys.get(KeyRole::root), crypto).value(), anchors, crypto));
}

}  // namespace
}  // namespace skerry::trust
