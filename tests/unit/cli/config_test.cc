#include "cli/config.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/exit.h"

namespace skerry::cli {
namespace {

namespace fs = std::filesystem;

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    std::string pattern = (fs::temp_directory_path() / "skerry-cli-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }

  ~ConfigTest() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return folder_ + "/below/config.yaml"; }

  [[nodiscard]] static unsigned mode_of(const std::string& file) {
    struct stat info {};

    EXPECT_EQ(::stat(file.c_str(), &info), 0);
    return info.st_mode & 0777U;
  }

  [[nodiscard]] static Config sample() {
    Config config{.current = "prod"};
    config.contexts["prod"] = {.server = {.url = "https://edge.example:8443", .pin = "ab12"},
                               .user = "ana",
                               .token = Secret("a: \"token\"")};
    return config;
  }

  std::string folder_;
};

TEST_F(ConfigTest, ComesBackAsItWasKept) {
  ASSERT_TRUE(save_config(path(), sample()));
  const auto config = load_config(path());
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->current, "prod");
  const Context& context = config->contexts.at("prod");
  EXPECT_EQ(context.server.url, "https://edge.example:8443");
  EXPECT_EQ(context.server.pin, "ab12");
  EXPECT_EQ(context.user, "ana");
  EXPECT_EQ(context.token.reveal(), "a: \"token\"");
}

TEST_F(ConfigTest, IsForTheUserAlone) {
  ASSERT_TRUE(save_config(path(), sample()));
  EXPECT_EQ(mode_of(path()), 0600U);
  EXPECT_EQ(mode_of(folder_ + "/below"), 0700U);
}

TEST_F(ConfigTest, RefusesAFileThatOthersMayRead) {
  ASSERT_TRUE(save_config(path(), sample()));
  ASSERT_EQ(::chmod(path().c_str(), 0644), 0);
  const auto config = load_config(path());
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, bad_config);
  EXPECT_EQ(config.error().hint, "chmod 600 " + path());
}

TEST_F(ConfigTest, WithoutAFileIsEmpty) {
  const auto config = load_config(path());
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->contexts.empty());
}

TEST_F(ConfigTest, RefusesWhatIsNoSettingsFile) {
  ASSERT_TRUE(save_config(path(), sample()));
  std::ofstream(path(), std::ios::binary) << "- a\n- list\n";
  EXPECT_FALSE(load_config(path()));
}

std::optional<std::string> only_home(std::string_view name) {
  return name == "HOME" ? std::optional<std::string>("/home/ana") : std::nullopt;
}

TEST(ConfigPath, IsBelowHome) {
  EXPECT_EQ(config_path(only_home).value(), "/home/ana/.config/skerry/config.yaml");
}

TEST(ConfigPath, IsBelowTheXdgFolderWhereThereIsOne) {
  const auto path = config_path([](std::string_view name) -> std::optional<std::string> {
    return name == "XDG_CONFIG_HOME" ? std::optional<std::string>("/xdg") : only_home(name);
  });
  EXPECT_EQ(path.value(), "/xdg/skerry/config.yaml");
}

TEST(ConfigPath, NeedsSomePlace) {
  EXPECT_FALSE(config_path([](std::string_view) { return std::optional<std::string>(); }));
}

}  // namespace
}  // namespace skerry::cli
