#include "cli/tty_terminal.h"

#include <cerrno>
#include <csignal>
#include <ctime>

#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cli/exit.h"
#include "os/descriptor.h"

namespace skerry::cli {
namespace {

/// How the terminal was before its echo was turned off; for the handler of Ctrl-C too,
/// which reaches nothing else. NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
termios echo_before{};
volatile std::sig_atomic_t echo_is_off = 0;

// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

/// @return 0, or the errno of the write that failed
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return errno;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

/// A result that nobody gets: quietly where its reader went away, as the shell's own tools do;
/// aloud where it was lost, since a token is shown once.
[[noreturn]] void end_without_output(int error_number) {
  if (error_number == EPIPE) {
    ::_exit(static_cast<int>(Exit::reader_gone));
  }
  constexpr std::string_view text =
      "error: standard output cannot be written; the command itself was carried out\n";
  write_all(STDERR_FILENO, text);
  ::_exit(static_cast<int>(Exit::partly));
}

Error no_input(std::string_view why) {
  return {.kind = ErrorKind::invalid,
          .code = file_failed,
          .message = "cannot read standard input\n" + std::string(why)};
}

/// One line, byte by byte, so that nothing behind it is taken.
Result<std::string> read_line() {
  std::string line;
  char c = 0;
  while (line.size() <= Terminal::input_bytes_max) {
    const ssize_t count = ::read(STDIN_FILENO, &c, 1);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return fail(no_input(os::system_error(errno, file_failed, "read").message));
    }
    if (count == 0 || c == '\n') {
      return line;
    }
    line += c;
  }
  return fail(no_input("the line is too long"));
}

/// No echo while it lives.
class Quiet {
 public:
  Quiet() {
    if (::tcgetattr(STDIN_FILENO, &echo_before) == 0) {
      echo_is_off = 1;
      termios quiet = echo_before;
      quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
      ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
  }

  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

  ~Quiet() {
    if (echo_is_off != 0) {
      ::tcsetattr(STDIN_FILENO, TCSANOW, &echo_before);
      echo_is_off = 0;
    }
  }
};

void on_interrupt(int /*signal*/) {
  if (echo_is_off != 0) {
    ::tcsetattr(STDIN_FILENO, TCSANOW, &echo_before);
  }
  constexpr std::string_view text = "\ninterrupted; what the server was asked for goes on\n";
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(static_cast<int>(Exit::interrupted));
}

/// A timer that writes once. Its own thread, made by the C library with all signals blocked, so
/// that no call of the program is interrupted by it.
class TimedNotice final : public Notice {
 public:
  TimedNotice(std::chrono::milliseconds delay, std::string_view text) {
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD;
    event.sigev_notify_function = [](sigval value) {
      const auto* what = static_cast<const char*>(value.sival_ptr);
      write_all(STDERR_FILENO, what);
    };
    // The text outlives the notice: the thread may begin while the notice ends.
    event.sigev_value.sival_ptr = const_cast<char*>(text.data());
    itimerspec when{};
    when.it_value.tv_sec = delay.count() / 1000;
    when.it_value.tv_nsec = (delay.count() % 1000) * 1'000'000;
    armed_ = ::timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0 &&
             ::timer_settime(timer_, 0, &when, nullptr) == 0;
  }

  TimedNotice(const TimedNotice&) = delete;
  TimedNotice& operator=(const TimedNotice&) = delete;

  ~TimedNotice() override {
    if (armed_) {
      ::timer_delete(timer_);
    }
  }

 private:
  timer_t timer_{};
  bool armed_ = false;
};

}  // namespace

void TtyTerminal::out(std::string_view text) {
  if (const int error_number = write_all(STDOUT_FILENO, text); error_number != 0) {
    end_without_output(error_number);
  }
}

void TtyTerminal::err(std::string_view text) {
  write_all(STDERR_FILENO, text);
}

bool TtyTerminal::out_is_tty() const {
  return ::isatty(STDOUT_FILENO) == 1;
}

bool TtyTerminal::in_is_tty() const {
  return ::isatty(STDIN_FILENO) == 1;
}

std::size_t TtyTerminal::width() const {
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  return known ? size.ws_col : 0;
}

Result<std::string> TtyTerminal::read_input() {
  std::string text;
  std::string block(65'536, '\0');
  while (true) {
    const ssize_t count = ::read(STDIN_FILENO, block.data(), block.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return fail(no_input(os::system_error(errno, file_failed, "read").message));
    }
    if (count == 0) {
      return text;
    }
    text.append(block, 0, static_cast<std::size_t>(count));
    if (text.size() > input_bytes_max) {
      return fail(no_input("it is larger than 1 MiB"));
    }
  }
}

Result<std::string> TtyTerminal::ask(std::string_view question) {
  err(question);
  return read_line();
}

Result<Secret> TtyTerminal::ask_secret(std::string_view question) {
  if (!in_is_tty()) {
    return fail(usage("there is nobody to ask for a secret: standard input is no terminal",
                      "skerry login --token-stdin reads a token instead"));
  }
  err(question);
  auto line = [] {
    const Quiet quiet;
    return read_line();
  }();
  err("\n");
  if (!line) {
    return fail(std::move(line).error());
  }
  return Secret(std::move(*line));
}

std::unique_ptr<Notice> TtyTerminal::notice_after(std::chrono::milliseconds delay,
                                                  std::string_view text) {
  // In a script's log it would only be noise.
  if (::isatty(STDERR_FILENO) != 1) {
    return nullptr;
  }
  return std::make_unique<TimedNotice>(delay, text);
}

void end_on_interrupt() {
  struct sigaction action {};

  action.sa_handler = on_interrupt;
  ::sigaction(SIGINT, &action, nullptr);
  // A reader that has gone away is noticed by the failed write.
  ::signal(SIGPIPE, SIG_IGN);
}

}  // namespace skerry::cli
