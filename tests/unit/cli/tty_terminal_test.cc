#include "cli/tty_terminal.h"

#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "cli/exit.h"

namespace skerry::cli {
namespace {

/// Writes to a standard output that is `descriptor` from here on, in a process that then ends.
[[noreturn]] void write_to(int descriptor) {
  ::dup2(descriptor, STDOUT_FILENO);
  end_on_interrupt();
  TtyTerminal().out("a token that is shown once\n");
  ::_exit(0);
}

TEST(TtyTerminalDeathTest, SaysThatAResultWasLost) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  EXPECT_EXIT(write_to(full),
              testing::ExitedWithCode(static_cast<int>(Exit::partly)),
              "standard output cannot be written");
  ::close(full);
}

TEST(TtyTerminalDeathTest, EndsQuietlyWhenItsReaderWentAway) {
  int ends[2] = {};
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_EXIT(
      write_to(ends[1]), testing::ExitedWithCode(static_cast<int>(Exit::reader_gone)), "^$");
  ::close(ends[1]);
}

}  // namespace
}  // namespace skerry::cli
