#include "unit/document/golden.h"

#include <gtest/gtest.h>

#include "world.h"

namespace skerry::trust {
namespace {

namespace golden = document::golden;

/// The installation of tests/data/document/v1: one key, that of RFC 6979 A.2.5, has every right.
/// Its envelopes were signed once by OpenSSL and never change.
class GoldenEnvelopes : public ::testing::Test {
 protected:
  GoldenEnvelopes() {
    const std::string point = golden::bytes_of("key");
    std::ranges::copy(point, key_.bytes.begin());
    const Anchors anchors{.root = key_id(crypto_, key_)};
    const Admitted first = admit(golden::bytes_of("envelope-trust"), anchors, crypto_).value();
    anchors_.trust = HeldTrust{read_trust(first.header(), first.body()).value(), first.digest()};
    anchors_.own_key = golden::key(0x44);
    anchors_.site = golden::charter().site;
  }

  Admitted admitted(const std::string& name) const {
    return admit(golden::bytes_of(name), anchors_, crypto_).value();
  }

  void hold_charter() {
    const Admitted charter = admitted("envelope-charter");
    anchors_.charter =
        HeldCharter{judge_charter(charter, anchors_, crypto_, 1).value(), charter.number()};
  }

  OpenSslCrypto crypto_;
  PublicKey key_;
  Anchors anchors_;
};

TEST_F(GoldenEnvelopes, OfACharterIsAccepted) {
  hold_charter();
  document::Charter charter = golden::charter();
  charter.planner = key_id(crypto_, key_);
  EXPECT_EQ(anchors_.charter->charter, charter);
  EXPECT_EQ(anchors_.charter->number.number, (document::PlanNumber{1, 1}));
}

TEST_F(GoldenEnvelopes, OfAManifestInABatchIsAccepted) {
  hold_charter();
  const Admitted manifest = admitted("envelope-manifest");
  EXPECT_EQ(judge_manifest(manifest, 1).value(), golden::manifest());
  EXPECT_EQ(manifest.number().number, (document::PlanNumber{1, 7}));
  EXPECT_EQ(manifest.digest(),
            crypto_.sha256(manifest_payload(golden::manifest(), anchors_.site, {1, 7})));
}

TEST_F(GoldenEnvelopes, OfAReleaseIsAccepted) {
  const Digest digest = crypto_.sha256(release_payload(golden::release()));
  EXPECT_EQ(judge_release(golden::bytes_of("envelope-release"),
                          {.digest = digest, .ceiling = golden::charter().ceiling},
                          anchors_,
                          crypto_)
                .value(),
            golden::release());
}

}  // namespace
}  // namespace skerry::trust
