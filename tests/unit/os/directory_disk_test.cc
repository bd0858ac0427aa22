#include "os/directory_disk.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/boot_id.h"
#include "os/codes.h"
#include "os/directory_lock.h"
#include "os/system_clock.h"
#include "os/system_random.h"
#include "unit/os/temporary_directory.h"

namespace skerry::os {
namespace {

using testing::ElementsAre;

std::unique_ptr<DirectoryDisk> open_disk(const std::string& path) {
  auto disk = DirectoryDisk::open_directory(path);
  EXPECT_TRUE(disk.has_value());
  return std::move(*disk);
}

TEST(DirectoryDisk, ReadsBackWhatWasWritten) {
  const TemporaryDirectory directory;
  const auto disk = open_disk(directory.path());
  auto file = disk->open("ledger", Disk::Create::if_missing);
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE((*file)->write(0, "hello world").has_value());
  ASSERT_TRUE((*file)->sync().has_value());
  EXPECT_EQ((*file)->read(6, 100).value(), "world");
  EXPECT_EQ((*file)->read(100, 5).value(), "");
  ASSERT_TRUE((*file)->truncate(5).has_value());
  EXPECT_EQ((*file)->size().value(), 5U);
}

TEST(DirectoryDisk, MakesPrivateFilesInAPrivateDirectory) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/deep/state";
  const auto disk = open_disk(path);
  ASSERT_TRUE(write_atomically(*disk, "key", "secret").has_value());

  struct stat status {};

  ASSERT_EQ(::stat((path + "/key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  ASSERT_EQ(::stat((directory.path() + "/deep").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0755U);
}

TEST(DirectoryDisk, ListsRegularFilesByName) {
  const TemporaryDirectory directory;
  const auto disk = open_disk(directory.path());
  ASSERT_TRUE(write_atomically(*disk, "b", "2").has_value());
  ASSERT_TRUE(write_atomically(*disk, "a", "1").has_value());
  ASSERT_EQ(::mkdir((directory.path() + "/folder").c_str(), 0700), 0);
  EXPECT_THAT(*disk->list(), ElementsAre("a", "b"));
  ASSERT_TRUE(disk->remove("a").has_value());
  ASSERT_TRUE(disk->rename("b", "c").has_value());
  EXPECT_THAT(*disk->list(), ElementsAre("c"));
}

TEST(DirectoryDisk, SaysWhichFileIsMissing) {
  const TemporaryDirectory directory;
  const auto disk = open_disk(directory.path());
  const auto opened = disk->open("floor", Disk::Create::no);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, file_not_found);
  EXPECT_EQ(opened.error().kind, ErrorKind::not_found);
  EXPECT_EQ(opened.error().field_path, "open floor");
  EXPECT_EQ(disk->remove("floor").error().code, file_not_found);
  EXPECT_EQ(disk->rename("floor", "x").error().code, file_not_found);
}

TEST(DirectoryDisk, RefusesANameThatLeavesTheDirectory) {
  const TemporaryDirectory directory;
  const auto disk = open_disk(directory.path());
  EXPECT_FALSE(disk->open("../escape", Disk::Create::if_missing).has_value());
  EXPECT_FALSE(disk->open("", Disk::Create::if_missing).has_value());
  EXPECT_FALSE(disk->open("..", Disk::Create::no).has_value());
  EXPECT_FALSE(disk->rename("a", "b/c").has_value());
}

TEST(DirectoryDisk, DoesNotFollowALinkOutOfTheDirectory) {
  const TemporaryDirectory directory;
  const auto disk = open_disk(directory.path());
  ASSERT_EQ(::symlink("/etc/passwd", (directory.path() + "/floor").c_str()), 0);
  EXPECT_EQ(disk->open("floor", Disk::Create::no).error().code, disk_failed);
}

TEST(DirectoryDisk, ReportsAFullDiskAsFull) {
  const TemporaryDirectory directory;
  if (::mount("tmpfs", directory.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "mounting a tmpfs needs root";
  }
  {
    const auto disk = open_disk(directory.path());
    auto file = disk->open("ledger", Disk::Create::if_missing);
    ASSERT_TRUE(file.has_value());
    const Status written = (*file)->write(0, std::string(256 * 1024, 'x'));
    ASSERT_FALSE(written.has_value());
    EXPECT_EQ(written.error().code, disk_full);
    EXPECT_EQ(written.error().kind, ErrorKind::exhausted);
    EXPECT_EQ(written.error().message, "no space left on device");
  }
  ::umount2(directory.path().c_str(), MNT_DETACH);
}

TEST(DirectoryLock, RefusesASecondHolderUntilTheFirstIsGone) {
  const TemporaryDirectory directory;
  {
    const auto first = DirectoryLock::acquire(directory.path());
    ASSERT_TRUE(first.has_value());
    const auto second = DirectoryLock::acquire(directory.path());
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, state_locked);
    EXPECT_EQ(second.error().kind, ErrorKind::conflict);
  }
  EXPECT_TRUE(DirectoryLock::acquire(directory.path()).has_value());
}

TEST(SystemClock, NeverGoesBackAndKnowsTheYear) {
  const SystemClock clock;
  const Instant before = clock.now();
  EXPECT_LE(before, clock.now());
  EXPECT_GT(to_rfc3339(clock.wall()), "2024-01-01T00:00:00.000Z");
}

TEST(SystemRandom, FillsEveryByteOfALargeBuffer) {
  SystemRandom random;
  std::array<std::uint8_t, 4096> bytes{};
  random.fill(bytes);
  // 64 zero bytes in a row would have a chance of 2^-500.
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()).find(std::string(64, '\0')), std::string::npos);
}

TEST(BootId, StaysTheSameWithinOneBoot) {
  const auto first = read_boot_id();
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(first->is_zero());
  EXPECT_EQ(*first, read_boot_id().value());
}

}  // namespace
}  // namespace skerry::os
