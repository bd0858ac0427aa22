// Starts the agent from one of two slots. `slot` in the state directory names it; a slot that
// was started too often without being confirmed is left for the other one. Deliberately tiny:
// it is the one part that an update of the agent never replaces in the same step.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/text.h"
#include "os/descriptor.h"
#include "os/directory_disk.h"

namespace {

using skerry::Disk;
using skerry::Result;
using skerry::Status;

constexpr std::uint64_t attempts_max = 3;
constexpr const char* slot_file = "slot";
constexpr const char* attempts_file = "slot-attempts";

std::string read_word(Disk& disk, const char* name, const std::string& otherwise) {
  const Result<std::string> text = skerry::read_whole(disk, name, 64);
  return text && !text->empty() ? *text : otherwise;
}

std::string other(const std::string& slot) {
  return slot == "a" ? "b" : "a";
}

bool is_there(const std::string& directory, const std::string& slot) {
  return access((directory + "/" + slot + "/skerry-agent").c_str(), X_OK) == 0;
}

/// Counts the attempt before it is made, so that one which crashes at once is counted too. The
/// agent takes the count back once it runs well.
Status count(Disk& disk, std::uint64_t attempts) {
  return skerry::write_atomically(disk, attempts_file, std::to_string(attempts));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: skerry-launch STATE-DIR SLOTS-DIR [agent's arguments...]\n", stderr);
    return 2;
  }
  const std::string slots = argv[2];
  auto disk = skerry::os::DirectoryDisk::open_directory(argv[1]);
  if (!disk) {
    std::fprintf(stderr, "error: %s\n", to_string(disk.error()).c_str());
    return 70;
  }
  std::string slot = read_word(**disk, slot_file, "a");
  std::uint64_t attempts =
      skerry::parse_unsigned(read_word(**disk, attempts_file, "0")).value_or(attempts_max);
  if (attempts >= attempts_max && is_there(slots, other(slot))) {
    slot = other(slot);
    attempts = 0;
    if (const Status kept = skerry::write_atomically(**disk, slot_file, slot); !kept) {
      std::fprintf(stderr, "error: %s\n", to_string(kept.error()).c_str());
    }
  }
  if (const Status counted = count(**disk, attempts + 1); !counted) {
    // A full disk must not keep the site without its agent.
    std::fprintf(stderr, "warning: %s\n", to_string(counted.error()).c_str());
  }
  std::string program = slots + "/" + slot + "/skerry-agent";
  argv[2] = program.data();
  execv(program.c_str(), argv + 2);
  const skerry::Error failed =
      skerry::os::system_error(errno, skerry::disk_failed, "start " + program);
  std::fprintf(stderr, "error: %s\n", to_string(failed).c_str());
  return 70;
}
