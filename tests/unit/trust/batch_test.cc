#include <gtest/gtest.h>

#include "base/text.h"
#include "trust/merkle.h"
#include "world.h"

namespace skerry::trust {
namespace {

using document::Envelope;

/// The definition of RFC 6962, 2.1, word by word: split at the largest power of two below n.
Digest tree_hash(const Crypto& crypto, std::span<const std::string> leaves) {
  if (leaves.size() == 1) {
    return crypto.sha256(std::string(1, '\0') + leaves[0]);
  }
  std::size_t split = 1;
  while (split * 2 < leaves.size()) {
    split *= 2;
  }
  const Digest left = tree_hash(crypto, leaves.first(split));
  const Digest right = tree_hash(crypto, leaves.subspan(split));
  return crypto.sha256("\x01" + std::string(left.view()) + std::string(right.view()));
}

/// The audit path of RFC 6962, 2.1.1, word by word.
std::vector<Digest> audit_path(const Crypto& crypto,
                               std::size_t index,
                               std::span<const std::string> leaves) {
  if (leaves.size() == 1) {
    return {};
  }
  std::size_t split = 1;
  while (split * 2 < leaves.size()) {
    split *= 2;
  }
  const bool is_left = index < split;
  std::vector<Digest> path = is_left ? audit_path(crypto, index, leaves.first(split))
                                     : audit_path(crypto, index - split, leaves.subspan(split));
  path.push_back(tree_hash(crypto, is_left ? leaves.subspan(split) : leaves.first(split)));
  return path;
}

std::vector<std::string> some_leaves(std::size_t count) {
  std::vector<std::string> leaves;
  for (std::size_t i = 0; i < count; ++i) {
    leaves.push_back("leaf " + std::to_string(i));
  }
  return leaves;
}

TEST(Merkle, HashesAsTheVectorsOfCertificateTransparencySay) {
  // The inputs and hashes of certificate-transparency's reference tests.
  const OpenSslCrypto crypto;
  std::vector<std::string> leaves;
  for (const char* hex : {"",
                          "00",
                          "10",
                          "2021",
                          "3031",
                          "40414243",
                          "5051525354555657",
                          "606162636465666768696a6b6c6d6e6f"}) {
    leaves.push_back(from_hex(hex).value());
  }
  const std::span<const std::string> all(leaves);
  const auto root = [&](std::size_t count) {
    return to_hex(MerkleTree(crypto, all.first(count)).root().view());
  };
  EXPECT_EQ(root(1), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_EQ(root(2), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
  EXPECT_EQ(root(3), "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77");
  EXPECT_EQ(root(8), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

TEST(Merkle, GivesTheTreeAndPathsOfTheDefinitionForEverySize) {
  const sim::FastCrypto crypto;
  for (const std::size_t size : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 100U, 255U, 256U}) {
    const std::vector<std::string> leaves = some_leaves(size);
    const MerkleTree tree(crypto, leaves);
    EXPECT_EQ(tree.root(), tree_hash(crypto, leaves)) << size;
    for (std::size_t index = 0; index < size; ++index) {
      const std::vector<Digest> path = tree.path(index);
      EXPECT_EQ(path, audit_path(crypto, index, leaves)) << index << " of " << size;
      EXPECT_EQ(root_of_path(crypto, leaf_hash(crypto, leaves[index]), {index, size}, path),
                tree.root());
    }
  }
}

TEST(Merkle, RefusesAPathOfAnotherLength) {
  const sim::FastCrypto crypto;
  const std::vector<std::string> leaves = some_leaves(6);
  std::vector<Digest> path = MerkleTree(crypto, leaves).path(2);
  const Digest leaf = leaf_hash(crypto, leaves[2]);
  path.push_back({});
  EXPECT_EQ(root_of_path(crypto, leaf, {2, 6}, path), std::nullopt);
  path.resize(path.size() - 2);
  EXPECT_EQ(root_of_path(crypto, leaf, {2, 6}, path), std::nullopt);
  EXPECT_EQ(root_of_path(crypto, leaf, {6, 6}, path), std::nullopt);
  EXPECT_EQ(root_of_path(crypto, leaf, {0, 0}, path), std::nullopt);
}

template <class CryptoType>
class Batch : public ::testing::Test {
 protected:
  SignedBatch batch_of(std::size_t size, const BatchEnd& previous = {}) {
    payloads_.clear();
    for (std::size_t i = 0; i < size; ++i) {
      payloads_.push_back(manifest_payload(
          world_.manifest(), site_named(static_cast<std::uint8_t>(i)), {1, i + 1}));
    }
    return sign_batch(payloads_, previous, world_.keys.get(KeyRole::planner), world_.crypto)
        .value();
  }

  /// What the site of that leaf answers.
  ErrorCode answer(std::size_t index, std::string_view envelope) {
    world_.anchors.site = site_named(static_cast<std::uint8_t>(index));
    return world_.admit_code(envelope);
  }

  template <class Change>
  ErrorCode altered(const SignedBatch& batch, std::size_t index, Change&& change) {
    Envelope envelope = document::decode<Envelope>(batch.envelopes[index]).value();
    change(envelope);
    return answer(index, document::encode(envelope));
  }

  World<CryptoType> world_;
  std::vector<std::string> payloads_;
};

TYPED_TEST_SUITE(Batch, Cryptos);

TYPED_TEST(Batch, EveryLeafIsAcceptedAtItsSite) {
  for (const std::size_t size : {1U, 2U, 3U, 7U, 32U, 33U}) {
    const SignedBatch batch = this->batch_of(size);
    ASSERT_EQ(batch.envelopes.size(), size);
    for (std::size_t index = 0; index < size; ++index) {
      EXPECT_EQ(this->answer(index, batch.envelopes[index]), accepted) << index << " of " << size;
    }
  }
}

TYPED_TEST(Batch, TheLargestIsAccepted) {
  const SignedBatch batch = this->batch_of(batch_size_max);
  EXPECT_EQ(this->answer(255, batch.envelopes[255]), accepted);
}

TYPED_TEST(Batch, ALeafIsForItsSiteAlone) {
  const SignedBatch batch = this->batch_of(4);
  EXPECT_EQ(this->answer(1, batch.envelopes[2]), refusal::wrong_audience);
}

TYPED_TEST(Batch, ContinuesThePlannersLog) {
  auto& crypto = this->world_.crypto;
  const SignedBatch first = this->batch_of(2);
  EXPECT_EQ(first.header.seq, 1U);
  EXPECT_TRUE(first.header.previous.is_zero());
  const SignedBatch second = this->batch_of(3, first.end);
  EXPECT_EQ(second.header.seq, 2U);
  EXPECT_EQ(second.header.previous, crypto.sha256(document::encode(first.header)));
  EXPECT_EQ(second.header.size, 3U);
  EXPECT_EQ(second.header.planner_key, this->world_.id_of(KeyRole::planner));
}

TYPED_TEST(Batch, RefusesAnAlteredProof) {
  const SignedBatch batch = this->batch_of(6);
  const auto altered = [&](auto&& change) { return this->altered(batch, 2, change); };
  EXPECT_EQ(altered([](Envelope&) {}), accepted);
  EXPECT_EQ(altered([](Envelope& e) { e.proof->index = 3; }), refusal::bad_signature);
  EXPECT_EQ(altered([](Envelope& e) { e.proof->index = 6; }), refusal::bad_signature);
  EXPECT_EQ(altered([](Envelope& e) { e.proof->index = ~std::uint64_t{0}; }),
            refusal::bad_signature);
  EXPECT_EQ(altered([](Envelope& e) { e.proof->path[0].bytes[5] ^= 1; }), refusal::bad_signature);
  EXPECT_EQ(altered([](Envelope& e) { e.proof->path.pop_back(); }), refusal::bad_signature);
  EXPECT_EQ(altered([](Envelope& e) { e.proof->path.emplace_back(); }), refusal::bad_signature);
  EXPECT_EQ(altered([](Envelope& e) { e.proof->header.size = 5; }), refusal::bad_signature);
  EXPECT_EQ(altered([](Envelope& e) { e.proof->header.size = 0; }), refusal::bad_signature);
  EXPECT_EQ(altered([](Envelope& e) { e.proof->header.size = 257; }), refusal::bad_signature);
  EXPECT_EQ(altered([](Envelope& e) { e.proof->header.root.bytes[0] ^= 1; }),
            refusal::bad_signature);
  EXPECT_EQ(altered([](Envelope& e) { e.proof->header.seq += 1; }), refusal::bad_signature);
  EXPECT_EQ(altered([](Envelope& e) { e.proof->header.previous.bytes[0] = 1; }),
            refusal::bad_signature);
  EXPECT_EQ(altered([](Envelope& e) { e.proof->header.planner_key.bytes[0] ^= 1; }),
            refusal::bad_signature);
  EXPECT_EQ(altered([](Envelope& e) { e.proof.reset(); }), refusal::bad_signature);
}

TYPED_TEST(Batch, RefusesAPayloadThatIsNotInTheTree) {
  const SignedBatch batch = this->batch_of(4);
  const std::string other = this->world_.manifest_at({9, 9});
  EXPECT_EQ(this->altered(batch, 1, [&](Envelope& e) { e.payload = other; }),
            refusal::bad_signature);
}

TYPED_TEST(Batch, NeverAcceptsAnEnvelopeWithAnyByteChanged) {
  const SignedBatch batch = this->batch_of(5);
  const std::string& envelope = batch.envelopes[3];
  ASSERT_EQ(this->answer(3, envelope), accepted);
  for (std::size_t at = 0; at < envelope.size(); ++at) {
    std::string changed = envelope;
    changed[at] = static_cast<char>(changed[at] ^ 0x01);
    EXPECT_NE(this->answer(3, changed), accepted) << at;
  }
}

TYPED_TEST(Batch, SignsNothingElse) {
  auto& world = this->world_;
  const SignedBatch batch = this->batch_of(1);
  Envelope envelope = document::decode<Envelope>(batch.envelopes[0]).value();
  envelope.payload = release_payload(small_release());
  EXPECT_EQ(world.admit_code(document::encode(envelope)), refusal::malformed);
}

TYPED_TEST(Batch, ItsHeaderIsNeverTakenForAPayload) {
  auto& world = this->world_;
  const SignedBatch batch = this->batch_of(1);
  const Envelope envelope{.payload = document::encode(batch.header),
                          .signatures = {batch.signature}};
  EXPECT_NE(world.admit_code(document::encode(envelope)), accepted);
}

TEST(Sign, GivesEqualPayloadsForEqualInputs) {
  World<OpenSslCrypto> world;
  EXPECT_EQ(world.manifest_at({1, 1}), world.manifest_at({1, 1}));
  EXPECT_EQ(trust_payload(world.trust), trust_payload(first_trust(world.keys)));
  EXPECT_NE(world.sign_by(KeyRole::planner, world.manifest_at({1, 1})),
            world.sign_by(KeyRole::planner, world.manifest_at({1, 1})))
      << "ECDSA is randomised; only the payload is named by the digest";
}

}  // namespace
}  // namespace skerry::trust
