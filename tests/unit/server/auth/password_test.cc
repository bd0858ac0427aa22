#include "server/auth/password.h"

#include <gtest/gtest.h>

#include "unit/server/store/standing.h"

namespace skerry::auth {
namespace {

std::string hash_of(std::string_view password, Random& random) {
  return hash_password(Secret(std::string(password)), random).value();
}

TEST(Password, IsTheOneThatWasHashedAndNoOther) {
  store::CountingRandom random;
  const std::string hash = hash_of("correct horse", random);
  EXPECT_TRUE(verify_password(hash, Secret("correct horse")));
  EXPECT_FALSE(verify_password(hash, Secret("correct horsf")));
  EXPECT_FALSE(verify_password(hash, Secret("correct hors")));
  EXPECT_FALSE(verify_password(hash, Secret("")));
}

TEST(Password, IsReadToItsEndPastAZeroByte) {
  store::CountingRandom random;
  const std::string hash = hash_of(std::string_view("ab\0cd", 5), random);
  EXPECT_FALSE(verify_password(hash, Secret(std::string("ab"))));
  EXPECT_FALSE(verify_password(hash, Secret(std::string("ab\0ce", 5))));
  EXPECT_TRUE(verify_password(hash, Secret(std::string("ab\0cd", 5))));
}

TEST(Password, IsSaltedSoThatEqualOnesDiffer) {
  store::CountingRandom random;
  EXPECT_NE(hash_of("correct horse", random), hash_of("correct horse", random));
}

TEST(Password, IsHashedByArgon2idAtTheCostThatIsPromised) {
  store::CountingRandom random;
  EXPECT_TRUE(hash_of("correct horse", random).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
}

TEST(Password, OfNobodyCostsAsMuchToCheckAndIsNever) {
  store::CountingRandom random;
  const std::string hash = hash_of("correct horse", random);
  const std::size_t parameters = hash.find('$', hash.find("p=1"));
  EXPECT_EQ(hash_of_nobody().substr(0, parameters), hash.substr(0, parameters));
  EXPECT_EQ(hash_of_nobody().size(), hash.size());
  EXPECT_FALSE(verify_password(hash_of_nobody(), Secret("")));
  EXPECT_FALSE(verify_password(hash_of_nobody(), Secret("correct horse")));
}

TEST(Password, IsNotAnythingWhereTheHashIsNone) {
  EXPECT_FALSE(verify_password("", Secret("")));
  EXPECT_FALSE(verify_password("correct horse", Secret("correct horse")));
}

}  // namespace
}  // namespace skerry::auth
