#include <gtest/gtest.h>

#include "base/text.h"
#include "world.h"

namespace skerry::trust {
namespace {

template <class CryptoType>
class CryptoPromises : public ::testing::Test {
 protected:
  CryptoType crypto_;
};

TYPED_TEST_SUITE(CryptoPromises, Cryptos);

TYPED_TEST(CryptoPromises, VerifiesWhatItSigned) {
  auto& crypto = this->crypto_;
  const KeyPair key = crypto.generate().value();
  for (const std::string& message : {std::string(), std::string("a"), std::string(100'000, 'x')}) {
    EXPECT_TRUE(crypto.verify(key.public_key, message, crypto.sign(key, message).value()));
  }
}

TYPED_TEST(CryptoPromises, RefusesEveryFlippedBitOfMessageAndSignature) {
  auto& crypto = this->crypto_;
  const KeyPair key = crypto.generate().value();
  const std::string message = "a message of some length";
  const std::string signature = crypto.sign(key, message).value();
  for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
    std::string changed = message;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(crypto.verify(key.public_key, changed, signature)) << bit;
  }
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    std::string changed = signature;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(crypto.verify(key.public_key, message, changed)) << bit;
  }
}

TYPED_TEST(CryptoPromises, RefusesASignatureOfAnotherLength) {
  auto& crypto = this->crypto_;
  const KeyPair key = crypto.generate().value();
  const std::string signature = crypto.sign(key, "m").value();
  EXPECT_FALSE(crypto.verify(key.public_key, "m", ""));
  EXPECT_FALSE(crypto.verify(key.public_key, "m", signature + '\0'));
  EXPECT_FALSE(crypto.verify(key.public_key, "m", signature.substr(1)));
  EXPECT_FALSE(crypto.verify(key.public_key, "m", std::string(1'000'000, '\x30')));
}

TYPED_TEST(CryptoPromises, RefusesAnotherKeyAndWhatIsNoKey) {
  auto& crypto = this->crypto_;
  const KeyPair key = crypto.generate().value();
  const std::string signature = crypto.sign(key, "m").value();
  EXPECT_FALSE(crypto.verify(crypto.generate().value().public_key, "m", signature));
  EXPECT_FALSE(crypto.verify(PublicKey{}, "m", signature));
  PublicKey off_the_curve = key.public_key;
  off_the_curve.bytes[64] ^= 1;
  EXPECT_FALSE(crypto.verify(off_the_curve, "m", signature));
}

TYPED_TEST(CryptoPromises, LoadsAStoredKey) {
  auto& crypto = this->crypto_;
  const KeyPair key = crypto.generate().value();
  const KeyPair again = crypto.load(key.private_key).value();
  EXPECT_EQ(again.public_key, key.public_key);
  EXPECT_TRUE(crypto.verify(key.public_key, "m", crypto.sign(again, "m").value()));
}

TYPED_TEST(CryptoPromises, RefusesToLoadWhatIsNoKey) {
  EXPECT_EQ(code_of(this->crypto_.load(Secret("not a key"))), key_damaged);
  EXPECT_EQ(code_of(this->crypto_.load(Secret(""))), key_damaged);
}

TYPED_TEST(CryptoPromises, MakesAnotherKeyEachTime) {
  EXPECT_NE(this->crypto_.generate().value().public_key,
            this->crypto_.generate().value().public_key);
}

TYPED_TEST(CryptoPromises, HashesEveryBit) {
  const std::string bytes(40, 'a');
  std::set<Digest> seen{this->crypto_.sha256(bytes)};
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_TRUE(seen.insert(this->crypto_.sha256(changed)).second) << bit;
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(seen.insert(this->crypto_.sha256(bytes.substr(0, size))).second) << size;
  }
  EXPECT_TRUE(seen.insert(this->crypto_.sha256(std::string(3, '\0'))).second);
  EXPECT_TRUE(seen.insert(this->crypto_.sha256(std::string(4, '\0'))).second);
}

TEST(OpenSslCrypto, HashesAsFips180Says) {
  EXPECT_EQ(to_hex(OpenSslCrypto().sha256("abc").view()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(OpenSslCrypto, VerifiesTheVectorOfRfc6979) {
  // RFC 6979, A.2.5: P-256 with SHA-256, message "sample".
  const OpenSslCrypto crypto;
  const std::string point = from_hex(
                                "04"
                                "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                                "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299")
                                .value();
  PublicKey key;
  std::ranges::copy(point, key.bytes.begin());
  const std::string signature =
      from_hex(
          "3046"
          "022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
          "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8")
          .value();
  EXPECT_TRUE(crypto.verify(key, "sample", signature));
  EXPECT_FALSE(crypto.verify(key, "Sample", signature));
}

TEST(OpenSslCrypto, RefusesAKeyOfAnotherCurve) {
  // openssl ecparam -name secp384r1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt
  const Secret other = from_pem(
                           "-----BEGIN PRIVATE KEY-----\n"
                           "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDzJXxl8ax9bsDwsVtT\n"
                           "JB3EqRTMXv1tkCCPggkfFRCEe5zSc6zNq5Abyn+FFFzd/n2hZANiAASoUcnfxaLY\n"
                           "YR7rs7NPcJvHnUSEnHljDmX6ZzNWJen2SneE0vp4SfpNfxZhFNU7R4h9+Ky3lZhd\n"
                           "93M9uPTfzGhK910WHXbTsw+KCISTiwENB8+W5+ntfd1QJ4S3TQIOk9s=\n"
                           "-----END PRIVATE KEY-----\n")
                           .value();
  EXPECT_EQ(code_of(OpenSslCrypto().load(other)), key_damaged);
}

TEST(FastCrypto, RepeatsBitForBitFromItsSeed) {
  sim::FastCrypto one(7);
  sim::FastCrypto two(7);
  sim::FastCrypto other(8);
  const KeyPair key = one.generate().value();
  EXPECT_EQ(key.public_key, two.generate().value().public_key);
  EXPECT_NE(key.public_key, other.generate().value().public_key);
}

TEST(FastCrypto, SignsOnlyForWhoHasThePrivateKey) {
  sim::FastCrypto crypto;
  const KeyPair victim = crypto.generate().value();
  const KeyPair thief{.public_key = victim.public_key,
                      .private_key = crypto.generate().value().private_key};
  EXPECT_FALSE(crypto.sign(thief, "m"));
}

}  // namespace
}  // namespace skerry::trust
