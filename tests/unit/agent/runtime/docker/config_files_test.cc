#include "agent/runtime/docker/config_files.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <openssl/sha.h>

namespace skerry::agent::docker {
namespace {

namespace fs = std::filesystem;

/// SHA-256 for real, signatures not at all.
class HashOnly final : public Crypto {
 public:
  [[nodiscard]] Digest sha256(std::string_view bytes) const override {
    Digest digest;
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.bytes.data());
    return digest;
  }

  Result<KeyPair> generate() override { return KeyPair{}; }

  [[nodiscard]] Result<KeyPair> load(Secret) const override { return KeyPair{}; }

  Result<std::string> sign(const KeyPair&, std::string_view) override { return std::string(); }

  [[nodiscard]] bool verify(const PublicKey&, std::string_view, std::string_view) const override {
    return false;
  }
};

class ConfigFilesTest : public ::testing::Test {
 protected:
  static std::string new_directory() {
    std::string name = (fs::temp_directory_path() / "skerry.XXXXXX").string();
    return ::mkdtemp(name.data());
  }

  ~ConfigFilesTest() override { fs::remove_all(path_); }

  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream in(path_ + "/configs/" + name);
    std::string line;
    std::getline(in, line);
    return line;
  }

  HashOnly crypto_;
  std::string path_ = new_directory();
  ConfigFiles files_{crypto_, path_ + "/configs"};
  document::Config config_{.key = "app", .content = {.literal = "answer=42"}};
};

TEST_F(ConfigFilesTest, WritesTheContentWithItsMode) {
  const auto name = files_.put(config_, {.source = "app", .target = "/a", .mode = 0440});

  ASSERT_TRUE(name) << to_string(name.error());
  EXPECT_EQ(content(*name), "answer=42");
  EXPECT_EQ(fs::status(path_ + "/configs/" + *name).permissions(), fs::perms(0440));
  EXPECT_EQ(fs::status(path_ + "/configs").permissions(), fs::perms(0700));
}

TEST_F(ConfigFilesTest, IsReadableForAllWhereTheFileSaysNothing) {
  const auto name = files_.put(config_, {.source = "app", .target = "/a"});

  ASSERT_TRUE(name);
  EXPECT_EQ(fs::status(path_ + "/configs/" + *name).permissions(), fs::perms(0444));
}

TEST_F(ConfigFilesTest, OneContentAndModeIsOneFile) {
  const auto first = files_.put(config_, {.source = "app", .target = "/a"});
  const auto again = files_.put(config_, {.source = "app", .target = "/b"});
  const auto other = files_.put(config_, {.source = "app", .target = "/a", .mode = 0400});

  EXPECT_EQ(*first, *again);
  EXPECT_NE(*first, *other);
}

TEST_F(ConfigFilesTest, WritesAHalfWrittenFileAnew) {
  const auto name = files_.put(config_, {.source = "app", .target = "/a"});
  fs::resize_file(path_ + "/configs/" + *name, 3);

  ASSERT_TRUE(files_.put(config_, {.source = "app", .target = "/a"}));

  EXPECT_EQ(content(*name), "answer=42");
}

TEST_F(ConfigFilesTest, KeepsOnlyWhatIsNamed) {
  const auto kept = files_.put(config_, {.source = "app", .target = "/a"});
  const auto dropped = files_.put(config_, {.source = "app", .target = "/a", .mode = 0400});

  files_.keep_only({*kept});

  EXPECT_TRUE(fs::exists(path_ + "/configs/" + *kept));
  EXPECT_FALSE(fs::exists(path_ + "/configs/" + *dropped));
}

TEST_F(ConfigFilesTest, RefusesAnOwnerThatIsNoNumber) {
  const auto refused = files_.put(config_, {.source = "app", .target = "/a", .uid = "www-data"});

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code.name, "spec_not_supported");
}

}  // namespace
}  // namespace skerry::agent::docker
