#include "trust/keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "os/directory_disk.h"
#include "unit/os/temporary_directory.h"
#include "world.h"

namespace skerry::trust {
namespace {

class KeyFiles : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path_of(KeyRole role) const {
    return directory_.path() + "/" + std::string(file_name(role));
  }

  [[nodiscard]] std::string text_of(KeyRole role) {
    return read_whole(*disk_, file_name(role), 4096).value();
  }

  void expect_damaged(const std::string& text) {
    ASSERT_TRUE(write_atomically(*disk_, file_name(KeyRole::author), text));
    const Result<KeyRing> keys = load_keys(*disk_, crypto_);
    ASSERT_EQ(code_of(keys), key_damaged);
    EXPECT_NE(keys.error().message.find("author.key"), std::string::npos);
    EXPECT_FALSE(create_keys(*disk_, crypto_)) << "a damaged key must not be replaced";
  }

  os::TemporaryDirectory directory_;
  std::unique_ptr<os::DirectoryDisk> disk_ =
      os::DirectoryDisk::open_directory(directory_.path()).value();
  OpenSslCrypto crypto_;
};

TEST_F(KeyFiles, AreReadBackAsTheyWereMade) {
  const KeyRing made = create_keys(*disk_, crypto_).value();
  const KeyRing read = load_keys(*disk_, crypto_).value();
  for (const KeyRole role : key_roles) {
    EXPECT_EQ(read.get(role).public_key, made.get(role).public_key) << file_name(role);
    const std::string signature = crypto_.sign(read.get(role), "m").value();
    EXPECT_TRUE(crypto_.verify(made.get(role).public_key, "m", signature)) << file_name(role);
  }
}

TEST_F(KeyFiles, AreOneForEachRoleAndReadableByTheirOwnerAlone) {
  ASSERT_TRUE(create_keys(*disk_, crypto_));
  EXPECT_EQ(disk_->list().value().size(), std::size(key_roles));
  for (const KeyRole role : key_roles) {
    struct stat status {};

    ASSERT_EQ(::stat(path_of(role).c_str(), &status), 0) << path_of(role);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << path_of(role);
  }
}

TEST_F(KeyFiles, AreNeverReplaced) {
  const KeyRing first = create_keys(*disk_, crypto_).value();
  ASSERT_TRUE(disk_->remove(file_name(KeyRole::assign)));
  const KeyRing second = create_keys(*disk_, crypto_).value();
  EXPECT_EQ(second.get(KeyRole::root).public_key, first.get(KeyRole::root).public_key);
  EXPECT_NE(second.get(KeyRole::assign).public_key, first.get(KeyRole::assign).public_key);
}

TEST_F(KeyFiles, MayBeKeptElsewhere) {
  ASSERT_TRUE(create_keys(*disk_, crypto_));
  ASSERT_TRUE(disk_->remove(file_name(KeyRole::root)));
  const KeyRing keys = load_keys(*disk_, crypto_).value();
  EXPECT_FALSE(keys.has(KeyRole::root));
  const Result<KeyPair> root = keys.find(KeyRole::root);
  EXPECT_EQ(code_of(root), key_missing);
  EXPECT_EQ(root.error().message, "root.key is not kept on this server");
  EXPECT_TRUE(keys.find(KeyRole::planner));
}

TEST_F(KeyFiles, SayWhichOneIsDamaged) {
  ASSERT_TRUE(create_keys(*disk_, crypto_));
  const std::string text = text_of(KeyRole::author);
  expect_damaged({});
  expect_damaged(text.substr(0, 60));
  expect_damaged(text + "x");
  // The first line of the block gone: still base64, no longer a key.
  expect_damaged(text.substr(0, 28) + text.substr(28 + 65));
}

TEST_F(KeyFiles, RefuseAFileThatIsFarTooLarge) {
  ASSERT_TRUE(write_atomically(*disk_, file_name(KeyRole::root), std::string(10'000, 'x')));
  EXPECT_EQ(code_of(load_keys(*disk_, crypto_)), refusal::too_large);
}

TEST_F(KeyFiles, ArePemAsOtherToolsWriteIt) {
  // openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt
  const std::string pem =
      "-----BEGIN PRIVATE KEY-----\n"
      "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgR4sDZV5pmyKjMjS8\n"
      "gTD+Lyijm4hfjoEV4Dz1/xDouS2hRANCAAS0hvVOrirNIKxRauaTdRvMZuIW0Qaq\n"
      "6vNsZ7txyb3wXYf+cF7fLwywU0hQnB5vVV6s4oBHD0X4zuDp9dYju50G\n"
      "-----END PRIVATE KEY-----\n";
  const Secret der = from_pem(pem).value();
  EXPECT_TRUE(crypto_.load(der));
  EXPECT_EQ(to_pem(der).reveal(), pem);
}

TEST_F(KeyFiles, RefuseWhatIsNotOneBlock) {
  ASSERT_TRUE(create_keys(*disk_, crypto_));
  const std::string text = text_of(KeyRole::root);
  EXPECT_EQ(code_of(from_pem(text + text)), key_damaged);
  EXPECT_EQ(code_of(from_pem(" " + text)), key_damaged);
  EXPECT_EQ(code_of(from_pem("-----BEGIN PRIVATE KEY-----\n")), key_damaged);
  EXPECT_EQ(code_of(from_pem("-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----\n")),
            key_damaged);
}

}  // namespace
}  // namespace skerry::trust
